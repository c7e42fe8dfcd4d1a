import type { DeliveriesMetrics } from '../deliveries-metrics.js';
import type { DeliveryState } from '../domain/delivery-progress.js';
import type { NewDeliveryEvent } from '../events/delivery-event.js';
import type { DeliveryRecord } from './delivery-record.js';
import type { UnreadableRow } from './unreadable-row.js';

/** Identifies an attempt within its account. */
export type AttemptKey =
  { readonly orderId: string } | { readonly attemptId: string } | { readonly quotationId: string };

/** An attempt, its delivery, and its order if the order is known. */
export interface KnownAttempt {
  readonly id: string;
  readonly deliveryId: string;
  readonly orderId: string | undefined;
}

/** A due delivery and its due time in Unix ms. */
export interface DueDelivery {
  readonly id: string;
  readonly dueAt: number;
}

/** A claim to read the order of unmatched webhooks. */
export interface ReadClaim {
  readonly account: string;
  readonly orderId: string;
  /** The id of the delivery that reads it. */
  readonly by: string;
  /** The duration of the claim, in ms. */
  readonly ms: number;
}

/** A change of a lease: take it for a number of ms by the storage's clock, or release it. */
export type LeaseChange = { readonly token: string; readonly ms: number } | 'release';

/** An event to store. */
export interface NewStoredEvent {
  readonly event: NewDeliveryEvent;
  /** Whether a handler wants it. */
  readonly isWanted: boolean;
}

/** An event of a delivery, or a webhook that was applied to it. */
export interface StoredEvent {
  readonly id: number;
  readonly source: 'delivery' | 'webhook';
  readonly type: string;
  readonly orderId: string | undefined;
  /** Unix ms. */
  readonly occurredAt: number;
  readonly receivedAt: number;
  /** As JSON. */
  readonly payload: string;
}

/** A listed delivery, or the error if its row cannot be read. */
export type ListedDelivery =
  | { readonly record: DeliveryRecord }
  | {
      readonly error: UnreadableRow;
      readonly account: string;
      readonly reference: string;
      readonly place: NonNullable<StoredPage['next']>;
    };

/** A page of deliveries. */
export interface StoredPage {
  readonly entries: readonly ListedDelivery[];
  /** The start of the next page; `undefined` on the last page. */
  readonly next: { readonly createdAt: number; readonly id: string } | undefined;
}

/** The number of rows of each kind. */
export type StoredCounts = Omit<DeliveriesMetrics, 'lagMs' | 'outboxLagMs'> & {
  /** Unix ms at which the oldest event that waits for its handlers was stored; `undefined` if none waits. */
  readonly oldestPendingAt: number | undefined;
};

/** Whether a delivery was erased, and the reason if not. */
export type Erasure =
  | { readonly isErased: true }
  /** The delivery is active again, because customer service replaced its ended order. */
  | { readonly isErased: false; readonly state: DeliveryState }
  /** The number of webhooks that still wait for their handlers. After an erasure these would get an empty event. */
  | { readonly isErased: false; readonly waiting: number };
