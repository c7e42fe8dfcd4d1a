import type { LalamoveEventFacts } from '../../webhooks/events/lalamove-event-facts.js';

/** The facts of a webhook as they are stored: with the W3C `traceparent` of its request. */
export type StoredFacts = LalamoveEventFacts & { readonly trace?: string | undefined };

/** A webhook to store. */
export interface NewWebhook {
  /** The keys that identify a duplicate, as in `LalamoveInboxEntry`. */
  readonly keys: readonly [fingerprint: string, repeatKey?: string, ...more: string[]];
  readonly facts: StoredFacts;
  readonly type: string;
  /** Empty for the default account. */
  readonly account: string;
  readonly orderId: string | undefined;
  /** Unix ms, by the clock of deliveries. */
  readonly receivedAt: number;
  /** Whether a handler wants it. */
  readonly isWanted: boolean;
  /** Applies the webhook in this transaction, to this delivery if there is one. */
  readonly applied?: { readonly deliveryId: string | undefined } | undefined;
}

/** A stored webhook that is not yet applied. */
export interface StoredWebhook {
  readonly id: number;
  readonly account: string;
  /** `LalamoveEventFacts` as JSON. */
  readonly payload: string;
  /** Unix ms. */
  readonly receivedAt: number;
}

/** A position in the order of receipt. */
export interface WebhookPlace {
  readonly receivedAt: number;
  readonly id: number;
}

/** Webhooks with an unknown order. Each method does a limited amount of work, independent of the number of webhooks. */
export interface InboxStorage {
  /** Sets aside webhooks that were received before a time. */
  setAside(receivedBefore: number, at: number, limit: number): Promise<void>;
  /** Webhooks with their own check time that are due at a time. */
  toLookAt(by: number, limit: number): Promise<readonly StoredWebhook[]>;
  /**
   * Searches the next `window` webhooks for those that have an attempt with their order now.
   *
   * @param after the position at which the previous search ended
   * @returns `reached`: the position at which this search ended; `undefined` if it reached the end
   */
  matched(
    after: WebhookPlace | undefined,
    limits: { readonly window: number; readonly limit: number },
  ): Promise<{ readonly webhooks: readonly StoredWebhook[]; readonly reached: WebhookPlace | undefined }>;
}
