import { sql } from 'kysely';
import type { DeliveriesKysely } from './deliveries-schema.js';

/**
 * Marks the unfinished deliveries of a database that was restored from a backup. Nothing is spent for them any more
 * until a person has resolved them. The row of an attempt stands for the orders that the backup does not have, so that
 * webhooks of unknown orders are read.
 *
 * The mark is written into the text of the progress, because the JSON of a damaged row cannot be parsed.
 *
 * @param trx a transaction in which no worker runs
 * @param at Unix ms
 * @returns the number of marked deliveries
 */
export async function markRestored(trx: DeliveriesKysely, at: number): Promise<number> {
  const attemptId = sql`id || ${`.restored-${at}`}`;
  const unmarked = sql`state not in ('completed', 'canceled', 'failed') and progress like '{"%'
    and progress not like '%"restored":%'`;
  await trx
    .insertInto('delivery_attempts')
    .columns(['id', 'delivery_id', 'account', 'number', 'quotation_id', 'outcome', 'total', 'currency', 'reserved_at'])
    .expression(
      trx
        .selectFrom('deliveries')
        .select([
          sql<string>`${attemptId}`.as('attempt_id'),
          'id',
          'account',
          sql.lit(0).as('number'),
          sql.lit('').as('quotation_id'),
          sql.lit('unknown').as('outcome'),
          sql.lit('').as('total'),
          sql.lit('').as('currency'),
          sql<number>`${sql.lit(at)}`.as('reserved_at'),
        ])
        .where(sql<boolean>`${unmarked}`),
    )
    .execute();
  const mark = sql<string>`${`{"restored":{"at":${at},"attemptId":"`} || ${attemptId} || '"},' || substr(progress, 2)`;
  const { numUpdatedRows } = await trx
    .updateTable('deliveries')
    .set({
      progress: mark,
      version: sql`version + 1`,
      // A person sees at once what is not booked. What has an order goes on as before.
      due_at: sql`case when state in ('requested', 'quoting', 'booking') then ${sql.lit(at)} else due_at end`,
    })
    .where(sql<boolean>`${unmarked}`)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}
