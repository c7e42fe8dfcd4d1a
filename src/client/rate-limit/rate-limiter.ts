import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { Observable, type Subscriber } from 'rxjs';
import { captureContext, type RunInContext } from '../../internal/async-context.js';
import type { Clock } from '../../internal/clock.js';
import { ENDPOINTS, type LalamoveOperation, type Endpoint } from '../../api/endpoints.js';
import { readRateLimit, type AnswerHeaders } from '../../api/rate-limit-headers.js';
import { isRateLimited } from '../../errors/refusal.js';
import { readRetryAfter } from '../../api/retry-after.js';
import type { UpstreamAnswer } from '../../errors/translate-answer.js';
import { LimiterQueue, type LimiterQueueContext, type Waiter } from './limiter-queue.js';
import { emptyAtFor, type RateLimit } from './leaky-bucket.js';
import { InMemoryRateLimitStore, type LalamoveRateLimitStore } from './rate-limit.store.js';

/** Limits in this app that keep its calls below those of Lalamove. */
export interface RateLimitOptions {
  /**
   * Which budgets of Lalamove's guide apply, in requests a minute.
   *
   * @default by `environment`
   */
  budgets?: 'sandbox' | 'production';
  /**
   * Other budgets, in requests a minute, by method of `LalamoveService`. For example, a quarter of Lalamove's for each
   * of four processes.
   */
  perMinute?: Partial<Record<LalamoveOperation, number>>;
  /**
   * How many orders are placed a second at most.
   *
   * @default 2
   */
  ordersPerSecond?: number;
  /**
   * Where the state of the limits is stored.
   *
   * @default in this process
   */
  store?: LalamoveRateLimitStore;
}

/** The options with the default of `budgets`. */
export type RateLimitSettings = RateLimitOptions & Required<Pick<RateLimitOptions, 'budgets'>>;

/** The error of a call that got no slot: its caller gave it up, or no slot will be free in time. */
export class NoSlot extends Error {
  override readonly name = 'NoSlot';

  /** @param waitMs how long it would have to wait, in ms; `undefined` if its caller gave it up */
  constructor(readonly waitMs?: number) {
    super('There was no slot for the call.');
  }
}

const MINUTE_MS = 60_000;

/**
 * Margins: the share of a minute's budget that a burst uses, and of a second between orders, because latency varies.
 */
const TOLERANCE = { burst: 0.95, second: 1.1 };

/** The limits of at most so many accounts and operations are kept: the most recently used ones. */
const MAX_QUEUES = 10_000;

/**
 * Keeps calls within Lalamove's limits, by account and operation. Each call takes a free slot, waits for one in the
 * order of arrival, or is rejected.
 */
export class RateLimiter {
  readonly #options: RateLimitSettings;
  readonly #clock: Clock;
  readonly #context: LimiterQueueContext;
  /** The most recently used last. */
  readonly #queues = new Map<string, LimiterQueue>();

  /** @param failed is called with each error of the store; while it fails, calls are not limited */
  constructor(options: RateLimitSettings, clock: Clock, failed: (error: unknown) => void) {
    this.#options = options;
    this.#clock = clock;
    this.#context = { store: options.store ?? new InMemoryRateLimitStore(), clock, failed };
  }

  /** Takes a free slot without an observable; only with the default store, which answers at once. */
  takeFree(apiKey: string, operation: LalamoveOperation): boolean {
    return this.#context.store instanceof InMemoryRateLimitStore && this.#queue(apiKey, operation).takeFree();
  }

  /**
   * Waits for a slot.
   *
   * @param deadline Unix ms
   * @returns how long it waited, in ms; its only error is {@link NoSlot}
   */
  take(apiKey: string, operation: LalamoveOperation, deadline: number, signal?: AbortSignal): Observable<number> {
    return new Observable((subscriber) => {
      // Slots, timers and aborts come from other calls: the call goes on in the async context of its own caller.
      const run = captureContext();
      const abort = (): void => {
        run(() => {
          subscriber.error(new NoSlot());
        });
      };
      if (signal?.aborted) {
        abort();
        return undefined;
      }
      const queue = this.#queue(apiKey, operation);
      const waiter = waiterFor(subscriber, { clock: this.#clock, deadline, run });
      queue.join(waiter);
      if (subscriber.closed) return undefined;
      // A caller may use one signal for any number of calls.
      if (signal instanceof EventTarget) setMaxListeners(0, signal);
      signal?.addEventListener('abort', abort, { once: true });
      return () => {
        queue.leave(waiter);
        signal?.removeEventListener('abort', abort);
      };
    });
  }

  /**
   * Corrects a limit by the headers of an answer.
   *
   * @param sentAt Unix ms at which the call was sent
   */
  observe(
    apiKey: string,
    operation: LalamoveOperation,
    answer: Pick<UpstreamAnswer, 'status' | 'headers'>,
    sentAt: number,
  ): void {
    const { limit, remaining } = readRateLimit(answer.headers);
    const budget = limit === 0 ? undefined : limit;
    const queue = this.#queues.get(keyOf(apiKey, operation)) ?? this.#queue(apiKey, operation);
    if (budget !== undefined && budget !== queue.budget) {
      queue.budget = budget;
      queue.limits = this.#limits(apiKey, operation, budget);
    }
    if (isRateLimited(answer.status)) {
      this.#pause(queue, answer.headers, { remaining, sentAt });
      return;
    }
    queue.refused.times = 0;
    const [perMinute] = queue.limits;
    if (perMinute && budget && remaining !== undefined) {
      // As of the time of sending, and one less, because it is rounded. Requests on their way are counted here already.
      const used = remaining > 0 ? budget - remaining - 1 : budget;
      this.#raise(perMinute, sentAt + used * (MINUTE_MS / budget));
    }
  }

  /** Pauses the calls of a queue after a 429. */
  #pause(
    queue: LimiterQueue,
    headers: AnswerHeaders,
    { remaining, sentAt }: { remaining: number | undefined; sentAt: number },
  ): void {
    const [perMinute, perSecond] = queue.limits;
    if (!perMinute) return;
    const now = this.#clock.now();
    const { refused } = queue;
    // One pause for all requests that were sent before it.
    if (sentAt > refused.at) {
      refused.at = now;
      refused.times += 1;
    }
    // If Lalamove does not say how long, each further pause is twice as long: other processes may use up each free
    // slot.
    const isGiven = headers['retry-after'] !== undefined || headers['retry-after-ms'] !== undefined;
    const baseMs = (readRetryAfter(headers, now) ?? 0) * 1000 || perMinute.intervalMs;
    const wantedMs = isGiven ? baseMs : baseMs * 2 ** (refused.times - 1);
    // After a minute each bucket is empty: then one call tries again, whatever the header says.
    const pauseMs = Math.min(MINUTE_MS, wantedMs);
    // If requests are left, the limit per second has refused it.
    const refusing = remaining ? (perSecond ?? perMinute) : perMinute;
    this.#raise(refusing, emptyAtFor(refusing, now + pauseMs));
    queue.serve();
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
    if (this.#queues.size > MAX_QUEUES) this.#forgetOldest();
    return queue;
  }

  #forgetOldest(): void {
    for (const [key, { isIdle }] of this.#queues) {
      if (!isIdle) continue;
      this.#queues.delete(key);
      return;
    }
  }

  /**
   * @param budget that of Lalamove's headers: it replaces the guide's, and lowers one of the host, but never raises it
   */
  #limits(apiKey: string, operation: LalamoveOperation, budget?: number): readonly RateLimit[] {
    const { budgets, perMinute: own, ordersPerSecond } = this.#options;
    const endpoint: Endpoint = ENDPOINTS[operation];
    const ownLimit = own?.[operation];
    const perMinute =
      ownLimit === undefined ? (budget ?? endpoint.perMinute[budgets]) : Math.min(ownLimit, budget ?? ownLimit);
    const key = `${operation}:${createHash('sha256').update(apiKey).digest('base64url').slice(0, 16)}`;
    const minute = {
      key,
      intervalMs: MINUTE_MS / perMinute,
      burst: Math.max(1, Math.floor(perMinute * TOLERANCE.burst)),
    };
    if (endpoint.perSecond === undefined) return [minute];
    const intervalMs = (1000 / (ordersPerSecond ?? endpoint.perSecond)) * TOLERANCE.second;
    return [minute, { key: `${key}:second`, intervalMs, burst: 1 }];
  }
}

function waiterFor(
  subscriber: Subscriber<number>,
  { clock, deadline, run }: { clock: Clock; deadline: number; run: RunInContext },
): Waiter {
  const since = clock.now();
  return {
    deadline,
    run,
    admit: () => {
      run(() => {
        subscriber.next(clock.now() - since);
        subscriber.complete();
      });
    },
    reject: (waitMs) => {
      run(() => {
        subscriber.error(new NoSlot(waitMs));
      });
    },
  };
}

function keyOf(apiKey: string, operation: LalamoveOperation): string {
  return `${operation} ${apiKey}`;
}
