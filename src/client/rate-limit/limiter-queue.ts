import { detached, type RunInContext } from '../../internal/async-context.js';
import type { Clock } from '../../internal/clock.js';
import type { GuardedStore } from './guarded-store.js';
import type { RateLimit } from './leaky-bucket.js';

/** A call that waits for a slot. */
export interface Waiter {
  /** Unix ms from which a slot is of no use. */
  readonly deadline: number;
  /** Runs a function in the async context of its caller. */
  readonly run: RunInContext;
  /** Called when it has its slot. */
  readonly admit: () => void;
  /** Called if it will not get one in time. */
  readonly reject: (waitMs: number) => void;
}

/** What all queues of a limiter share. */
export interface LimiterQueueContext {
  readonly store: GuardedStore;
  readonly clock: Clock;
}

/** A waiter's place in the queue. */
interface Place {
  readonly waiter: Waiter;
  /** Unix ms at which it was last expected to be admitted. */
  dueAt: number;
}

/** The calls that wait for the slots of the same limits: first come, first served. */
export class LimiterQueue {
  limits: readonly RateLimit[];
  /** The budget in Lalamove's last headers, in requests a minute. */
  budget: number | undefined;
  /** The last pause after a 429, in Unix ms, and how many there were since the last success. */
  readonly refused = { at: Number.NEGATIVE_INFINITY, times: 0 };
  readonly #context: LimiterQueueContext;
  readonly #waiting: Place[] = [];
  /** Whether the store is being asked for a slot; and whether it answers with promises. */
  #isAsking = false;
  #isRemote = false;
  /** Unix ms at which the store is asked again, and at which that was decided. */
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

  /** Takes a free slot of a store that answers at once; never before a call that waits. */
  takeFree(): boolean {
    return this.isIdle && !this.#isAsking && this.#ask(0) === 0;
  }

  /**
   * Admits a call if there is a slot; else it waits, or is rejected. At once, unless the store answers with promises.
   */
  join(waiter: Waiter): void {
    const place = { waiter, dueAt: 0 };
    const ahead = this.#waiting.push(place) - 1;
    if (this.#isAsking) this.#watchDeadlines();
    // It is the only one, or the clock was set back, so that the time to wake no longer holds.
    else if (ahead === 0 || this.#context.clock.now() < this.#armedAt) this.serve();
    else this.#keepIfInTime(place, ahead, this.#wakeAt - this.#context.clock.now());
  }

  /** @returns whether it was waiting */
  leave(waiter: Waiter): boolean {
    const index = this.#waiting.findIndex((place) => place.waiter === waiter);
    if (index < 0) return false;
    this.#waiting.splice(index, 1);
    if (this.isIdle) this.#cancelWake?.();
    return true;
  }

  /** Admits each call that has a slot, and rejects each that will not get one in time. */
  serve(): void {
    while (!this.#isAsking) {
      this.#rejectLate();
      const first = this.#waiting[0];
      if (!first) return;
      const wait = first.waiter.run(() => this.#ask(0));
      this.#isRemote = typeof wait !== 'number';
      if (typeof wait === 'number') {
        if (!this.#admitFirst(wait)) return;
        continue;
      }
      this.#isAsking = true;
      this.#watchDeadlines();
      void wait.then((answered) => {
        this.#isAsking = false;
        this.#cancelWake?.();
        this.#rejectLate();
        if (this.#admitFirst(answered)) this.serve();
      });
    }
  }

  /** @returns whether the first one was admitted, or nobody waits */
  #admitFirst(wait: number): boolean {
    const first = this.#waiting[0];
    if (wait === 0 || !first) {
      this.#waiting.shift()?.waiter.admit();
      return true;
    }
    // Later than expected: check the deadlines of all others again.
    if (this.#context.clock.now() + wait > first.dueAt) {
      let ahead = 0;
      for (const place of [...this.#waiting]) if (this.#keepIfInTime(place, ahead, wait)) ahead += 1;
    }
    if (!this.isIdle) {
      this.#wake(Math.ceil(wait), () => {
        this.serve();
      });
    }
    return false;
  }

  /**
   * Rejects a waiter that would be admitted too late.
   *
   * @returns whether it stays
   */
  #keepIfInTime(place: Place, ahead: number, firstWait: number): boolean {
    const { waiter } = place;
    const wait = ahead === 0 ? firstWait : waiter.run(() => this.#estimate(ahead, firstWait));
    place.dueAt = this.#context.clock.now() + Math.ceil(wait);
    if (place.dueAt < waiter.deadline) return true;
    if (this.leave(waiter)) waiter.reject(wait);
    return false;
  }

  /**
   * The wait of a call that is not the first. A store that answers with promises is not asked: then it is the least
   * wait.
   */
  #estimate(ahead: number, firstWait: number): number {
    const exact = this.#isRemote ? undefined : this.#ask(ahead);
    if (typeof exact === 'number') return exact;
    return firstWait + ahead * Math.min(...this.limits.map(({ intervalMs }) => intervalMs));
  }

  /** Rejects each waiter at its deadline, even while the store is being asked. */
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
    // The timer belongs to the queue, and not to the async context of the call that happens to set it.
    this.#cancelWake = detached(() => clock.setTimeout(work, delayMs));
  }

  #rejectLate(): void {
    const now = this.#context.clock.now();
    for (const { waiter } of this.#waiting.filter((place) => place.waiter.deadline <= now)) {
      if (this.leave(waiter)) waiter.reject(0);
    }
  }

  #ask(ahead: number): number | Promise<number> {
    return this.#context.store.take(this.limits, ahead);
  }
}
