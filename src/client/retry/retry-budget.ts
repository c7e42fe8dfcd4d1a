import type { Clock } from '../../internal/clock.js';

/** The most retries in the budget, and those at the start. */
const CAPACITY = 20;
/** Added by each success: while Lalamove works, one call in five may be retried. */
const PER_SUCCESS = 0.2;
/** One retry is added in this time even without a success, for an app with few calls. */
const REFILL_MS = 10_000;

/**
 * Keeps retries from making an outage worse: if many calls fail at once, only as many as the budget holds are retried.
 * The others end with their first failure. First attempts are never limited, so that all recovers as soon as Lalamove
 * does.
 */
export class RetryBudget {
  readonly #clock: Clock;
  #retries = CAPACITY;
  #asOf: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#asOf = clock.now();
  }

  /** To be called after each success. */
  earn(): void {
    this.#retries = Math.min(CAPACITY, this.#retries + PER_SUCCESS);
  }

  /** @returns whether there was a retry left */
  spend(): boolean {
    const now = this.#clock.now();
    this.#retries = Math.min(CAPACITY, this.#retries + Math.max(0, now - this.#asOf) / REFILL_MS);
    this.#asOf = now;
    if (this.#retries < 1) return false;
    this.#retries -= 1;
    return true;
  }
}
