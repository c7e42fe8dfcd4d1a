import { setImmediate } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { detached } from '../../internal/async-context.js';
import type { Clock } from '../../internal/clock.js';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import { atMost } from '../../internal/with-timeout.js';
import { timerMs } from '../../internal/timer-limit.js';
import { reportStep, type DeliveriesHooks } from '../deliveries.hooks.js';
import type { PendingEvent } from '../storage/outbox-storage.js';
import type { DeliveriesStorage } from '../storage/storage.js';
import {
  callsOf,
  dispatchResult,
  noteEnds,
  type BegunCall,
  type EventDispatch,
  type EventHandlers,
  type HandlerCall,
} from './event-dispatch.js';
import { BLOCKED_AFTER_MS, BlockedHandlers } from './blocked-handlers.js';
import { HandlerSlots } from './handler-slots.js';
import { UnreadableRows } from './unreadable-rows.js';

/** What dispatches events. */
export interface OutboxDispatcherParts extends EventHandlers {
  readonly storage: Pick<DeliveriesStorage, 'outbox' | 'unreadable'>;
  readonly hooks: DeliveriesHooks;
  readonly clock: Clock;
  /** How long a handler may take, in ms. */
  readonly timeoutMs: number;
}

/** How many events are read at a time. */
const BATCH = 32;

/**
 * Dispatches committed events to handlers: at least once each, those of one delivery in their order, with backoff if
 * a handler fails. Each handler has places of its own. An event that waits for one alone is marked in its row, so that
 * however many wait for a handler that hangs, the events of others are found at once.
 */
export class OutboxDispatcher {
  readonly #logger = new Logger('LalamoveDeliveries');
  readonly #places: HandlerSlots;
  readonly #unreadable: UnreadableRows;
  #isRunning = false;
  #isWanted = false;
  #isStopped = true;
  #run: Promise<void> = Promise.resolve();
  /** By the id of the event. */
  readonly #underWay = new Map<number, Promise<void>>();
  readonly #blocked: BlockedHandlers;
  #cancelWake: () => void = () => undefined;
  #look: NodeJS.Timeout | undefined;

  constructor(private readonly parts: OutboxDispatcherParts) {
    const { storage, clock, timeoutMs } = parts;
    this.#places = new HandlerSlots(timeoutMs, this.#logger);
    this.#blocked = new BlockedHandlers(storage.outbox, this.#places);
    this.#unreadable = new UnreadableRows({ storage, logger: this.#logger, now: () => clock.now() });
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
      await this.#blocked.removeOldMarks(() => this.#mustStop());
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

  /** Of each delivery the first event alone; without those that wait for a handler's place. */
  async #open(): Promise<PendingEvent[]> {
    return (await this.#pending(undefined, BATCH)).slice(0, BATCH);
  }

  /** What can go on because a handler has a free place again. */
  async #unblocked(): Promise<PendingEvent[]> {
    const found: PendingEvent[] = [];
    for (const { name, free } of this.#blocked.withFreePlaces()) {
      // One more than can begin tells whether any is left.
      const waiting = await this.#pending(name, free + 1);
      if (waiting.length <= free) this.#blocked.delete(name);
      found.push(...waiting.slice(0, free));
    }
    return found;
  }

  /** @param limit how many are wanted besides those under way */
  async #pending(blockedOn: string | undefined, limit: number): Promise<PendingEvent[]> {
    const { storage, clock } = this.parts;
    const events = await storage.outbox.pending(blockedOn, clock.now(), limit + this.#underWay.size);
    return events.filter(({ id }) => !this.#underWay.has(id));
  }

  /**
   * Begins what can begin, and marks what waits for a handler that has had no free place for a while.
   *
   * @returns whether something waits that is not marked yet
   */
  async #beginAll(all: readonly PendingEvent[]): Promise<boolean> {
    const marks = new Map<string, number[]>();
    let isStuck = false;
    for (const pending of all) {
      if (this.#mustStop()) return false;
      const dispatch = await this.#readable(pending);
      if (!dispatch) continue;
      const { blockedOn } = dispatch;
      if (blockedOn === undefined || dispatch.calls.length > 0) this.#begin(dispatch);
      else if (!this.#blocked.isBlocked(blockedOn)) isStuck = true;
      else if (pending.blockedOn !== blockedOn) marks.set(blockedOn, [...(marks.get(blockedOn) ?? []), pending.id]);
      else this.#blocked.add(blockedOn);
    }
    for (const [name, ids] of marks) await this.#blocked.mark(name, ids);
    if (marks.size > 0) this.#isWanted = true;
    return isStuck;
  }

  #lookSoon(): void {
    clearTimeout(this.#look);
    this.#look = setTimeout(() => {
      this.wake();
    }, BLOCKED_AFTER_MS);
    this.#look.unref();
  }

  /** A row that cannot be read is marked and reported; those behind it go on. */
  async #readable(pending: PendingEvent): Promise<EventDispatch | undefined> {
    try {
      return this.#dispatchOf(pending);
    } catch (error) {
      if (!(await this.#unreadable.found(error))) throw error;
      this.#isWanted = true;
      return undefined;
    }
  }

  #dispatchOf(pending: PendingEvent): EventDispatch {
    const calls = callsOf(pending, this.parts);
    const done = new Set(pending.handledBy);
    const wanted = calls.filter(({ name }) => !done.has(name));
    const hasPlace = ({ name }: HandlerCall): boolean => this.#blocked.hasPlace(name, pending);
    const blockedOn = wanted.find((call) => !hasPlace(call))?.name;
    return { pending, done, failures: [], calls: wanted.filter(hasPlace), blockedOn };
  }

  #begin(dispatch: EventDispatch): void {
    const { id, reference } = dispatch.pending;
    const reported = reportStep(this.parts.hooks, 'dispatching', reference ?? '');
    // Their places are taken at once: the next event is to find them so.
    const calls = dispatch.calls.map(({ name, call }) => {
      const begun = async (): Promise<void> => {
        await reported;
        await detached(call);
      };
      return { name, ending: this.#places.run(name, begun) };
    });
    this.#underWay.set(id, this.#finish(dispatch, calls));
  }

  /** One event, until its row is written; it never rejects. */
  async #finish(dispatch: EventDispatch, calls: readonly BegunCall[]): Promise<void> {
    const { pending } = dispatch;
    await noteEnds(dispatch, calls);
    try {
      await this.#settle(dispatch);
      this.#underWay.delete(pending.id);
      // Not before: while it is under way its mark is not looked at.
      if (dispatch.blockedOn !== undefined) this.#blocked.add(dispatch.blockedOn);
      this.wake();
    } catch (error) {
      // The row cannot be written: the sweeper comes back to it.
      this.#underWay.delete(pending.id);
      const fields = { event: pending.id, error: wordsOf(error) };
      say(this.#logger, 'error', logLine('What became of an event could not be kept: it is dispatched again', fields));
    }
  }

  async #settle(dispatch: EventDispatch): Promise<void> {
    const { storage, hooks, clock } = this.parts;
    const { pending, failures } = dispatch;
    const result = dispatchResult(dispatch, clock.now());
    if (result.status === 'set_aside') {
      const { tries } = result;
      const fields = { delivery: pending.reference, event: pending.id, tries, error: failures.join('; ') };
      say(this.#logger, 'error', logLine('An event is set aside: its handlers keep failing', fields));
    }
    await storage.outbox.settle(pending.id, result);
    await reportStep(hooks, 'dispatched', pending.reference ?? '');
  }

  /** The next try of what has failed. */
  async #planWake(): Promise<void> {
    const { storage, clock } = this.parts;
    const nextTryAt = await storage.outbox.nextTryAfter(clock.now());
    this.#cancelWake();
    // Who has stopped meanwhile must not be kept alive.
    if (nextTryAt === undefined || this.#mustStop()) return;
    const waitMs = timerMs(nextTryAt - clock.now());
    this.#cancelWake = clock.setTimeout(() => {
      this.wake();
    }, waitMs);
  }
}
