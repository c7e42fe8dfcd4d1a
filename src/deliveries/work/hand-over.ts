import { setImmediate } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { sql } from 'kysely';
import type { Clock } from '../../clock.js';
import { logLine, say, wordsOf } from '../../log-line.js';
import { atMost } from '../../patience.js';
import { timerMs } from '../../timer-limit.js';
import { tellStep, type DeliveriesHooks } from '../deliveries.hooks.js';
import { deliveryEventOf } from '../store/delivery-record.js';
import { IS_PENDING, IS_READABLE } from '../store/deliveries-schema.js';
import type { DeliveryStore } from '../store/delivery-store.js';
import type { DeliveryEvent } from '../events/delivery-event.js';
import type { DurableInbox } from './durable-inbox.js';
import { UnreadableRows } from './unreadable-rows.js';

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

interface Call {
  readonly name: string;
  readonly call: () => Promise<void>;
}

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
  /** By the id of the event. */
  readonly #underWay = new Map<number, Promise<void>>();
  #cancelWake: () => void = () => undefined;

  readonly #unreadable: UnreadableRows;

  constructor(private readonly parts: HandOverParts) {
    const { store, clock } = parts;
    this.#unreadable = new UnreadableRows({ store, logger: this.#logger, now: () => clock.now() });
  }

  start(): void {
    this.#isStopped = false;
    this.wake();
  }

  /** No new hand-over; waits for those under way, `graceMs` at the most. What is not done by then is handed over again after the next start. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    this.#cancelWake();
    await atMost(graceMs, this.idle());
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
    while (this.#isRunning || this.#underWay.size > 0) await Promise.all([this.#run, ...this.#underWay.values()]);
  }

  async #drain(): Promise<void> {
    try {
      // What has just been committed is answered first: a webhook, or whoever has booked.
      await setImmediate();
      while (this.#isWanted && !this.#mustStop()) {
        this.#isWanted = false;
        // Whatever ends wakes for what was behind it: nobody waits for a handler but its own delivery.
        for (const pending of await this.#next()) {
          if (this.#mustStop()) return;
          this.#underWay.set(pending.id, this.#whole(pending));
        }
      }
      if (!this.#mustStop()) await this.#planWake();
    } catch (error) {
      say(this.#logger, 'error', logLine('Events cannot be handed over', { error: wordsOf(error) }));
    }
  }

  /** One event, from here to its row; it never rejects. */
  async #whole(pending: Pending): Promise<void> {
    try {
      await this.#handOver(pending);
      this.#underWay.delete(pending.id);
      this.wake();
    } catch (error) {
      // The row cannot be written: the sweeper comes back to it.
      this.#underWay.delete(pending.id);
      if (await this.#unreadable.found(error).catch(() => false)) {
        this.wake();
        return;
      }
      const told = { event: pending.id, error: wordsOf(error) };
      say(this.#logger, 'error', logLine('What became of an event could not be kept', told));
    }
  }

  #mustStop(): boolean {
    return this.#isStopped;
  }

  /** Of each delivery the first event alone. */
  async #next(): Promise<Pending[]> {
    const { store, clock } = this.parts;
    const free = AT_ONCE - this.#underWay.size;
    if (free <= 0) return [];
    const { rows } = await sql<Pending>`
      select e.id, e.source, e.payload, e.occurred_at, e.handled_by, e.tries, e.account, d.reference
      from delivery_events e left join deliveries d on d.id = e.delivery_id
      where e.hand_over = 'pending' and e.unreadable_at is null and e.next_try_at <= ${clock.now()}
        and (e.source = 'webhook' or not exists (
          select 1 from delivery_events earlier
          where earlier.delivery_id = e.delivery_id and earlier.hand_over = 'pending' and earlier.source = 'delivery'
            and earlier.unreadable_at is null and earlier.id < e.id))
      order by e.next_try_at, e.id limit ${AT_ONCE}`.execute(store.db);
    return rows.filter(({ id }) => !this.#underWay.has(id)).slice(0, free);
  }

  async #handOver(pending: Pending): Promise<void> {
    const { store, hooks, clock } = this.parts;
    const done = new Set<string>(namesIn(pending.handled_by));
    await tellStep(hooks, 'handing_over', pending.reference ?? '');
    const failures: string[] = [];
    const calls = this.#calls(pending);
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
    await tellStep(hooks, 'handed_over', pending.reference ?? '');
  }

  /** @throws UnreadableRow */
  #calls({ source, payload, id, occurred_at, reference, account }: Pending): readonly Call[] {
    const { inbox, handlersOf } = this.parts;
    if (source === 'webhook') {
      const { event, handlers } = inbox.handlersOf({ id, payload });
      return handlers.map((handler) => ({ name: handler.name, call: () => handler.handle(event) }));
    }
    const event = deliveryEventOf({ id, payload, occurred_at }, { reference: reference ?? '', account });
    return handlersOf(event).map((handler) => ({ name: handler.name, call: () => handler.handle(event) }));
  }

  /** The next try of what has failed. */
  async #planWake(): Promise<void> {
    const { store, clock } = this.parts;
    const next = await store.db
      .selectFrom('delivery_events')
      .select('next_try_at')
      .where(IS_PENDING)
      .where(IS_READABLE)
      .where('next_try_at', '>', clock.now())
      .orderBy('next_try_at')
      .limit(1)
      .executeTakeFirst();
    this.#cancelWake();
    // Who has stopped meanwhile must not be kept alive.
    if (next?.next_try_at == null || this.#mustStop()) return;
    const waitMs = timerMs(next.next_try_at - clock.now());
    this.#cancelWake = clock.setTimeout(() => {
      this.wake();
    }, waitMs);
  }
}

/** Of a list that cannot be read none: a handler may get an event again, but not miss it. */
function namesIn(json: string): string[] {
  try {
    const names: unknown = JSON.parse(json);
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  } catch {
    return [];
  }
}
