import type { StoredWebhook, WebhookPlace } from '../storage/inbox-storage.js';
import type { DeliveriesStorage } from '../storage/storage.js';

/** The dependencies of {@link UnmatchedWebhooks}. */
export interface UnmatchedWebhooksParts {
  readonly storage: Pick<DeliveriesStorage, 'inbox'>;
  readonly now: () => number;
  /** The maximum time that a webhook waits for its order, in ms. After that, it is set aside. */
  readonly maxAgeMs: number;
  /** Applies a webhook. It never rejects. */
  readonly apply: (webhook: StoredWebhook) => Promise<void>;
}

/** The maximum number of webhooks per sweep for each step: set aside, check again, match. */
const BATCH = 500;

/** The number of rows that a sweep searches for webhooks with an order that is now known. */
const WINDOW = 5000;

/** The limits of the pause before a webhook is checked again, in ms. The pause is half the webhook's age. */
const MIN_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 10 * 60_000;

/** Processes unmatched webhooks. The work per sweep is bounded, independent of their number. */
export class UnmatchedWebhooks {
  /** The position at which the last sweep stopped; `undefined` if it reached the end. */
  #reached: WebhookPlace | undefined;

  constructor(private readonly parts: UnmatchedWebhooksParts) {}

  /** The time of the next check of a webhook that names an attempt, in Unix ms. */
  nextLook(receivedAt: number): number {
    const now = this.parts.now();
    return now + Math.min(Math.max((now - receivedAt) / 2, MIN_PAUSE_MS), MAX_PAUSE_MS);
  }

  async sweep(): Promise<void> {
    const { storage, now, maxAgeMs, apply } = this.parts;
    const startedAt = now();
    await storage.inbox.setAside(startedAt - maxAgeMs, startedAt, BATCH);
    for (const webhook of await storage.inbox.toLookAt(now(), BATCH)) await apply(webhook);
    for (const webhook of await this.#matched()) await apply(webhook);
  }

  /** Searches the next rows for webhooks with an order that now belongs to an attempt. */
  async #matched(): Promise<readonly StoredWebhook[]> {
    const { inbox } = this.parts.storage;
    const { webhooks, reached } = await inbox.matched(this.#reached, { window: WINDOW, limit: BATCH });
    this.#reached = reached;
    return webhooks;
  }
}
