import type { StoredWebhook, WebhookPlace } from '../storage/inbox-storage.js';
import type { DeliveriesStorage } from '../storage/storage.js';

/** What unmatched webhooks are looked after with. */
export interface UnmatchedWebhooksParts {
  readonly storage: Pick<DeliveriesStorage, 'inbox'>;
  readonly now: () => number;
  /** How long a webhook waits for its order, in ms, before it is set aside. */
  readonly maxAgeMs: number;
  /** Lets one take its effect; it never rejects. */
  readonly apply: (webhook: StoredWebhook) => Promise<void>;
}

/** How many are set aside, looked at by themselves, or matched, in a sweep: so many of each. */
const BATCH = 500;

/** How many a sweep goes through in the database to find those whose order is known by now. */
const WINDOW = 5000;

/** So long is waited before one is looked at by itself again, in ms: half its age, within these. */
const MIN_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 10 * 60_000;

/** Looks after unmatched webhooks: bounded work a sweep, however many there are. */
export class UnmatchedWebhooks {
  /** How far the sweep before has come; `undefined`: to the end. */
  #reached: WebhookPlace | undefined;

  constructor(private readonly parts: UnmatchedWebhooksParts) {}

  /** When one that names an attempt is looked at again: Unix ms. */
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

  /** Of the next so many those whose order an attempt has by now. */
  async #matched(): Promise<readonly StoredWebhook[]> {
    const { inbox } = this.parts.storage;
    const { webhooks, reached } = await inbox.matched(this.#reached, { window: WINDOW, limit: BATCH });
    this.#reached = reached;
    return webhooks;
  }
}
