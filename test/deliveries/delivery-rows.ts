import { newProgress, type DeliveryProgress } from '../../src/deliveries/domain/delivery-progress.js';
import type { DeliveryRecord } from '../../src/deliveries/storage/delivery-record.js';
import { bookingOf } from '../support/sample-booking.js';

/** The record of a delivery that was just booked. */
export function recordNamed(
  reference: string,
  at: number,
  { progress, ...more }: Partial<Omit<DeliveryRecord, 'progress'>> & { progress?: Partial<DeliveryProgress> } = {},
): DeliveryRecord {
  const { quotation, sender, recipients } = bookingOf(reference);
  return {
    id: `id of ${reference}`,
    account: '',
    reference,
    requestHash: 'hash',
    request: { quotation, sender, recipients },
    scheduleAt: undefined,
    state: 'requested',
    version: 1,
    dueAt: at,
    leaseToken: undefined,
    leaseUntil: undefined,
    createdAt: at,
    updatedAt: at,
    ...more,
    progress: { ...newProgress(at, undefined), ...progress },
  };
}
