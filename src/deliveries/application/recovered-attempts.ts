import { deliveryOfAttempt } from './attempt-id.js';
import type { DeliveryAttempt } from '../domain/delivery-progress.js';
import { attemptRecovered } from '../domain/restored-delivery.js';
import type { KnownAttempt } from '../storage/stored-types.js';
import type { DeliveryTransaction } from './delivery-transaction.js';

/** An attempt that an order at Lalamove names. */
export interface NamedAttempt {
  readonly account: string;
  /** From the metadata of the order. */
  readonly attemptId: string;
  /** Empty if it is not known. */
  readonly quotationId: string;
}

/**
 * Adds an attempt that was made after the backup, if the database was restored: its order names the delivery.
 *
 * @param now Unix ms
 * @returns `undefined` if the attempt names no delivery that lost attempts in a restore
 */
export async function recoverAttempt(
  trx: DeliveryTransaction,
  { account, attemptId, quotationId }: NamedAttempt,
  now: number,
): Promise<KnownAttempt | undefined> {
  const deliveryId = deliveryOfAttempt(attemptId);
  const record = deliveryId === undefined ? undefined : await trx.storage.lock(deliveryId);
  if (record?.account !== account || !record.progress.restored) return undefined;
  const number = (record.progress.attempt?.number ?? 0) + 1;
  const times = { quotationExpiresAt: now, reservedAt: now };
  const attempt: DeliveryAttempt = { id: attemptId, number, quotationId, ...times, outcome: 'unknown' };
  await trx.storage.reserveAttempt(record, attempt, { total: '', currency: '' });
  await trx.change(record.id, (snapshot) => attemptRecovered(snapshot, attempt));
  return { id: attemptId, deliveryId: record.id, orderId: undefined };
}
