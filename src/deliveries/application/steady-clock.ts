import { passed, type Clock } from '../../internal/clock.js';

/** A smaller difference of the wall clock is not a jump, in ms, because the system adjusts its clock all the time. */
const TOLERANCE_MS = 5000;

/** One moment, measured by the wall clock and by the monotonic clock. */
interface Anchor {
  readonly wall: number;
  readonly passed: number;
}

/**
 * The clock of deliveries. It starts with the wall clock's time and then follows the monotonic clock. If the wall
 * clock is set, this clock follows only after `follow()`, so that leases and deadlines stay correct until then.
 */
export class SteadyClock implements Clock {
  #anchor: Anchor;

  constructor(private readonly clock: Clock) {
    this.#anchor = this.#here();
  }

  now(): number {
    return Math.floor(this.#anchor.wall + passed(this.clock) - this.#anchor.passed);
  }

  setTimeout(callback: () => void, delayMs: number): () => void {
    return this.clock.setTimeout(callback, delayMs);
  }

  /** Whether the clock has a monotonic time, which is needed to detect a jump of the wall clock. */
  get detectsJumps(): boolean {
    return this.clock.monotonic !== undefined;
  }

  /**
   * Measures how far the wall clock was set, in ms; negative if it was set back. A small difference is adopted, and the
   * result is 0.
   */
  jump(): number {
    const here = this.#here();
    const difference = here.wall - this.now();
    if (Math.abs(difference) > TOLERANCE_MS) return difference;
    this.#anchor = here;
    return 0;
  }

  /**
   * Adopts the time of the wall clock.
   *
   * @returns a function that undoes it
   */
  follow(): () => void {
    const before = this.#anchor;
    this.#anchor = this.#here();
    return () => {
      this.#anchor = before;
    };
  }

  #here(): Anchor {
    return { wall: this.clock.now(), passed: passed(this.clock) };
  }
}
