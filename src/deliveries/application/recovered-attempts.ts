import type { DeliveryAttempt } from '../domain/delivery-progress.js';
import { attemptRecovered } from '../domain/restored-delivery.js';
import type { KnownAttempt } from '../storage/stored-types.js';
import { deliveryOfAttempt } from './attempt-id.js';
import type { DeliveryTransaction } from './delivery-transaction.js';

/** What an order at Lalamove says about its attempt. */
export interface NamedAttempt {
  /** From the metadata of the order. */
  readonly attemptId?: string | undefined;
  /** Empty if it is not known. */
  readonly quotationId: string;
}

/**
 * Adds an attempt that was made after the backup, if the database was restored: its order names the delivery.
 *
 * @param now Unix ms
 * @returns `undefined` if the order names no delivery that lost attempts in a restore
 */
export async function recoverAttempt(
  trx: DeliveryTransaction,
  account: string,
  { attemptId, quotationId }: NamedAttempt,
  now: number,
): Promise<KnownAttempt | undefined> {
  if (attemptId === undefined) return undefined;
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
