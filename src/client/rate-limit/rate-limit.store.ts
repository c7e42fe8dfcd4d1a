import { afterOne, waitFor, type RateLimit } from './leaky-bucket.js';

/**
 * Where the fill of rate limits is kept. The default keeps it in this process; one that several processes share has to do each call in one step
 * (a script in Redis, a transaction). While it fails, or takes longer than 2 s, calls go out unlimited.
 *
 * A limit is a bucket, kept as the time at which it will be empty (GCRA): a slot is free while that lies at most `(burst - 1) * intervalMs` ahead, and
 * taking it puts that off by `intervalMs`, from now on where it has passed.
 */
export interface LalamoveRateLimitStore {
  /**
   * Takes a slot of each limit, or of none.
   *
   * @param now Unix ms by the account's clock; a shared store may go by its own
   * @param ahead how many calls of this process are to go first; with any, nothing is taken
   * @returns how long the call has to wait, in ms; 0 where it has taken its slots
   */
  take(limits: readonly RateLimit[], now: number, ahead: number): number | Promise<number>;
  /**
   * Corrects a limit by what Lalamove answered: its bucket will not be empty before `emptyAt`.
   *
   * @param emptyAt Unix ms
   */
  raise(limit: RateLimit, emptyAt: number): void | Promise<void>;
}

/** A clock that goes back by more than this was set. */
const SET_BACK_MS = 60_000;

/** Keeps the fill of rate limits in this process, of the most recent limits only. */
export class InMemoryRateLimitStore implements LalamoveRateLimitStore {
  readonly #emptyAt = new Map<string, number>();
  readonly #capacity: number;
  #latest = 0;

  /** @param capacity how many limits are kept; an account has one for each call that it makes */
  constructor(capacity = 10_000) {
    this.#capacity = capacity;
  }

  take(limits: readonly RateLimit[], now: number, ahead: number): number {
    // What was known lies in the future now.
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
    this.#emptyAt.delete(key);
    this.#emptyAt.set(key, emptyAt);
    if (this.#emptyAt.size <= this.#capacity) return;
    for (const oldest of this.#emptyAt.keys()) {
      this.#emptyAt.delete(oldest);
      break;
    }
  }
}
