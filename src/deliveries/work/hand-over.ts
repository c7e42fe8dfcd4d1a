import { Logger } from '@nestjs/common';
import { sql } from 'kysely';
import type { Clock } from '../../clock.js';
import { logLine, say, wordsOf } from '../../log-line.js';
import type { DeliveriesHooks } from '../deliveries.hooks.js';
import { deliveryEventOf } from '../store/delivery-record.js';
import type { DeliveryStore } from '../store/delivery-store.js';
import type { DeliveryEvent } from '../events/delivery-event.js';
import type { DurableInbox } from './durable-inbox.js';

/** A method that events are handed to. */
export interface NamedHandler<Event> {
  readonly name: string;
  /** Rejects where it failed; that has been logged then. */
  handle(event: Event): Promise<void>;
}

/** What hands events over. */
export interface HandOverParts {
  readonly store: DeliveryStore;
  readonly inbox: DurableInbox;
  readonly hooks: DeliveriesHooks;
  readonly clock: Clock;
  /** The `@OnDelivery` methods that an event is for. */
  readonly handlersOf: (event: DeliveryEvent) => readonly NamedHandler<DeliveryEvent>[];
}

/** How many events are with their handlers at a time. */
const AT_ONCE = 32;

/** After so many tries an event is set aside for the handlers that have failed. */
const MOST_TRIES = 10;

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10 * 60_000;

interface Pending {
  readonly id: number;
  readonly source: string;
  readonly payload: string;
  readonly occurred_at: number;
  readonly handled_by: string;
  readonly tries: number;
  readonly reference: string | null;
  readonly account: string;
}

/** Hands committed events to handlers: at least once each, those of one delivery in their order, with back-off where a handler fails. */
export class HandOver {
  readonly #logger = new Logger('LalamoveDeliveries');
  #isRunning = false;
  #isWanted = false;
  #isStopped = true;
  #run: Promise<void> = Promise.resolve();
  #cancelWake: () => void = () => undefined;

  constructor(private readonly parts: HandOverParts) {}

  start(): void {
    this.#isStopped = false;
    this.wake();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelWake();
    await this.#run;
  }

  /** Something may be there to be handed over. */
  wake(): void {
    if (this.#isStopped) return;
    this.#isWanted = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#run = this.#drain().finally(() => {
      this.#isRunning = false;
      if (this.#isWanted) this.wake();
    });
  }

  /** Waits until nothing is left that could be handed over now. */
  async idle(): Promise<void> {
    while (this.#isRunning) await this.#run;
  }

  async #drain(): Promise<void> {
    try {
      while (this.#isWanted && !this.#mustStop()) {
        this.#isWanted = false;
        for (;;) {
          const batch = await this.#next();
          if (batch.length === 0 || this.#mustStop()) break;
          await Promise.all(batch.map((pending) => this.#handOver(pending)));
        }
      }
      if (!this.#mustStop()) await this.#planWake();
    } catch (error) {
      say(this.#logger, 'error', logLine('Events cannot be handed over', { error: wordsOf(error) }));
    }
  }

  #mustStop(): boolean {
    return this.#isStopped;
  }

  /** Of each delivery the first event alone. */
  async #next(): Promise<Pending[]> {
    const { store, clock } = this.parts;
    const { rows } = await sql<Pending>`
      select e.id, e.source, e.payload, e.occurred_at, e.handled_by, e.tries, e.account, d.reference
      from delivery_events e left join deliveries d on d.id = e.delivery_id
      where e.hand_over = 'pending' and e.next_try_at <= ${clock.now()}
        and (e.source = 'webhook' or not exists (
          select 1 from delivery_events earlier
          where earlier.delivery_id = e.delivery_id and earlier.hand_over = 'pending' and earlier.source = 'delivery' and earlier.id < e.id))
      order by e.id limit ${AT_ONCE}`.execute(store.db);
    return rows;
  }

  async #handOver(pending: Pending): Promise<void> {
    const { store, hooks, clock } = this.parts;
    const done = new Set<string>(namesIn(pending.handled_by));
    await hooks.onStep?.('handing_over', pending.reference ?? '');
    const { calls } = this.#calls(pending);
    const failures: string[] = [];
    await Promise.all(
      calls
        .filter(({ name }) => !done.has(name))
        .map(async ({ name, call }) => {
          try {
            await call();
            done.add(name);
          } catch (error) {
            failures.push(`${name}: ${wordsOf(error)}`);
          }
        }),
    );
    const tries = pending.tries + 1;
    const isLast = failures.length > 0 && tries >= MOST_TRIES;
    if (isLast) {
      const told = { delivery: pending.reference ?? undefined, event: pending.id, tries, error: failures.join('; ') };
      say(this.#logger, 'error', logLine('An event is set aside: its handlers keep failing', told));
    }
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS);
    await store.write((trx) =>
      trx
        .updateTable('delivery_events')
        .set({
          hand_over: failures.length === 0 ? 'done' : isLast ? 'set_aside' : 'pending',
          handled_by: JSON.stringify([...done]),
          tries,
          next_try_at: failures.length > 0 && !isLast ? clock.now() + pause : null,
          error: failures.length === 0 ? null : failures.join('; ').slice(0, 2000),
        })
        .where('id', '=', pending.id)
        .execute(),
    );
    await hooks.onStep?.('handed_over', pending.reference ?? '');
  }

  #calls({ source, payload, id, occurred_at, reference, account }: Pending): {
    calls: { name: string; call: () => Promise<void> }[];
  } {
    const { inbox, handlersOf } = this.parts;
    if (source === 'webhook') {
      const { event, handlers } = inbox.handlersOf(payload);
      return { calls: handlers.map((handler) => ({ name: handler.name, call: () => handler.handle(event) })) };
    }
    const event = deliveryEventOf({ id, payload, occurred_at }, { reference: reference ?? '', account });
    return { calls: handlersOf(event).map((handler) => ({ name: handler.name, call: () => handler.handle(event) })) };
  }

  /** The next try of what has failed. */
  async #planWake(): Promise<void> {
    const { store, clock } = this.parts;
    const next = await store.db
      .selectFrom('delivery_events')
      .select('next_try_at')
      .where('hand_over', '=', 'pending')
      .where('next_try_at', '>', clock.now())
      .orderBy('next_try_at')
      .executeTakeFirst();
    this.#cancelWake();
    if (next?.next_try_at == null) return;
    this.#cancelWake = clock.setTimeout(() => {
      this.wake();
    }, next.next_try_at - clock.now());
  }
}

function namesIn(json: string): string[] {
  const names: unknown = JSON.parse(json);
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
}
