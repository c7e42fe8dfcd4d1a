import type { Subscription } from 'rxjs';
import { ManualClock } from '../../support/manual-clock.js';
import type { LalamoveOperation } from '../../../src/api/endpoints.js';
import type { RateLimit } from '../../../src/client/rate-limit/leaky-bucket.js';
import { InMemoryRateLimitStore } from '../../../src/client/rate-limit/rate-limit.store.js';
import type { RateLimitOptions } from '../../../src/client/rate-limit/rate-limit.options.js';
import { NoSlot, RateLimiter } from '../../../src/client/rate-limit/rate-limiter.js';

export const START = Date.parse('2026-11-22T08:00:00Z');
export const LATE = 3_600_000;
const KEY = 'pk_test_public';
const DATE = new Date(START).toUTCString();

/** A store that records its calls. */
export class RecordingStore extends InMemoryRateLimitStore {
  readonly asked: (readonly RateLimit[])[] = [];
  readonly raised: [key: string, afterMs: number][] = [];

  override take(limits: readonly RateLimit[], now: number, ahead: number): number {
    this.asked.push(limits);
    return super.take(limits, now, ahead);
  }

  override raise(limit: RateLimit, emptyAt: number): void {
    this.raised.push([limit.key, emptyAt - START]);
    super.raise(limit, emptyAt);
  }
}

/** The arguments of a call, without its name. */
interface Asked {
  readonly key?: string;
  readonly withinMs?: number;
  readonly signal?: AbortSignal;
}

/** A limiter with a clock that the test moves. */
export class RateLimiterScene {
  readonly clock = new ManualClock(START);
  readonly ends: string[] = [];
  readonly failures: unknown[] = [];
  readonly limiter: RateLimiter;

  /** @param options replace the budgets of the sandbox and the store */
  constructor(
    options: Partial<RateLimitOptions> = {},
    readonly store = new RecordingStore(),
  ) {
    this.limiter = new RateLimiter({ budgets: 'sandbox', store, ...options }, this.clock, {
      failed: (error) => this.failures.push(error),
      recovered: () => this.failures.push('recovered'),
      random: () => 0.5,
    });
  }

  /** Takes a slot; records the result, and after how many ms. */
  take(operation: LalamoveOperation, name: string | number = '', asked: Asked = {}): Subscription {
    const { key = KEY, withinMs = LATE, signal } = asked;
    const at = (what: string): number => this.ends.push(`${name} ${what} at ${this.clock.now() - START}`.trim());
    return this.limiter.take(key, operation, this.clock.now() + withinMs, signal).subscribe({
      next: (waited) => at(`waited ${waited},`),
      complete: () => at('done'),
      error: (error: unknown) => {
        if (error instanceof NoSlot) at(error.waitMs === undefined ? 'given up' : `away for ${error.waitMs}`);
        else at(String(error));
      },
    });
  }

  /** Takes all free slots. */
  fill(operation: LalamoveOperation): number {
    const before = this.ends.length;
    for (let count = 0; count < 1000 && !this.ends.at(-1)?.startsWith('fill away'); count += 1) {
      this.take(operation, 'fill', { withinMs: 1 });
    }
    const filled = this.ends.slice(before).filter((end) => end.startsWith('fill done')).length;
    this.ends.length = before;
    return filled;
  }

  /** Passes an answer of Lalamove to the limiter. */
  answer(
    operation: LalamoveOperation,
    status: number,
    headers: Record<string, string>,
    sentAt = this.clock.now(),
  ): void {
    this.limiter.observe(KEY, operation, { status, headers: { date: DATE, ...headers } }, sentAt);
  }

  /** The limits of the next call of the operation. */
  limitsOf(operation: LalamoveOperation, key = KEY): readonly RateLimit[] {
    this.take(operation, 'asked', { key }).unsubscribe();
    return this.store.asked.at(-1) ?? [];
  }
}
