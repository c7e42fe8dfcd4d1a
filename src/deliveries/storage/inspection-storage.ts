import type { DeliveryState } from '../domain/delivery-progress.js';
import type { ListedDelivery, StoredPage } from './stored-types.js';

/** A position in the list of deliveries by age. */
export type DeliveryPlace = NonNullable<StoredPage['next']>;

/** Which deliveries are listed, the newest first. */
export interface NewestQuery {
  readonly state: DeliveryState | undefined;
  readonly account: string | undefined;
  /** Starts after this delivery. */
  readonly before: DeliveryPlace | undefined;
  readonly limit: number;
}

/** A step of a search: which rows are looked at, and for what. */
export interface SearchStep {
  /** A part of the reference. */
  readonly text: string;
  /** The last digits of a phone number; `undefined` if the text cannot be one. */
  readonly digits: string | undefined;
  readonly before: DeliveryPlace | undefined;
  /** How many rows are looked at. */
  readonly rows: number;
}

/** The result of a {@link SearchStep}. */
export interface SearchedRows extends StoredPage {
  /** How many rows were looked at. */
  readonly looked: number;
}

/** A stored attempt. Times are Unix ms. */
export interface StoredAttempt {
  readonly number: number;
  readonly outcome: string;
  readonly quotationId: string;
  readonly orderId: string | undefined;
  readonly total: string;
  readonly currency: string;
  readonly reservedAt: number;
  readonly settledAt: number | undefined;
}

/** An event of any delivery. */
export interface StoredChange {
  readonly id: number;
  readonly source: 'delivery' | 'webhook';
  readonly type: string;
  readonly reference: string | undefined;
  readonly account: string;
  /** Unix ms. */
  readonly occurredAt: number;
}

/** A stored webhook of any order, or of none. */
export interface StoredWebhookText {
  readonly id: number;
  readonly account: string;
  /** `LalamoveEventFacts` as JSON. */
  readonly payload: string;
}

/** What operators read. Each method reads a limited number of rows, whatever the number of stored ones. */
export interface InspectionStorage {
  /** A page of deliveries, the newest first. */
  newest(query: NewestQuery): Promise<StoredPage>;
  /** Looks at the next rows, the newest first. `next` is where the next step starts. */
  search(step: SearchStep): Promise<SearchedRows>;
  /** The deliveries that have or had an order. */
  ofOrder(orderId: string): Promise<readonly ListedDelivery[]>;
  /** The attempts of a delivery, in their order. */
  attempts(deliveryId: string): Promise<readonly StoredAttempt[]>;
  /** The id of the last stored event; 0 if there is none. */
  lastChange(): Promise<number>;
  /** The events after an id, in the order of their ids. */
  changesSince(eventId: number, limit: number): Promise<readonly StoredChange[]>;
  /** The webhooks of a type among the latest rows, the latest first. */
  latestWebhooks(type: string, rows: number): Promise<readonly StoredWebhookText[]>;
}
