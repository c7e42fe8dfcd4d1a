import type { BookDeliveryDto } from '../dto/book-delivery.dto.js';
import type { DeliveryProgress, DeliverySnapshot, DeliveryState } from '../domain/delivery-progress.js';

/** What was asked for, as it is stored. */
export type BookedRequest = Omit<BookDeliveryDto, 'reference' | 'account'>;

/** A delivery as it is stored. */
export interface DeliveryRecord {
  readonly id: string;
  /** Empty for the default one. */
  readonly account: string;
  readonly reference: string;
  readonly requestHash: string;
  /** `undefined` once it has been erased. */
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

/** What decisions are about. */
export function snapshotOf(
  { state, progress, scheduleAt }: DeliveryRecord,
  unmatched: readonly string[],
): DeliverySnapshot {
  return { state, progress, scheduleAt, unmatched };
}
