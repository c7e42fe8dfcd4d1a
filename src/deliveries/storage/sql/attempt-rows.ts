import { randomUUID } from 'node:crypto';
import { sql, type Kysely, type SelectQueryBuilder } from 'kysely';
import type { DeliveryAttempt } from '../../domain/delivery-progress.js';
import type { AttemptChange, OrderClone } from '../../domain/transition.js';
import type { DeliveryRecord } from '../delivery-record.js';
import type { AttemptKey, KnownAttempt } from '../stored-types.js';
import { IS_ABANDONED, IS_UNKNOWN, type DeliveriesKysely, type DeliveriesSchema } from './deliveries-schema.js';

/** Writes the row of an attempt. The row is committed before the order is posted. */
export async function reserveAttempt(
  trx: DeliveriesKysely,
  { id, account }: DeliveryRecord,
  attempt: DeliveryAttempt,
  price: { total: string; currency: string },
): Promise<void> {
  await trx
    .insertInto('delivery_attempts')
    .values({
      id: attempt.id,
      delivery_id: id,
      account,
      number: attempt.number,
      quotation_id: attempt.quotationId,
      outcome: attempt.outcome,
      total: price.total,
      currency: price.currency,
      reserved_at: attempt.reservedAt,
    })
    .execute();
}

/** Finds an attempt of an account. */
export async function findAttempt(
  db: Kysely<DeliveriesSchema>,
  account: string,
  key: AttemptKey,
): Promise<KnownAttempt | undefined> {
  const attempts = db
    .selectFrom('delivery_attempts')
    .select(['id', 'delivery_id', 'order_id'])
    .where('account', '=', account);
  const [column, value] = columnOf(key);
  const row = await attempts.where(column, '=', value).executeTakeFirst();
  return row && { id: row.id, deliveryId: row.delivery_id, orderId: row.order_id ?? undefined };
}

function columnOf(key: AttemptKey): readonly ['order_id' | 'id' | 'quotation_id', string] {
  if ('orderId' in key) return ['order_id', key.orderId];
  if ('attemptId' in key) return ['id', key.attemptId];
  return ['quotation_id', key.quotationId];
}

/**
 * The delivery of an account's oldest attempt with an order that may still appear. Its worker checks all such attempts.
 */
export async function lostAttempt(
  trx: DeliveriesKysely,
  account: string,
  abandonedSince: number,
): Promise<string | undefined> {
  const unknown = oldestAttempt(trx, account).where(IS_UNKNOWN);
  // The order of an abandoned attempt may still appear.
  const abandoned = oldestAttempt(trx, account).where(IS_ABANDONED).where('reserved_at', '>', abandonedSince);
  // Each part reads one row of its index. With `or`, all attempts that were ever abandoned would be read.
  const first = await trx
    .selectFrom(
      trx
        .selectFrom(unknown.as('unknown'))
        .selectAll()
        .unionAll(trx.selectFrom(abandoned.as('abandoned')).selectAll())
        .as('lost'),
    )
    .select('delivery_id')
    .orderBy('reserved_at')
    .limit(sql.lit(1))
    .executeTakeFirst();
  return first?.delivery_id;
}

/** Selects the oldest attempt of an account, without deliveries that a worker cannot read. */
function oldestAttempt(
  trx: DeliveriesKysely,
  account: string,
): SelectQueryBuilder<DeliveriesSchema, 'delivery_attempts', { delivery_id: string; reserved_at: number }> {
  return trx
    .selectFrom('delivery_attempts')
    .select(['delivery_id', 'reserved_at'])
    .where('account', '=', account)
    .where((attempt) =>
      attempt.not(
        attempt.exists(
          attempt
            .selectFrom('deliveries')
            .select('deliveries.id')
            .whereRef('deliveries.id', '=', 'delivery_attempts.delivery_id')
            .where('deliveries.unreadable_at', 'is not', null),
        ),
      ),
    )
    .orderBy('reserved_at')
    .limit(sql.lit(1));
}

/** Writes the outcome of attempts. */
export async function settleAttempts(
  trx: DeliveriesKysely,
  attempts: readonly AttemptChange[],
  now: number,
): Promise<void> {
  for (const { id, outcome, orderId } of attempts) {
    await trx
      .updateTable('delivery_attempts')
      .set({ outcome, settled_at: now, ...(orderId !== undefined && { order_id: orderId }) })
      .where('id', '=', id)
      .execute();
  }
}

/**
 * Writes a row for customer service's order, so its webhooks match the delivery. The row of the old order gets the
 * outcome `replaced`.
 */
export async function addClone(
  trx: DeliveriesKysely,
  { id, account }: DeliveryRecord,
  { prevOrderId, orderId }: OrderClone,
): Promise<void> {
  const replaced = await trx
    .selectFrom('delivery_attempts')
    .selectAll()
    .where('account', '=', account)
    .where('order_id', '=', prevOrderId)
    .executeTakeFirst();
  if (replaced?.delivery_id !== id) return;
  await trx.updateTable('delivery_attempts').set({ outcome: 'replaced' }).where('id', '=', replaced.id).execute();
  if (await findAttempt(trx, account, { orderId })) return;
  const row = { ...replaced, id: randomUUID(), order_id: orderId, outcome: 'placed' };
  await trx.insertInto('delivery_attempts').values(row).execute();
}

/**
 * Writes a row for the order that a known order has replaced, so that its webhooks match the delivery.
 *
 * @param clone the attempt of the known order
 */
export async function addReplaced(
  trx: DeliveriesKysely,
  { id: cloneId, deliveryId }: KnownAttempt,
  orderId: string,
): Promise<KnownAttempt> {
  const clone = await trx
    .selectFrom('delivery_attempts')
    .selectAll()
    .where('id', '=', cloneId)
    .executeTakeFirstOrThrow();
  const id = randomUUID();
  const row = { ...clone, id, order_id: orderId, outcome: 'replaced' };
  await trx.insertInto('delivery_attempts').values(row).execute();
  return { id, deliveryId, orderId };
}
