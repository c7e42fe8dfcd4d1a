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

/** The dependencies of {@link OutboxDispatcher}. */
export interface OutboxDispatcherParts extends EventHandlers {
  readonly storage: Pick<DeliveriesStorage, 'outbox' | 'unreadable'>;
  readonly hooks: DeliveriesHooks;
  readonly clock: Clock;
  /** The timeout of a handler call, in ms. */
  readonly timeoutMs: number;
}

/** The number of events that one query reads. */
const BATCH = 32;

/**
 * Dispatches committed events to handlers, at least once each, with backoff if a handler fails. The own events of a
 * delivery are dispatched in order. Each handler has its own slots. If an event waits only for a handler without a free
 * slot, its row is marked. The query for due events skips marked rows, so that a handler that hangs does not block the
 * events of other handlers.
 */
export class OutboxDispatcher {
  readonly #logger = new Logger('LalamoveDeliveries');
  readonly #places: HandlerSlots;
  readonly #unreadable: UnreadableRows;
  #isRunning = false;
  #isWanted = false;
  #isStopped = true;
  #run: Promise<void> = Promise.resolve();
  /** The dispatches that are running, by event id. */
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
   * Starts no new dispatch, and waits for the running ones.
   *
   * @param graceMs the maximum wait, in ms. Unfinished events are dispatched again after the next start
   */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    this.#cancelWake();
    clearTimeout(this.#look);
    await atMost(graceMs, this.idle());
    // Without it, another process would get these events only after their lease.
    await this.parts.storage.outbox.release().catch(() => undefined);
  }

  /** Looks for events to dispatch. */
  wake(): void {
    if (this.#isStopped) return;
    this.#isWanted = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    // Detached from the caller's async context, because it dispatches the events of all callers.
    this.#run = detached(() => this.#drain()).finally(() => {
      this.#isRunning = false;
      if (this.#isWanted) this.wake();
    });
  }

  /** Waits until no event can be dispatched now. */
  async idle(): Promise<void> {
    while (this.#isRunning || this.#underWay.size > 0) await Promise.all([this.#run, ...this.#underWay.values()]);
  }

  async #drain(): Promise<void> {
    try {
      // The caller that committed an event (a webhook request or a booking) gets its response first.
      await setImmediate();
      await this.#blocked.removeOldMarks(() => this.#mustStop());
      while (this.#isWanted && !this.#mustStop()) {
        this.#isWanted = false;
        // Each dispatch that ends calls wake(), so this loop does not wait for handlers.
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

  /** Due events that are not marked as blocked. Of a delivery's own events, only the first one. */
  async #open(): Promise<PendingEvent[]> {
    return (await this.#pending(undefined, BATCH)).slice(0, BATCH);
  }

  /** The events that can continue because their handler has a free slot again. */
  async #unblocked(): Promise<PendingEvent[]> {
    const found: PendingEvent[] = [];
    for (const { name, free } of this.#blocked.withFreePlaces()) {
      // One event more than the free slots is read, to find out whether more events wait.
      const waiting = await this.#pending(name, free + 1);
      if (waiting.length <= free) this.#blocked.delete(name);
      found.push(...waiting.slice(0, free));
    }
    return found;
  }

  /** @param limit the number of events to read, without the running ones */
  async #pending(blockedOn: string | undefined, limit: number): Promise<PendingEvent[]> {
    const { storage, clock } = this.parts;
    // A dispatch may end while the query runs. The query may have read its event before the result was written.
    const running = new Set(this.#underWay.keys());
    const events = await storage.outbox.pending(blockedOn, clock.now(), limit + running.size);
    return events.filter(({ id }) => !running.has(id));
  }

  /**
   * Starts the dispatches that can start. Marks the events that wait for a handler that had no free slot for a while.
   *
   * @returns whether an event waits for a slot and is not marked yet
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

  /** Reads an event for dispatch. An unreadable row is marked and reported, and the next events continue. */
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
    // The slots are taken at once, so that the next event does not count them as free.
    const calls = dispatch.calls.map(({ name, call }) => {
      const begun = async (): Promise<void> => {
        await reported;
        await detached(call);
      };
      return { name, ending: this.#places.run(name, begun) };
    });
    this.#underWay.set(id, this.#finish(dispatch, calls));
  }

  /** Waits for the calls of one event and writes its row. It never rejects. */
  async #finish(dispatch: EventDispatch, calls: readonly BegunCall[]): Promise<void> {
    const { pending } = dispatch;
    await noteEnds(dispatch, calls);
    try {
      await this.#settle(dispatch);
      this.#underWay.delete(pending.id);
      // Only now, because the query for marked events skips running ones.
      if (dispatch.blockedOn !== undefined) this.#blocked.add(dispatch.blockedOn);
      this.wake();
    } catch (error) {
      // The row could not be written. The next sweep dispatches the event again.
      this.#underWay.delete(pending.id);
      const fields = { event: pending.id, error: wordsOf(error) };
      const line = 'The result of an event could not be stored: the event is dispatched again';
      say(this.#logger, 'error', logLine(line, fields));
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

  /** Plans the next retry of failed events. */
  async #planWake(): Promise<void> {
    const { storage, clock } = this.parts;
    const nextTryAt = await storage.outbox.nextTryAfter(clock.now());
    this.#cancelWake();
    // After a stop, no timer may keep the process alive.
    if (nextTryAt === undefined || this.#mustStop()) return;
    const waitMs = timerMs(nextTryAt - clock.now());
    this.#cancelWake = clock.setTimeout(() => {
      this.wake();
    }, waitMs);
  }
}
