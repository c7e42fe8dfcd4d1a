import type { LalamoveEventFacts } from '../../webhooks/events/lalamove-event-facts.js';

/** A webhook that is to be stored. */
export interface NewWebhook {
  /** By which it is recognized if it comes again: as in `LalamoveInboxEntry`. */
  readonly keys: readonly [fingerprint: string, repeatKey?: string, ...more: string[]];
  readonly facts: LalamoveEventFacts;
  readonly type: string;
  /** Empty for the default account. */
  readonly account: string;
  readonly orderId: string | undefined;
  /** By the clock of deliveries: Unix ms. */
  readonly receivedAt: number;
  /** Whether a handler is to have it. */
  readonly isWanted: boolean;
  /** It is applied in this very transaction, to this delivery if any. */
  readonly applied?: { readonly deliveryId: string | undefined } | undefined;
}

/** A stored webhook that was not applied yet. */
export interface StoredWebhook {
  readonly id: number;
  readonly account: string;
  /** `LalamoveEventFacts` as JSON. */
  readonly payload: string;
  /** Unix ms. */
  readonly receivedAt: number;
}

/** A place in the order in which webhooks came. */
export interface WebhookPlace {
  readonly receivedAt: number;
  readonly id: number;
}

/** Webhooks whose order is not known (yet): each method does bounded work, however many there are. */
export interface InboxStorage {
  /** Sets aside those that were received before then. */
  setAside(receivedBefore: number, at: number, limit: number): Promise<void>;
  /** Those that are to be looked at by themselves by then. */
  toLookAt(by: number, limit: number): Promise<readonly StoredWebhook[]>;
  /**
   * Those whose order an attempt has by now, of the next `window` ones.
   *
   * @param after where the search before has ended
   * @returns `reached`: where this search has ended; `undefined` if it has come to the end
   */
  matched(
    after: WebhookPlace | undefined,
    limits: { readonly window: number; readonly limit: number },
  ): Promise<{ readonly webhooks: readonly StoredWebhook[]; readonly reached: WebhookPlace | undefined }>;
}
