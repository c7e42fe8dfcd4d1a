import type { Tenant } from '../state/tenant.js';

/** A webhook URL, as a market's account has registered it. */
export interface WebhookRegistration {
  readonly tenant: Tenant;
  readonly url: string;
  /** After the last retry has failed Lalamove sends nothing more, until the URL is registered again. */
  isDisabled: boolean;
  /** A fault: the event that waits until the next one has been sent. */
  heldBack?: string | undefined;
}

/** One try to deliver an event. */
export interface WebhookAttempt {
  /** Unix ms, by the sandbox's clock. */
  readonly at: number;
  /** What the receiver answered; absent where it did not. */
  readonly status?: number;
  /** Why there was no answer. */
  readonly error?: string;
}

/** An event on its way to a webhook URL. */
export interface WebhookDelivery {
  /** What the sandbox knows it by. */
  readonly key: string;
  /** A UUID in upper case; a match with a driver has one for both of its events. */
  readonly eventId: string;
  readonly eventType: string;
  readonly tenant: Tenant;
  readonly orderId: string | undefined;
  /** The JSON text of `data`, which is what is signed. */
  readonly data: string;
  /** Unix ms when it happened. */
  readonly occurredAt: number;
  /** `pending` until it was answered 200, given up, or lost by a fault. */
  state: 'pending' | 'delivered' | 'abandoned' | 'lost';
  /** A fault: each attempt carries a signature that does not fit. */
  isBadlySigned: boolean;
  /** A fault: the first attempt is made twice. */
  readonly isDoubled: boolean;
  /** How many attempts have been begun. */
  begun: number;
  /** How many retries have been planned. */
  retries: number;
  readonly attempts: WebhookAttempt[];
}
