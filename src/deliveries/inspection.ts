import type { GeoCoordinates } from './coordinates.js';
import type { Delivery } from './delivery.js';
import type { DeliveryState } from './domain/delivery-progress.js';
import type { TimelineEntry } from './timeline-entry.js';

/** Injection token of {@link DeliveriesInspection}: a string, so that both copies of the package share it. */
export const DELIVERIES_INSPECTION = 'nestjs-lalamove:deliveries:inspection';

/** What operators see of deliveries beyond {@link Delivery}: with names, phone numbers and addresses. */
export interface DeliveriesInspection {
  /**
   * Lists deliveries, the newest first.
   *
   * @param query `states` (all if empty), `account`, `cursor` of the page before, `limit` up to 200
   */
  newest(query: InspectionQuery): Promise<InspectedPage>;
  /**
   * Finds deliveries by a part of their reference, an order id, or the last digits of a phone number (at least 4).
   * It looks at the newest deliveries first, in small steps, and stops at `limit` results or after `maxLooked` rows.
   */
  search(text: string, options: { limit: number; maxLooked?: number; signal?: AbortSignal }): Promise<SearchResult>;
  /** @throws DeliveryNotFoundException */
  details(reference: string, account: string | undefined): Promise<InspectedDelivery>;
  /** The id of the last stored event of all deliveries; 0 if there is none. */
  lastEventId(): Promise<number>;
  /** The stored events of all deliveries after an event, in the order of their ids. */
  eventsSince(eventId: number, limit: number): Promise<readonly InspectedEvent[]>;
  /** The balances of wallets that recent webhooks have named. API v3 has no call that reads a wallet. */
  wallets(): Promise<readonly WalletBalance[]>;
}

/** The balance of a wallet, as the last webhook about it said. */
export interface WalletBalance {
  /** `undefined` for the default account. */
  readonly account: string | undefined;
  /** ISO 4217; empty if the webhook did not name it. */
  readonly currency: string;
  /** A decimal string. */
  readonly amount: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** Which deliveries are listed. */
export interface InspectionQuery {
  readonly states?: readonly DeliveryState[];
  /** `undefined` for all accounts; an empty text for the default account. */
  readonly account?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** A delivery in a list, with whom it goes to. */
export interface ListedDelivery extends Delivery {
  /** The names of its recipients; `undefined` after an erasure. */
  readonly recipients: readonly string[] | undefined;
  /** The addresses of its drop-offs; `undefined` after an erasure. */
  readonly dropOffs: readonly string[] | undefined;
}

/** A page of deliveries, the newest first. */
export interface InspectedPage {
  readonly deliveries: readonly ListedDelivery[];
  readonly cursor: string | undefined;
  /** The deliveries with unreadable rows. */
  readonly unreadable: readonly { readonly reference: string; readonly account: string | undefined }[];
}

/** What a search has found. */
export interface SearchResult extends Omit<InspectedPage, 'cursor'> {
  /** How many of the newest deliveries were looked at. */
  readonly looked: number;
  /** Whether all deliveries were looked at. */
  readonly isComplete: boolean;
}

/** A stop of a delivery and its contact. */
export interface InspectedStop {
  readonly address: string;
  /** In degrees: as booked, or as Lalamove has found the address; `undefined` if neither is known. */
  readonly coordinates: GeoCoordinates | undefined;
  readonly name: string;
  readonly phone: string;
  readonly remarks: string | undefined;
}

/** An attempt to place an order. Times are ISO 8601, UTC. */
export interface InspectedAttempt {
  readonly number: number;
  readonly outcome: 'reserved' | 'placed' | 'refused' | 'unknown' | 'abandoned' | 'replaced';
  readonly quotationId: string;
  readonly orderId: string | undefined;
  /** A decimal string. */
  readonly total: string;
  readonly currency: string;
  readonly reservedAt: string;
  readonly settledAt: string | undefined;
}

/** An entry of the timeline, with the payload of a webhook. */
export type InspectedEntry = TimelineEntry & {
  readonly id: number;
  /** Lalamove's `data` of a webhook, as JSON; `undefined` for other entries and after an erasure. */
  readonly payload: string | undefined;
};

/** Everything that is stored of a delivery. */
export interface InspectedDelivery {
  readonly delivery: ListedDelivery;
  /** The pick-up first; `undefined` after an erasure. */
  readonly stops: readonly InspectedStop[] | undefined;
  readonly serviceType: string | undefined;
  /** The requested pick-up: ISO 8601; `undefined` for at once. */
  readonly scheduleAt: string | undefined;
  /** A decimal string. */
  readonly maxPrice: string | undefined;
  readonly priorityFee: string | undefined;
  readonly attempts: readonly InspectedAttempt[];
  readonly timeline: readonly InspectedEntry[];
}

/** A stored event. */
export interface InspectedEvent {
  readonly id: number;
  readonly source: 'delivery' | 'webhook';
  readonly type: string;
  /** `undefined` for a webhook of an unknown order. */
  readonly reference: string | undefined;
  readonly account: string | undefined;
  /** ISO 8601, UTC. */
  readonly at: string;
}
