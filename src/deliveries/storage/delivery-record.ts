import type { BookDeliveryDto } from '../dto/book-delivery.dto.js';
import type { DeliveryProgress, DeliverySnapshot, DeliveryState } from '../domain/delivery-progress.js';

/** The stored request of a delivery. */
export type BookedRequest = Omit<BookDeliveryDto, 'reference' | 'account'>;

/** A stored delivery. */
export interface DeliveryRecord {
  readonly id: string;
  /** Empty for the default account. */
  readonly account: string;
  readonly reference: string;
  readonly requestHash: string;
  /** `undefined` after an erasure. */
  readonly request: BookedRequest | undefined;
  readonly scheduleAt: number | undefined;
  readonly state: DeliveryState;
  readonly version: number;
  readonly dueAt: number | undefined;
  readonly leaseToken: string | undefined;
  readonly leaseUntil: number | undefined;
  readonly progress: DeliveryProgress;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The part of a record that decisions depend on. */
export function snapshotOf(
  { state, progress, scheduleAt }: DeliveryRecord,
  unmatched: readonly string[],
): DeliverySnapshot {
  return { state, progress, scheduleAt, unmatched };
}
