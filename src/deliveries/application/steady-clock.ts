import { passed, type Clock } from '../../internal/clock.js';

/** By so much the wall clock may differ without having been set, in ms: it is adjusted all the time. */
const TOLERANCE_MS = 5000;

/** Two moments that are the same: one by the wall clock, one by time that passes. */
interface Anchor {
  readonly wall: number;
  readonly passed: number;
}

/**
 * Tells the time that deliveries go by: the wall clock's, but it goes on with the time that passes. If the wall clock
 * is set, this one does not follow until it is told to: leases, deadlines and what else was decided by it stay right.
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

  /** Whether a jump of the wall clock can be told from time that passes. */
  get detectsJumps(): boolean {
    return this.clock.monotonic !== undefined;
  }

  /**
   * By how much the wall clock has been set, in ms; below 0: back. Small differences are taken over, and are 0.
   */
  jump(): number {
    const here = this.#here();
    const difference = here.wall - this.now();
    if (Math.abs(difference) > TOLERANCE_MS) return difference;
    this.#anchor = here;
    return 0;
  }

  /**
   * Follows the wall clock.
   *
   * @returns takes that back
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
