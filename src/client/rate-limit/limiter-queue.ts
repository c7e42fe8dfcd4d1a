import { detached, type RunInContext } from '../../internal/async-context.js';
import type { Clock } from '../../internal/clock.js';
import type { RateLimit } from './leaky-bucket.js';
import type { LalamoveRateLimitStore } from './rate-limit.store.js';

/** A call that wants a slot. */
export interface Waiter {
  /** Unix ms after which it has no use for one. */
  readonly deadline: number;
  /** Runs what is done for it in its caller's async context. */
  readonly run: RunInContext;
  /** It has its slot. */
  readonly admit: () => void;
  /** It will not get one in time. */
  readonly reject: (waitMs: number) => void;
}

/** How long a store may take, in ms. */
const TIMEOUT_MS = 2000;

/** What lanes share. */
export interface LimiterQueueContext {
  readonly store: LalamoveRateLimitStore;
  readonly clock: Clock;
  /** The store failed. */
  readonly failed: (error: unknown) => void;
}

/** A waiter's place in the queue. */
interface Place {
  readonly waiter: Waiter;
  /** Unix ms at which it was last expected to get in. */
  dueAt: number;
}

/** The calls that wait for the slots of the same limits: first come, first served. */
export class LimiterQueue {
  limits: readonly RateLimit[];
  /** The budget that Lalamove's headers last named, in requests a minute. */
  told: number | undefined;
  /** When calls were last told to pause because one was refused, by Unix ms, and how often that was so without a success in between. */
  readonly refused = { at: Number.NEGATIVE_INFINITY, times: 0 };
  readonly #context: LimiterQueueContext;
  readonly #waiting: Place[] = [];
  /** Whether the store is about to say when the first one gets in; and whether it takes its time to do so. */
  #isAsking = false;
  #isRemote = false;
  /** When the first one will be asked for again. */
  #wakeAt = 0;
  #armedAt = 0;
  #cancelWake: (() => void) | undefined;

  constructor(limits: readonly RateLimit[], context: LimiterQueueContext) {
    this.limits = limits;
    this.#context = context;
  }

  /** Whether nobody waits. */
  get isIdle(): boolean {
    return this.#waiting.length === 0;
  }

  /** Takes a slot that is free, of a store that answers at once; nobody is passed by. */
  takeFree(): boolean {
    return this.isIdle && !this.#isAsking && this.#ask(0) === 0;
  }

  /** Takes its slot where there is one, else waits for it or is turned away: at once, unless the store takes its time. */
  join(waiter: Waiter): void {
    const place = { waiter, dueAt: 0 };
    const ahead = this.#waiting.push(place) - 1;
    if (this.#isAsking) this.#watchDeadlines();
    // Alone, or the clock was set back, and with it what it was asked to wake for.
    else if (ahead === 0 || this.#context.clock.now() < this.#armedAt) this.serve();
    else this.#judge(place, ahead, this.#wakeAt - this.#context.clock.now());
  }

  /** @returns whether it still waited */
  leave(waiter: Waiter): boolean {
    const index = this.#waiting.findIndex((place) => place.waiter === waiter);
    if (index < 0) return false;
    this.#waiting.splice(index, 1);
    if (this.isIdle) this.#cancelWake?.();
    return true;
  }

  /** Lets in whom it can, and turns away whom it cannot in time. */
  serve(): void {
    while (!this.#isAsking) {
      this.#rejectLate();
      const first = this.#waiting[0];
      if (!first) return;
      const wait = first.waiter.run(() => this.#ask(0));
      this.#isRemote = typeof wait !== 'number';
      if (typeof wait === 'number') {
        if (!this.#letIn(wait)) return;
        continue;
      }
      this.#isAsking = true;
      this.#watchDeadlines();
      void wait.then((told) => {
        this.#isAsking = false;
        this.#cancelWake?.();
        this.#rejectLate();
        if (this.#letIn(told)) this.serve();
      });
    }
  }

  /** @returns whether the first one got in, or nobody is left */
  #letIn(wait: number): boolean {
    const first = this.#waiting[0];
    if (wait === 0 || !first) {
      this.#waiting.shift()?.waiter.admit();
      return true;
    }
    // Later than was expected: what was said to all others no longer holds either.
    if (this.#context.clock.now() + wait > first.dueAt) {
      let ahead = 0;
      for (const place of [...this.#waiting]) if (this.#judge(place, ahead, wait)) ahead += 1;
    }
    if (!this.isIdle)
      this.#wake(Math.ceil(wait), () => {
        this.serve();
      });
    return false;
  }

  /**
   * Turns away whoever would get in too late.
   *
   * @returns whether it may stay
   */
  #judge(place: Place, ahead: number, firstWait: number): boolean {
    const { waiter } = place;
    const wait = ahead === 0 ? firstWait : waiter.run(() => this.#estimate(ahead, firstWait));
    place.dueAt = this.#context.clock.now() + Math.ceil(wait);
    if (place.dueAt < waiter.deadline) return true;
    if (this.leave(waiter)) waiter.reject(wait);
    return false;
  }

  /** How long somebody has to wait who is not the first: a store that takes its time is not asked, and at least so long it will be. */
  #estimate(ahead: number, firstWait: number): number {
    const told = this.#isRemote ? undefined : this.#ask(ahead);
    if (typeof told === 'number') return told;
    return firstWait + ahead * Math.min(...this.limits.map(({ intervalMs }) => intervalMs));
  }

  /** While the store is being asked, nobody is kept beyond the deadline. */
  #watchDeadlines(): void {
    if (this.isIdle) return;
    const next = Math.min(...this.#waiting.map(({ waiter }) => waiter.deadline));
    this.#wake(Math.max(0, next - this.#context.clock.now()), () => {
      this.#rejectLate();
      this.#watchDeadlines();
    });
  }

  #wake(delayMs: number, work: () => void): void {
    const { clock } = this.#context;
    this.#cancelWake?.();
    this.#armedAt = clock.now();
    this.#wakeAt = this.#armedAt + delayMs;
    // It is the lane's, and not that of the call which happened to arm it.
    this.#cancelWake = detached(() => clock.setTimeout(work, delayMs));
  }

  #rejectLate(): void {
    const now = this.#context.clock.now();
    for (const { waiter } of this.#waiting.filter((place) => place.waiter.deadline <= now)) {
      if (this.leave(waiter)) waiter.reject(0);
    }
  }

  /** A store that fails, or takes too long, lets everybody in: Lalamove's own limit is still there. */
  #ask(ahead: number): number | Promise<number> {
    const { store, clock } = this.#context;
    try {
      const wait = store.take(this.limits, clock.now(), ahead);
      return typeof wait === 'number' ? this.#checked(wait) : this.#awaited(wait);
    } catch (error) {
      return this.#unlimited(error);
    }
  }

  #awaited(wait: Promise<number>): Promise<number> {
    const { clock } = this.#context;
    return new Promise((resolve) => {
      const cancel = clock.setTimeout(() => {
        resolve(this.#unlimited(new Error(`no answer within ${TIMEOUT_MS} ms`)));
      }, TIMEOUT_MS);
      const settle = (told: number): void => {
        cancel();
        resolve(told);
      };
      wait.then(
        (told) => {
          settle(this.#checked(told));
        },
        (error: unknown) => {
          settle(this.#unlimited(error));
        },
      );
    });
  }

  #checked(wait: unknown): number {
    if (typeof wait === 'number' && Number.isFinite(wait) && wait >= 0) return wait;
    return this.#unlimited(new TypeError(`take() returned ${String(wait)}, not a number of ms from 0`));
  }

  #unlimited(error: unknown): number {
    this.#context.failed(error);
    return 0;
  }
}
