import { setMaxListeners } from 'node:events';
import { Observable, type Subscriber } from 'rxjs';
import { captureContext, type RunInContext } from '../../internal/async-context.js';
import type { Clock } from '../../internal/clock.js';
import type { LalamoveOperation } from '../../api/endpoints.js';
import { readRateLimit, type AnswerHeaders } from '../../api/rate-limit-headers.js';
import { isRateLimited } from '../../errors/refusal.js';
import { readRetryAfter } from '../../api/retry-after.js';
import type { UpstreamAnswer } from '../../errors/translate-answer.js';
import { limitsOf } from './account-limits.js';
import { GuardedStore, type GuardedStoreContext } from './guarded-store.js';
import { emptyAtFor, shareOf, type RateLimit } from './leaky-bucket.js';
import { LimiterQueue, type LimiterQueueContext, type Waiter } from './limiter-queue.js';
import type { RateLimitSettings } from './rate-limit.options.js';

/** The error of a call that got no slot: its caller gave it up, or no slot will be free in time. */
export class NoSlot extends Error {
  override readonly name = 'NoSlot';

  /** @param waitMs how long it would have to wait, in ms; `undefined` if its caller gave it up */
  constructor(readonly waitMs?: number) {
    super('There was no slot for the call.');
  }
}

const MINUTE_MS = 60_000;

/** What becomes of the host's store. */
export type StoreEvents = Pick<GuardedStoreContext, 'failed' | 'recovered'> &
  Partial<Pick<GuardedStoreContext, 'random'>>;

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
  readonly #random: () => number;
  /** Among how many processes each limit is divided; 1 if a store counts for all of them. */
  readonly #shares: number;
  /** The most recently used last. */
  readonly #queues = new Map<string, LimiterQueue>();

  /** @param events is told what becomes of the host's store */
  constructor(options: RateLimitSettings, clock: Clock, events: StoreEvents) {
    const { store, processes = 1 } = options;
    this.#options = options;
    this.#clock = clock;
    this.#random = events.random ?? Math.random;
    const guarded = new GuardedStore({ ...events, store, clock, processes, random: this.#random });
    this.#context = { store: guarded, clock };
    this.#shares = guarded.isLocal ? processes : 1;
  }

  /** Takes a free slot without an observable; only with the default store, which answers at once. */
  takeFree(apiKey: string, operation: LalamoveOperation): boolean {
    return this.#context.store.isLocal && this.#queue(apiKey, operation).takeFree();
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
      this.#context.store.raise(perMinute, sentAt + used * (MINUTE_MS / budget));
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
    // Processes that count for themselves and were refused at the same time must not come back at the same time.
    const apart = (this.#options.processes ?? 1) === 1 ? 1 : 1 + this.#random();
    const wantedMs = isGiven ? baseMs : baseMs * apart * 2 ** (refused.times - 1);
    // After a minute each bucket is empty: then one call tries again, whatever the header says.
    const pauseMs = Math.min(MINUTE_MS, wantedMs);
    // If requests are left, the limit per second has refused it.
    const refusing = remaining ? (perSecond ?? perMinute) : perMinute;
    this.#context.store.raise(refusing, emptyAtFor(refusing, now + pauseMs));
    queue.serve();
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

  #limits(apiKey: string, operation: LalamoveOperation, budget?: number): readonly RateLimit[] {
    const limits = limitsOf(apiKey, operation, this.#options, budget);
    return this.#shares === 1 ? limits : limits.map((limit) => shareOf(limit, this.#shares));
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
