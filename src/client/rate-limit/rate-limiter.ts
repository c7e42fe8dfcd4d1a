import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { Observable } from 'rxjs';
import { captureContext } from '../../internal/async-context.js';
import type { Clock } from '../../internal/clock.js';
import { OPERATION_TABLE, type LalamoveOperation, type OperationFacts } from '../../api/operation-table.js';
import { readRateLimit } from '../../api/rate-limit-headers.js';
import { isRateLimited } from '../../errors/refusal.js';
import { readRetryAfter } from '../../api/retry-after.js';
import type { UpstreamAnswer } from '../../errors/translate-answer.js';
import { LimiterQueue, type LimiterQueueContext, type Waiter } from './limiter-queue.js';
import { emptyAtFor, type RateLimit } from './leaky-bucket.js';
import { InMemoryRateLimitStore, type LalamoveRateLimitStore } from './rate-limit.store.js';

/** Limits of our own, ahead of Lalamove's 429. */
export interface RateLimitOptions {
  /**
   * Whose budgets of requests a minute hold, as in Lalamove's guide.
   *
   * @default by `environment`
   */
  budgets?: 'sandbox' | 'production';
  /** Other budgets, in requests a minute, by method of `LalamoveService`: say a quarter of Lalamove's each for four processes. */
  perMinute?: Partial<Record<LalamoveOperation, number>>;
  /**
   * How many orders are placed a second at the most.
   *
   * @default 2
   */
  ordersPerSecond?: number;
  /**
   * Where the fill of the limits is kept.
   *
   * @default in this process
   */
  store?: LalamoveRateLimitStore;
}

/** The options with their default. */
export type RateLimitSettings = RateLimitOptions & Required<Pick<RateLimitOptions, 'budgets'>>;

/** A call that got no slot: it was given up, or none will be free in time. */
export class NoSlot extends Error {
  override readonly name = 'NoSlot';

  /** @param waitMs how long it would have had to wait, in ms; `undefined` where its caller gave it up */
  constructor(readonly waitMs?: number) {
    super('There was no slot for the call.');
  }
}

const MINUTE_MS = 60_000;

/** What a burst leaves unused, and what orders keep apart beyond their share of a second: their way to Lalamove is not always as long. */
const TOLERANCE = { burst: 0.95, second: 1.1 };

/** Of so many accounts and calls the limits are known at a time: those used last. */
const MOST_LANES = 10_000;

/** Keeps calls within Lalamove's limits, by account and call: each has its slot, waits for it in the order of arrival, or is turned away. */
export class RateLimiter {
  readonly #options: RateLimitSettings;
  readonly #clock: Clock;
  readonly #context: LimiterQueueContext;
  /** The most recently used last. */
  readonly #queues = new Map<string, LimiterQueue>();

  /** @param failed is told of errors of the store, which let calls pass */
  constructor(options: RateLimitSettings, clock: Clock, failed: (error: unknown) => void) {
    this.#options = options;
    this.#clock = clock;
    this.#context = { store: options.store ?? new InMemoryRateLimitStore(), clock, failed };
  }

  /** Takes a slot that is free: the short way of {@link take}, for the default store alone, which answers at once. */
  takeFree(apiKey: string, operation: LalamoveOperation): boolean {
    return this.#context.store instanceof InMemoryRateLimitStore && this.#queue(apiKey, operation).takeFree();
  }

  /**
   * Waits for a slot; emits how long it waited, in ms. Errors with {@link NoSlot}.
   *
   * @param deadline Unix ms
   */
  take(apiKey: string, operation: LalamoveOperation, deadline: number, signal?: AbortSignal): Observable<number> {
    return new Observable((subscriber) => {
      // Whoever frees a slot, arms a timer or gives up is another: the call goes on in its caller's context.
      const run = captureContext();
      const giveUp = (): void => {
        run(() => {
          subscriber.error(new NoSlot());
        });
      };
      if (signal?.aborted) {
        giveUp();
        return undefined;
      }
      const queue = this.#queue(apiKey, operation);
      const since = this.#clock.now();
      const waiter: Waiter = {
        deadline,
        run,
        admit: (): void => {
          run(() => {
            subscriber.next(this.#clock.now() - since);
            subscriber.complete();
          });
        },
        reject: (waitMs: number): void => {
          run(() => {
            subscriber.error(new NoSlot(waitMs));
          });
        },
      };
      queue.join(waiter);
      if (subscriber.closed) return undefined;
      // One signal of a caller's may stand for any number of calls.
      if (signal instanceof EventTarget) setMaxListeners(0, signal);
      signal?.addEventListener('abort', giveUp, { once: true });
      return () => {
        queue.leave(waiter);
        signal?.removeEventListener('abort', giveUp);
      };
    });
  }

  /**
   * Corrects a limit by what Lalamove's answer says of it.
   *
   * @param sentAt Unix ms at which the call was sent
   */
  observe(
    apiKey: string,
    operation: LalamoveOperation,
    { status, headers }: Pick<UpstreamAnswer, 'status' | 'headers'>,
    sentAt: number,
  ): void {
    const { limit, remaining } = readRateLimit(headers);
    const told = limit === 0 ? undefined : limit;
    const queue = this.#queues.get(keyOf(apiKey, operation)) ?? this.#queue(apiKey, operation);
    if (told !== undefined && told !== queue.told) {
      queue.told = told;
      queue.limits = this.#limits(apiKey, operation, told);
    }
    const [perMinute, perSecond] = queue.limits;
    if (!perMinute) return;
    if (isRateLimited(status)) {
      const now = this.#clock.now();
      const { refused } = queue;
      // One pause for all that were sent before it. Where Lalamove does not say how long, each further one is twice as long: others may be filling
      // the bucket as fast as it leaks.
      if (sentAt > refused.at) {
        refused.at = now;
        refused.times += 1;
      }
      const isTold = headers['retry-after'] !== undefined || headers['retry-after-ms'] !== undefined;
      const baseMs = (readRetryAfter(headers, now) ?? 0) * 1000 || perMinute.intervalMs;
      const askedMs = isTold ? baseMs : baseMs * 2 ** (refused.times - 1);
      // After a minute a bucket is empty: then one call finds out, whatever was said.
      const pauseMs = Math.min(MINUTE_MS, askedMs);
      // Refused with requests left, it was the limit of the second.
      const refusing = remaining ? (perSecond ?? perMinute) : perMinute;
      this.#raise(refusing, emptyAtFor(refusing, now + pauseMs));
      queue.serve();
      return;
    }
    queue.refused.times = 0;
    if (told && remaining !== undefined) {
      // As of the sending, and one less, for it is rounded: what is in flight has been counted here already.
      const used = remaining > 0 ? told - remaining - 1 : told;
      this.#raise(perMinute, sentAt + used * (MINUTE_MS / told));
    }
  }

  #raise(limit: RateLimit, emptyAt: number): void {
    const { store, failed } = this.#context;
    try {
      const raised = store.raise(limit, emptyAt);
      if (raised !== undefined) Promise.resolve(raised).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #queue(apiKey: string, operation: LalamoveOperation): LimiterQueue {
    const key = keyOf(apiKey, operation);
    const queue = this.#queues.get(key) ?? new LimiterQueue(this.#limits(apiKey, operation), this.#context);
    this.#queues.delete(key);
    this.#queues.set(key, queue);
    if (this.#queues.size > MOST_LANES) this.#forgetOldest();
    return queue;
  }

  #forgetOldest(): void {
    for (const [key, { isIdle }] of this.#queues) {
      if (!isIdle) continue;
      this.#queues.delete(key);
      return;
    }
  }

  /** @param told the budget that Lalamove's headers name: it goes before the guide's, but never above one of the host's own */
  #limits(apiKey: string, operation: LalamoveOperation, told?: number): readonly RateLimit[] {
    const { budgets, perMinute: own, ordersPerSecond } = this.#options;
    const facts: OperationFacts = OPERATION_TABLE[operation];
    const ownLimit = own?.[operation];
    const perMinute =
      ownLimit === undefined ? (told ?? facts.perMinute[budgets]) : Math.min(ownLimit, told ?? ownLimit);
    const key = `${operation}:${createHash('sha256').update(apiKey).digest('base64url').slice(0, 16)}`;
    const minute = {
      key,
      intervalMs: MINUTE_MS / perMinute,
      burst: Math.max(1, Math.floor(perMinute * TOLERANCE.burst)),
    };
    if (facts.perSecond === undefined) return [minute];
    const intervalMs = (1000 / (ordersPerSecond ?? facts.perSecond)) * TOLERANCE.second;
    return [minute, { key: `${key}:second`, intervalMs, burst: 1 }];
  }
}

function keyOf(apiKey: string, operation: LalamoveOperation): string {
  return `${operation} ${apiKey}`;
}
