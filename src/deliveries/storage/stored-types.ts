import type { DeliveryState } from '../domain/delivery-progress.js';
import type { NewDeliveryEvent } from '../events/delivery-event.js';
import type { DeliveryRecord } from './delivery-record.js';
import type { UnreadableRow } from './unreadable-row.js';

/** What an attempt is found by, within its account. */
export type AttemptKey =
  { readonly orderId: string } | { readonly attemptId: string } | { readonly quotationId: string };

/** An attempt, its delivery, and its order if that is known. */
export interface KnownAttempt {
  readonly id: string;
  readonly deliveryId: string;
  readonly orderId: string | undefined;
}

/** A delivery that is due, and since when, or at what time: Unix ms. */
export interface DueDelivery {
  readonly id: string;
  readonly dueAt: number;
}

/** What becomes of a lease: it is taken, for so many ms by the storage's clock, or given back. */
export type LeaseChange = { readonly token: string; readonly ms: number } | 'give back';

/** An event that is to be stored. */
export interface NewStoredEvent {
  readonly event: NewDeliveryEvent;
  /** Whether a handler is to have it. */
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

/** A listed delivery, or why it cannot be read. */
export type ListedDelivery =
  | { readonly record: DeliveryRecord }
  | { readonly error: UnreadableRow; readonly account: string; readonly reference: string };

/** A page of deliveries. */
export interface StoredPage {
  readonly entries: readonly ListedDelivery[];
  /** Where the next page begins; `undefined` on the last one. */
  readonly next: { readonly createdAt: number; readonly id: string } | undefined;
}

/** How many rows there are of each kind. */
export interface StoredCounts {
  readonly byState: Readonly<Record<DeliveryState, number>>;
  readonly unknownAttempts: number;
  readonly unmatched: number;
  readonly setAsideUnmatched: number;
  readonly pendingEvents: number;
  readonly setAsideEvents: number;
  readonly unreadable: number;
}

/** Whether a delivery was erased, and if not, why. */
export type Erasure =
  | { readonly isErased: true }
  /** It is under way again: customer service has put another order in the place of the one that had ended. */
  | { readonly isErased: false; readonly state: DeliveryState }
  /** So many webhooks wait for their handlers, which would get an empty event. */
  | { readonly isErased: false; readonly waiting: number };
