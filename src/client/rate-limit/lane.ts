import type { Clock } from '../../clock.js';
import type { RateLimit } from './rate-limit.js';
import type { LalamoveRateLimitStore } from './rate-limit.store.js';

/** A call that wants a slot. */
export interface Waiter {
  /** Unix ms after which it has no use for one. */
  readonly deadline: number;
  /** It has its slot. */
  readonly admit: () => void;
  /** It will not get one in time. */
  readonly turnAway: (waitMs: number) => void;
}

/** What lanes share. */
export interface LaneContext {
  readonly store: LalamoveRateLimitStore;
  readonly clock: Clock;
  /** The store failed. */
  readonly failed: (error: unknown) => void;
}

/** The calls that wait for the slots of the same limits: first come, first served. */
export class Lane {
  limits: readonly RateLimit[];
  /** The budget that Lalamove's headers last named, in requests a minute. */
  told: number | undefined;
  readonly #context: LaneContext;
  readonly #waiting: Waiter[] = [];
  #isAsking = false;
  #cancelWake: (() => void) | undefined;

  constructor(limits: readonly RateLimit[], context: LaneContext) {
    this.limits = limits;
    this.#context = context;
  }

  /** Whether nobody waits. */
  get isIdle(): boolean {
    return this.#waiting.length === 0;
  }

  /** Takes its slot where there is one, else waits for it or is turned away: at once, unless the store takes its time. */
  join(waiter: Waiter): void {
    const ahead = this.#waiting.push(waiter) - 1;
    if (ahead === 0) {
      this.serve();
      return;
    }
    const judge = (wait: number): void => {
      if (this.#context.clock.now() + wait >= waiter.deadline && this.leave(waiter)) waiter.turnAway(wait);
    };
    const wait = this.#ask(ahead);
    if (typeof wait === 'number') judge(wait);
    else void wait.then(judge);
  }

  /** @returns whether it still waited */
  leave(waiter: Waiter): boolean {
    const index = this.#waiting.indexOf(waiter);
    if (index < 0) return false;
    this.#waiting.splice(index, 1);
    if (this.isIdle) this.#cancelWake?.();
    return true;
  }

  /** Lets in whom it can, and turns away whom it cannot in time. */
  serve(): void {
    while (!this.#isAsking) {
      this.#turnAwayUntil(this.#context.clock.now(), 0);
      if (this.isIdle) return;
      const wait = this.#ask(0);
      if (typeof wait === 'number') {
        if (!this.#letIn(wait)) return;
        continue;
      }
      this.#isAsking = true;
      void wait.then((told) => {
        this.#isAsking = false;
        if (this.#letIn(told)) this.serve();
      });
    }
  }

  /** @returns whether the first one got in */
  #letIn(wait: number): boolean {
    if (wait === 0) {
      this.#waiting.shift()?.admit();
      return true;
    }
    const { clock } = this.#context;
    const wakeAt = clock.now() + Math.ceil(wait);
    this.#turnAwayUntil(wakeAt, wait);
    this.#cancelWake?.();
    if (this.isIdle) return false;
    this.#cancelWake = clock.setTimeout(() => {
      this.serve();
    }, Math.ceil(wait));
    return false;
  }

  #turnAwayUntil(time: number, wait: number): void {
    for (const late of this.#waiting.filter(({ deadline }) => deadline <= time)) {
      if (this.leave(late)) late.turnAway(wait);
    }
  }

  /** A store that fails lets everybody in: Lalamove's own limit is still there. */
  #ask(ahead: number): number | Promise<number> {
    const { store, clock, failed } = this.#context;
    const unlimited = (error: unknown): number => {
      failed(error);
      return 0;
    };
    try {
      const wait = store.take(this.limits, clock.now(), ahead);
      return typeof wait === 'number' ? wait : wait.catch(unlimited);
    } catch (error) {
      return unlimited(error);
    }
  }
}
