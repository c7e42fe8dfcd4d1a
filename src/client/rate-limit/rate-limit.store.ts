import { LruMap } from '../../internal/lru-map.js';
import { afterOne, waitFor, type RateLimit } from './leaky-bucket.js';

/**
 * Stores the state of rate limits. The default store keeps it in this process. A store that several processes share
 * must do each call in one atomic step (a script in Redis, a transaction). While a store fails, or takes longer than 2
 * s, each process counts for itself, within its share of the limits.
 *
 * A limit is a bucket, stored as the time at which it will be empty (GCRA). A slot is free if that time is at most
 * `(burst - 1) * intervalMs` ahead. Taking a slot adds `intervalMs` to it, or to the current time if that is later.
 */
export interface LalamoveRateLimitStore {
  /**
   * Takes a slot of each limit, or none at all.
   *
   * @param now Unix ms by the account's clock; a shared store may use its own clock
   * @param ahead how many calls of this process go first; above 0, nothing is taken
   * @returns how long the call has to wait, in ms; 0 if it has taken its slots
   */
  take(limits: readonly RateLimit[], now: number, ahead: number): number | Promise<number>;
  /**
   * Corrects a limit by an answer of Lalamove: its bucket will not be empty before `emptyAt`.
   *
   * @param emptyAt Unix ms by the account's clock
   * @param now Unix ms by the same clock; a store with a clock of its own adds `emptyAt - now` to its time
   */
  raise(limit: RateLimit, emptyAt: number, now: number): void | Promise<void>;
}

/** If the clock goes back by more than this, somebody has set it. */
const SET_BACK_MS = 60_000;

/** Stores the state of the most recently used limits in this process. */
export class InMemoryRateLimitStore implements LalamoveRateLimitStore {
  readonly #emptyAt: LruMap<string, number>;
  #latest = 0;

  /** @param capacity how many limits are kept; an account has one for each operation it uses */
  constructor(capacity = 10_000) {
    this.#emptyAt = new LruMap(capacity);
  }

  take(limits: readonly RateLimit[], now: number, ahead: number): number {
    // The stored times are too far in the future now.
    if (now < this.#latest - SET_BACK_MS) this.#emptyAt.clear();
    this.#latest = now;
    let wait = 0;
    for (const limit of limits) wait = Math.max(wait, waitFor(limit, this.#of(limit), now, ahead));
    if (wait > 0 || ahead > 0) return wait;
    for (const limit of limits) this.#set(limit, afterOne(limit, this.#of(limit), now));
    return 0;
  }

  raise(limit: RateLimit, emptyAt: number): void {
    if (emptyAt > this.#of(limit)) this.#set(limit, emptyAt);
  }

  #of({ key }: RateLimit): number {
    return this.#emptyAt.get(key) ?? 0;
  }

  #set({ key }: RateLimit, emptyAt: number): void {
    this.#emptyAt.set(key, emptyAt);
  }
}
