import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { DeliveryAttempt } from '../../domain/delivery-progress.js';
import type { AttemptChange, OrderClone } from '../../domain/transition.js';
import type { DeliveriesSchema } from './deliveries-schema.js';
import type { DeliveryRecord } from '../delivery-record.js';
import type { DeliveriesTransaction } from './group-commit.js';

/** An attempt that an order belongs to. */
export interface KnownAttempt {
  readonly id: string;
  readonly delivery_id: string;
  readonly order_id: string | null;
}

/** Writes the attempt's row: it is committed before the order is posted. */
export async function reserveAttempt(
  trx: DeliveriesTransaction,
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

/** Whose attempt an order belongs to. */
export async function attemptOf(
  trx: Kysely<DeliveriesSchema>,
  account: string,
  by: { orderId: string } | { attemptId: string } | { quotationId: string },
): Promise<KnownAttempt | undefined> {
  const attempts = trx
    .selectFrom('delivery_attempts')
    .select(['id', 'delivery_id', 'order_id'])
    .where('account', '=', account);
  if ('orderId' in by) return attempts.where('order_id', '=', by.orderId).executeTakeFirst();
  if ('attemptId' in by) return attempts.where('id', '=', by.attemptId).executeTakeFirst();
  return attempts.where('quotation_id', '=', by.quotationId).executeTakeFirst();
}

/** The change of an attempt that names an order which is another attempt's already, if there is one. */
export async function knownElsewhere(
  trx: Kysely<DeliveriesSchema>,
  account: string,
  attempts: readonly AttemptChange[],
): Promise<(AttemptChange & { readonly orderId: string }) | undefined> {
  for (const { id, outcome, orderId } of attempts) {
    if (orderId === undefined) continue;
    const owner = await attemptOf(trx, account, { orderId });
    if (owner && owner.id !== id) return { id, outcome, orderId };
  }
  return undefined;
}

/** Writes what has become of attempts. */
export async function settleAttempts(
  trx: DeliveriesTransaction,
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
 * A row for customer service's order, so that its webhooks find their delivery; the row of the replaced one says so.
 */
export async function addClone(
  trx: DeliveriesTransaction,
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
  if (await attemptOf(trx, account, { orderId })) return;
  const row = { ...replaced, id: randomUUID(), order_id: orderId, outcome: 'placed' };
  await trx.insertInto('delivery_attempts').values(row).execute();
}
