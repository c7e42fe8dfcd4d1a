import type { Clock } from '../../internal/clock.js';

/** How many repeats there are at the most, and at the start. */
const RESERVE = 20;
/** What a success earns: while Lalamove is well, one call in five may be repeated. */
const PER_SUCCESS = 0.2;
/** A repeat comes back in this time even without one, so that an app with few calls is not left without. */
const REFILL_MS = 10_000;

/**
 * Keeps repeats from making an outage worse: when many calls fail at once, only so many are repeated, and all others end at their first failure.
 * First attempts are never held back, so that everything is as before as soon as Lalamove is.
 */
export class RetryBudget {
  readonly #clock: Clock;
  #repeats = RESERVE;
  #asOf: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#asOf = clock.now();
  }

  /** A call has succeeded. */
  earn(): void {
    this.#repeats = Math.min(RESERVE, this.#repeats + PER_SUCCESS);
  }

  /** @returns whether there was a repeat left */
  spend(): boolean {
    const now = this.#clock.now();
    this.#repeats = Math.min(RESERVE, this.#repeats + Math.max(0, now - this.#asOf) / REFILL_MS);
    this.#asOf = now;
    if (this.#repeats < 1) return false;
    this.#repeats -= 1;
    return true;
  }
}
