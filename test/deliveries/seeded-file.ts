import { sql } from 'kysely';
import { openDatabase, type DeliveriesSchema } from 'nestjs-lalamove/deliveries';
import type { Kysely } from 'kysely';
import { rowOf } from '../../src/deliveries/storage/sql/delivery-rows.js';
import { recordNamed } from './delivery-rows.js';
import { factsOf } from '../webhooks/event-samples.js';

/** The contents of a file before an app is started on it. */
export interface SeedOptions {
  /** The number of booked deliveries that are due. */
  readonly due?: number;
  /** The number of webhooks of unknown orders. */
  readonly unmatched?: number;
  /** The time at which all of it was written, in Unix ms. */
  readonly at: number;
}

/** Fills a file as a process that was killed would leave it. */
export async function seedFile(file: string, { due = 0, unmatched = 0, at }: SeedOptions): Promise<void> {
  const db = await openDatabase({ file });
  try {
    await db.transaction().execute(async (trx) => {
      for (let index = 0; index < due; index += 1) {
        const record = recordNamed(`D-${index}`, at);
        await trx.insertInto('deliveries').values(rowOf(record)).execute();
      }
      for (let index = 0; index < unmatched; index += 1) await insertUnmatched(trx, `u-${index}`, `8${index}`, at);
    });
  } finally {
    await db.destroy();
  }
}

async function insertUnmatched(
  trx: Kysely<DeliveriesSchema>,
  fingerprint: string,
  orderId: string,
  at: number,
): Promise<void> {
  const data = { order: { orderId, status: 'ON_GOING', previousStatus: 'ASSIGNING_DRIVER', driverId: '7' } };
  const facts = factsOf('ORDER_STATUS_CHANGED', data, { fingerprint, signedAt: at, receivedAt: at });
  await sql`insert into delivery_events
    (account, source, type, fingerprint, order_id, occurred_at, received_at, payload, dispatch)
    values ('', 'webhook', ${facts.eventType}, ${fingerprint}, ${orderId}, ${at}, ${at}, ${JSON.stringify(facts)},
      'none')`.execute(trx);
}
