import type { Tenant } from '../state/tenant.js';

/** A webhook URL that an account has registered in a market. */
export interface WebhookRegistration {
  readonly tenant: Tenant;
  readonly url: string;
  /** Set after the last retry of an event failed. Nothing is sent until the URL is registered again. */
  isDisabled: boolean;
  /** For the fault `reordered`: the key of the event that waits until the next one was sent. */
  heldBack?: string | undefined;
}

/** One attempt to deliver an event. */
export interface WebhookAttempt {
  /** Unix ms, by the sandbox's clock. */
  readonly at: number;
  /** The status of the receiver's answer; absent if there was none. */
  readonly status?: number;
  /** Why there was no answer. */
  readonly error?: string;
  /** The beginning of the answer; absent if the receiver answered 200. */
  readonly answer?: string;
  /** What is probably wrong, and what to do; absent if the receiver answered 200. */
  readonly explanation?: string;
}

/** An event that is sent to a webhook URL. */
export interface WebhookDelivery {
  /** The key in the sandbox's state. */
  readonly key: string;
  /** A UUID in upper case. The two events of a match with a driver have the same id. */
  readonly eventId: string;
  readonly eventType: string;
  readonly tenant: Tenant;
  readonly orderId: string | undefined;
  /** The JSON text of `data`, which is signed. */
  readonly data: string;
  /** Unix ms of the event. */
  readonly occurredAt: number;
  /** `pending` until the receiver answered 200, the retries ended, or a fault lost the event. */
  state: 'pending' | 'delivered' | 'abandoned' | 'lost';
  /** For the fault `badly-signed`: all attempts have a wrong signature. */
  isBadlySigned: boolean;
  /** For the fault `doubled`: the first attempt is made twice. */
  readonly isDoubled: boolean;
  /** The number of attempts that have started. */
  begun: number;
  /** The number of retries that were scheduled. */
  retries: number;
  readonly attempts: WebhookAttempt[];
}
