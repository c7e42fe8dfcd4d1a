import { ManualClock } from '../../support/manual-clock.js';
import { GuardedStore } from '../../../src/client/rate-limit/guarded-store.js';
import type { RateLimit } from '../../../src/client/rate-limit/leaky-bucket.js';
import { LimiterQueue, type Waiter } from '../../../src/client/rate-limit/limiter-queue.js';
import {
  InMemoryRateLimitStore,
  type LalamoveRateLimitStore,
} from '../../../src/client/rate-limit/rate-limit.store.js';

export const START = Date.parse('2026-11-22T08:00:00Z');
export const LATE = 3_600_000;

/** Three at once, then one every 100 ms. */
export const LIMIT: RateLimit = { key: 'a', intervalMs: 100, burst: 3 };

/** A queue with a clock that the test moves. */
export class LimiterQueueScene {
  readonly clock = new ManualClock(START);
  /** The result of each waiter, and after how many ms. */
  readonly ends: string[] = [];
  readonly failures: unknown[] = [];
  readonly queue: LimiterQueue;

  constructor(
    limits: readonly RateLimit[] = [LIMIT],
    readonly store: LalamoveRateLimitStore = new InMemoryRateLimitStore(),
    processes = 1,
  ) {
    const guarded = new GuardedStore({
      store,
      clock: this.clock,
      processes,
      failed: (error) => this.failures.push(error),
      recovered: () => this.failures.push('recovered'),
      random: () => 0.5,
    });
    this.queue = new LimiterQueue(limits, { store: guarded, clock: this.clock });
  }

  /** Joins the queue; the returned waiter can leave again. */
  join(name: string | number, withinMs = LATE): Waiter {
    const since = (): number => this.clock.now() - START;
    const waiter: Waiter = {
      deadline: this.clock.now() + withinMs,
      run: (work) => work(),
      admit: () => this.ends.push(`${name} at ${since()}`),
      reject: (waitMs) => this.ends.push(`${name} away at ${since()}, for ${waitMs}`),
    };
    this.queue.join(waiter);
    return waiter;
  }

  joinAll(count: number, withinMs?: number): Waiter[] {
    return Array.from({ length: count }, (_, index) => this.join(index, withinMs));
  }
}
