import { sql, type SqlBool } from 'kysely';
import type { DeliveriesKysely } from './deliveries-schema.js';

/**
 * Marks the unfinished deliveries of a database that was restored from a backup. Nothing is spent for them any more
 * until a person has resolved them. The row of an attempt stands for the orders that the backup does not have, so that
 * webhooks of unknown orders are read.
 *
 * The mark is written into the text of the progress, because the JSON of a damaged row cannot be parsed.
 *
 * @param at Unix ms
 * @returns the number of marked deliveries
 */
export async function markRestored(trx: DeliveriesKysely, at: number): Promise<number> {
  const attemptId = sql<string>`id || ${`.restored-${at}`}`;
  const mark = `{"restored":{"at":${at},"attemptId":"`;
  const isUnfinished = sql<SqlBool>`state not in ('completed', 'canceled', 'failed')`;
  const { numUpdatedRows } = await trx
    .updateTable('deliveries')
    .set({
      progress: sql<string>`${mark} || ${attemptId} || '"},' || substr(progress, 2)`,
      version: sql`version + 1`,
      // A person sees at once what is not booked. What has an order goes on as before.
      due_at: sql`case when state in ('requested', 'quoting', 'booking') then ${sql.lit(at)} else due_at end`,
    })
    .where(isUnfinished)
    .where(sql<SqlBool>`progress like '{"%' and progress not like '%"restored":%'`)
    .executeTakeFirst();
  const rows = trx
    .selectFrom('deliveries')
    .select([
      attemptId.as('attempt_id'),
      'id',
      'account',
      sql.lit(0).as('number'),
      sql.lit('').as('quotation_id'),
      sql.lit('unknown').as('outcome'),
      sql.lit('').as('total'),
      sql.lit('').as('currency'),
      sql.lit(at).as('reserved_at'),
    ])
    .where(isUnfinished)
    // The rows that are marked now, and no delivery that another process has booked since.
    .where('progress', 'like', `${mark}%`);
  await trx
    .insertInto('delivery_attempts')
    .columns(['id', 'delivery_id', 'account', 'number', 'quotation_id', 'outcome', 'total', 'currency', 'reserved_at'])
    .expression(rows)
    .execute();
  return Number(numUpdatedRows);
}
