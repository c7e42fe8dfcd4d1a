import { sql } from 'kysely';
import { IS_READABLE, IS_TO_LOOK_AT, IS_WAITING } from '../storage/sqlite/deliveries-schema.js';
import type { DeliveryStore } from '../storage/sqlite/delivery-store.js';

/** A stored webhook that has not taken its effect yet. */
export interface WaitingWebhook {
  readonly id: number;
  /** As JSON. */
  readonly payload: string;
  readonly account: string;
  /** Unix ms. */
  readonly received_at: number;
}

/** What unmatched webhooks are looked after with. */
export interface UnmatchedWebhooksParts {
  readonly store: DeliveryStore;
  readonly now: () => number;
  /** How long a webhook waits for its order, in ms, before it is set aside. */
  readonly maxAgeMs: number;
  /** Lets one take its effect; it never rejects. */
  readonly apply: (webhook: WaitingWebhook) => Promise<void>;
}

/** How many are set aside, looked at by themselves, or matched, in a sweep: so many of each. */
const BATCH = 500;

/** How many a sweep goes through in the database to find those whose order is known by now. */
const WINDOW = 5000;

/** So long is waited before one is looked at by itself again, in ms: half its age, within these. */
const MIN_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 10 * 60_000;

interface Place {
  readonly receivedAt: number;
  readonly id: number;
}

/** Looks after unmatched webhooks: bounded work a sweep, however many there are. */
export class UnmatchedWebhooks {
  /** How far the sweep before has come; `undefined`: to the end. */
  #reached: Place | undefined;

  constructor(private readonly parts: UnmatchedWebhooksParts) {}

  /** When one that names an attempt is looked at again: Unix ms. */
  nextLook(receivedAt: number): number {
    const now = this.parts.now();
    return now + Math.min(Math.max((now - receivedAt) / 2, MIN_PAUSE_MS), MAX_PAUSE_MS);
  }

  async sweep(): Promise<void> {
    await this.#setAside();
    for (const webhook of await this.#toLookAt()) await this.parts.apply(webhook);
    for (const webhook of await this.#matched()) await this.parts.apply(webhook);
  }

  async #setAside(): Promise<void> {
    const { store, now, maxAgeMs } = this.parts;
    const before = now() - maxAgeMs;
    await store.write((trx) =>
      trx
        .updateTable('delivery_events')
        .set({ set_aside_at: now() })
        .where('id', 'in', (old) =>
          old
            .selectFrom('delivery_events')
            .select('id')
            .where(IS_WAITING)
            .where(IS_READABLE)
            .where('received_at', '<', before)
            .orderBy('received_at')
            .limit(BATCH),
        )
        .execute(),
    );
  }

  async #toLookAt(): Promise<readonly WaitingWebhook[]> {
    const { store, now } = this.parts;
    return store.db
      .selectFrom('delivery_events')
      .select(['id', 'payload', 'account', 'received_at'])
      .where(IS_TO_LOOK_AT)
      .where(IS_READABLE)
      .where('look_at', '<=', now())
      .orderBy('look_at')
      .orderBy('id')
      .limit(BATCH)
      .execute();
  }

  /** Of the next so many those whose order an attempt has by now; the database says which, and no payload is read. */
  async #matched(): Promise<readonly WaitingWebhook[]> {
    const { db } = this.parts.store;
    const from = this.#reached ?? { receivedAt: 0, id: 0 };
    const end = await this.#windowEnd(from);
    const to = end ?? { receivedAt: Number.MAX_SAFE_INTEGER, id: 0 };
    this.#reached = end;
    // The order of a cross join is kept: the window first, then the attempt of each by its index.
    const { rows } = await sql<WaitingWebhook>`
      select e.id, e.payload, e.account, e.received_at from delivery_events e cross join delivery_attempts a
      where ${IS_WAITING} and e.unreadable_at is null and e.look_at is null and (e.received_at, e.id) > (${from.receivedAt}, ${from.id})
        and (e.received_at, e.id) <= (${to.receivedAt}, ${to.id})
        and a.account = e.account and a.order_id = e.order_id
      order by e.received_at, e.id limit ${BATCH}`.execute(db);
    const last = rows.at(-1);
    // More are matched than a sweep applies: the next one goes on behind them.
    if (last && rows.length === BATCH) this.#reached = { receivedAt: last.received_at, id: last.id };
    return rows;
  }

  /** The last place of the window; `undefined` if that reaches the end. */
  async #windowEnd({ receivedAt, id }: Place): Promise<Place | undefined> {
    const row = await this.parts.store.db
      .selectFrom('delivery_events')
      .select(['received_at', 'id'])
      .where(IS_WAITING)
      .where(sql<boolean>`(received_at, id) > (${receivedAt}, ${id})`)
      .orderBy('received_at')
      .orderBy('id')
      .limit(1)
      .offset(WINDOW - 1)
      .executeTakeFirst();
    return row && { receivedAt: row.received_at, id: row.id };
  }
}
