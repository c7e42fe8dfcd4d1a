import { setImmediate } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { sql, type RawBuilder } from 'kysely';
import { detached } from '../../internal/async-context.js';
import type { Clock } from '../../internal/clock.js';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import { atMost } from '../../internal/with-timeout.js';
import { timerMs } from '../../internal/timer-limit.js';
import { reportStep, type DeliveriesHooks } from '../deliveries.hooks.js';
import { deliveryEventOf } from '../storage/delivery-record.js';
import { IS_PENDING, IS_READABLE } from '../storage/sqlite/deliveries-schema.js';
import type { DeliveryStore } from '../storage/sqlite/delivery-store.js';
import { unlessErased } from '../storage/sqlite/erase-delivery.js';
import type { DeliveryEvent } from '../events/delivery-event.js';
import type { DurableInbox } from './durable-inbox.js';
import { HandlerSlots } from './handler-slots.js';
import { UnreadableRows } from './unreadable-rows.js';

/** A method that events are handed to. */
export interface NamedHandler<Event> {
  readonly name: string;
  /** Rejects where it failed; that has been logged then. */
  handle(event: Event): Promise<void>;
}

/** What hands events over. */
export interface OutboxDispatcherParts {
  readonly store: DeliveryStore;
  readonly inbox: DurableInbox;
  readonly hooks: DeliveriesHooks;
  readonly clock: Clock;
  /** The `@OnDelivery` methods that an event is for. */
  readonly handlersOf: (event: DeliveryEvent) => readonly NamedHandler<DeliveryEvent>[];
  /** How long a handler may take, in ms. */
  readonly timeoutMs: number;
}

/** How many events are read at a time. */
const BATCH = 32;

/** A handler without a free place for so long, in ms, is not waited for: its events are put out of the others' way. */
const BLOCKED_AFTER_MS = 100;

/** After so many tries an event is set aside for the handlers that have failed. */
const MOST_TRIES = 10;

/** So many marks are taken back at a time. */
const MARK_BATCH = 1000;

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10 * 60_000;

interface Call {
  readonly name: string;
  readonly call: () => Promise<void>;
}

interface Pending {
  readonly id: number;
  readonly blocked_on: string | null;
  readonly source: string;
  readonly payload: string;
  readonly occurred_at: number;
  readonly handled_by: string;
  readonly tries: number;
  readonly reference: string | null;
  readonly account: string;
}

/** An event on its way to its handlers. */
interface Dispatch {
  readonly pending: Pending;
  /** The handlers that have had it. */
  readonly done: Set<string>;
  readonly failures: string[];
  /** What begins now. */
  readonly calls: readonly Call[];
  /** A handler for a free place of which it waits. */
  readonly blockedOn: string | undefined;
}

/**
 * Dispatches committed events to handlers: at least once each, those of one delivery in their order, with backoff if
 * a handler fails. Each handler has places of its own. An event that waits for one alone is marked in its row, so that
 * however many wait for a handler that hangs, the events of others are found at once.
 */
export class OutboxDispatcher {
  readonly #logger = new Logger('LalamoveDeliveries');
  readonly #places: HandlerSlots;
  #isRunning = false;
  #isWanted = false;
  #isStopped = true;
  #run: Promise<void> = Promise.resolve();
  /** By the id of the event. */
  readonly #underWay = new Map<number, Promise<void>>();
  /** Handlers for which events wait that are marked so. */
  readonly #blocked = new Set<string>();
  #areMarksOld = true;
  #cancelWake: () => void = () => undefined;
  #look: NodeJS.Timeout | undefined;

  readonly #unreadable: UnreadableRows;

  constructor(private readonly parts: OutboxDispatcherParts) {
    const { store, clock, timeoutMs } = parts;
    this.#places = new HandlerSlots(timeoutMs, this.#logger);
    this.#unreadable = new UnreadableRows({ store, logger: this.#logger, now: () => clock.now() });
  }

  start(): void {
    this.#isStopped = false;
    this.wake();
  }

  /**
   * No new dispatch; waits for those under way.
   *
   * @param graceMs for so long at the most: what is not done by then is dispatched again after the next start
   */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    this.#cancelWake();
    clearTimeout(this.#look);
    await atMost(graceMs, this.idle());
  }

  /** Something may be there to be dispatched. */
  wake(): void {
    if (this.#isStopped) return;
    this.#isWanted = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    // Not in the context of who wakes it: it dispatches what anybody has committed.
    this.#run = detached(() => this.#drain()).finally(() => {
      this.#isRunning = false;
      if (this.#isWanted) this.wake();
    });
  }

  /** Waits until nothing is left that could be dispatched now. */
  async idle(): Promise<void> {
    while (this.#isRunning || this.#underWay.size > 0) await Promise.all([this.#run, ...this.#underWay.values()]);
  }

  async #drain(): Promise<void> {
    try {
      // What has just been committed is answered first: a webhook, or whoever has booked.
      await setImmediate();
      if (this.#areMarksOld) await this.#forgetMarks();
      while (this.#isWanted && !this.#mustStop()) {
        this.#isWanted = false;
        // Whatever ends wakes for what was behind it: nobody waits for a handler but its own delivery.
        await this.#beginAll(await this.#unblocked());
        const page = await this.#open();
        const isStuck = await this.#beginAll(page);
        if (isStuck) this.#lookSoon();
        else if (page.length >= BATCH) this.#isWanted = true;
      }
      if (!this.#mustStop()) await this.#planWake();
    } catch (error) {
      say(this.#logger, 'error', logLine('Events cannot be dispatched: it is tried again', { error: wordsOf(error) }));
    }
  }

  #mustStop(): boolean {
    return this.#isStopped;
  }

  /** The marks of another process are of its handlers, which may have other names by now. */
  async #forgetMarks(): Promise<void> {
    const { store } = this.parts;
    let isMarked = true;
    while (isMarked && !this.#mustStop()) {
      const [updated] = await store.write((trx) =>
        trx
          .updateTable('delivery_events')
          .set({ blocked_on: null })
          .where('id', 'in', (marked) =>
            marked
              .selectFrom('delivery_events')
              .select('id')
              .where(IS_PENDING)
              .where('blocked_on', 'is not', null)
              .limit(MARK_BATCH),
          )
          .execute(),
      );
      isMarked = (updated?.numUpdatedRows ?? 0n) > 0n;
    }
    this.#areMarksOld = isMarked;
  }

  /** Of each delivery the first event alone; without those that wait for a handler's place. */
  async #open(): Promise<Pending[]> {
    const limit = BATCH + this.#underWay.size;
    const rows = await this.#pending(sql`e.blocked_on is null`, limit);
    return rows.filter(({ id }) => !this.#underWay.has(id)).slice(0, BATCH);
  }

  /** What can go on because a handler has a free place again. */
  async #unblocked(): Promise<Pending[]> {
    const found: Pending[] = [];
    for (const name of this.#blocked) {
      const free = this.#places.free(name);
      if (free === 0) continue;
      // One more than can begin tells whether any is left.
      const rows = await this.#pending(sql`e.blocked_on = ${name}`, free + this.#underWay.size + 1);
      const waiting = rows.filter(({ id }) => !this.#underWay.has(id));
      if (waiting.length <= free) this.#blocked.delete(name);
      found.push(...waiting.slice(0, free));
    }
    return found;
  }

  async #pending(isEligible: RawBuilder<unknown>, limit: number): Promise<readonly Pending[]> {
    const { store, clock } = this.parts;
    const { rows } = await sql<Pending>`
      select e.id, e.source, e.payload, e.occurred_at, e.handled_by, e.tries, e.account, e.blocked_on, d.reference
      from delivery_events e left join deliveries d on d.id = e.delivery_id
      where e.dispatch = 'pending' and e.unreadable_at is null and ${isEligible} and e.next_try_at <= ${clock.now()}
        and (e.source = 'webhook' or not exists (
          select 1 from delivery_events earlier
          where earlier.delivery_id = e.delivery_id and earlier.dispatch = 'pending'
            and earlier.unreadable_at is null and earlier.source = 'delivery' and earlier.id < e.id))
      order by e.next_try_at, e.id limit ${limit}`.execute(store.db);
    return rows;
  }

  /**
   * Begins what can begin, and marks what waits for a handler that has had no free place for a while.
   *
   * @returns whether something waits that is not marked yet
   */
  async #beginAll(all: readonly Pending[]): Promise<boolean> {
    const marks = new Map<string, number[]>();
    let isStuck = false;
    for (const pending of all) {
      if (this.#mustStop()) return false;
      const dispatch = await this.#readable(pending);
      if (!dispatch) continue;
      const { blockedOn } = dispatch;
      if (blockedOn === undefined || dispatch.calls.length > 0) this.#begin(dispatch);
      else if (!this.#isBlocked(blockedOn)) isStuck = true;
      else if (pending.blocked_on !== blockedOn) marks.set(blockedOn, [...(marks.get(blockedOn) ?? []), pending.id]);
      else this.#blocked.add(blockedOn);
    }
    for (const [name, ids] of marks) await this.#mark(name, ids);
    return isStuck;
  }

  #isBlocked(name: string): boolean {
    return this.#blocked.has(name) || this.#places.fullForMs(name) >= BLOCKED_AFTER_MS;
  }

  async #mark(name: string, ids: readonly number[]): Promise<void> {
    this.#blocked.add(name);
    await this.parts.store.write((trx) =>
      trx.updateTable('delivery_events').set({ blocked_on: name }).where('id', 'in', ids).execute(),
    );
    this.#isWanted = true;
  }

  #lookSoon(): void {
    clearTimeout(this.#look);
    this.#look = setTimeout(() => {
      this.wake();
    }, BLOCKED_AFTER_MS);
    this.#look.unref();
  }

  /** A row that cannot be read is marked and reported; those behind it go on. */
  async #readable(pending: Pending): Promise<Dispatch | undefined> {
    try {
      return this.#dispatchOf(pending);
    } catch (error) {
      if (!(await this.#unreadable.found(error))) throw error;
      this.#isWanted = true;
      return undefined;
    }
  }

  #dispatchOf(pending: Pending): Dispatch {
    const failures: string[] = [];
    const calls = this.#calls(pending);
    const done = new Set(namesIn(pending.handled_by));
    const wanted = calls.filter(({ name }) => !done.has(name));
    // Who waits for a handler already has its next free place.
    const hasPlace = ({ name }: Call): boolean =>
      this.#places.free(name) > 0 && (!this.#blocked.has(name) || pending.blocked_on === name);
    const blockedOn = wanted.find((call) => !hasPlace(call))?.name;
    return { pending, done, failures, calls: wanted.filter(hasPlace), blockedOn };
  }

  #begin(dispatch: Dispatch): void {
    const { id, reference } = dispatch.pending;
    const told = reportStep(this.parts.hooks, 'handing_over', reference ?? '');
    // Their places are taken at once: the next event is to find them so.
    const calls = dispatch.calls.map(({ name, call }) => {
      const begun = async (): Promise<void> => {
        await told;
        await detached(call);
      };
      return { name, ending: this.#places.run(name, begun) };
    });
    this.#underWay.set(id, this.#whole(dispatch, calls));
  }

  /** One event, from here to its row; it never rejects. */
  async #whole(dispatch: Dispatch, calls: readonly { name: string; ending: Promise<void> }[]): Promise<void> {
    const { pending, done, failures } = dispatch;
    await Promise.all(
      calls.map(async ({ name, ending }) => {
        try {
          await ending;
          done.add(name);
        } catch (error) {
          failures.push(`${name}: ${wordsOf(error)}`);
        }
      }),
    );
    try {
      await this.#settle(dispatch);
      this.#underWay.delete(pending.id);
      // Not before: while it is under way its mark is not looked at.
      if (dispatch.blockedOn !== undefined) this.#blocked.add(dispatch.blockedOn);
      this.wake();
    } catch (error) {
      // The row cannot be written: the sweeper comes back to it.
      this.#underWay.delete(pending.id);
      const told = { event: pending.id, error: wordsOf(error) };
      say(this.#logger, 'error', logLine('What became of an event could not be kept: it is dispatched again', told));
    }
  }

  async #settle({ pending, done, failures, blockedOn }: Dispatch): Promise<void> {
    const { store, hooks, clock } = this.parts;
    const hasFailed = failures.length > 0;
    const tries = pending.tries + (hasFailed || blockedOn === undefined ? 1 : 0);
    // Another handler has not had it yet.
    const isLast = hasFailed && tries >= MOST_TRIES && blockedOn === undefined;
    const isOver = isLast || (!hasFailed && blockedOn === undefined);
    if (isLast) {
      const told = { delivery: pending.reference ?? undefined, event: pending.id, tries, error: failures.join('; ') };
      say(this.#logger, 'error', logLine('An event is set aside: its handlers keep failing', told));
    }
    const end = isLast ? 'set_aside' : 'done';
    const pause = hasFailed ? Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS) : 0;
    await store.write((trx) =>
      trx
        .updateTable('delivery_events')
        .set({
          dispatch: isOver ? end : 'pending',
          handled_by: JSON.stringify([...done]),
          tries,
          next_try_at: isOver ? null : clock.now() + pause,
          // What has failed goes by its time alone.
          blocked_on: isOver || hasFailed ? null : blockedOn,
          error: hasFailed ? unlessErased(failures.join('; ').slice(0, 2000)) : null,
        })
        .where('id', '=', pending.id)
        .execute(),
    );
    await reportStep(hooks, 'handed_over', pending.reference ?? '');
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
      .where('blocked_on', 'is', null)
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
