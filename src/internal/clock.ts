import { isObject } from './is-object.js';
import { hasMethods } from './value-checks.js';

/**
 * The source of time for the timestamps of signatures, backoff and deadlines. The sandbox takes the same type, so one
 * clock can drive both in a test.
 */
export interface Clock {
  /** Unix time in ms. */
  now(): number;
  /** Calls back once, after `delayMs` by this clock; the returned function cancels it. */
  setTimeout(callback: () => void, delayMs: number): () => void;
  /**
   * Elapsed time in ms, from any start. It never goes back, and it does not change when the clock is set. Without this
   * method, a jump of `now()` counts as elapsed time.
   */
  monotonic?(): number;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
  monotonic: () => performance.now(),
};

/** Whether a value has the methods of a {@link Clock}. */
export function isClock(value: unknown): value is Clock {
  if (!isObject(value) || !hasMethods('now', 'setTimeout')(value)) return false;
  return Reflect.get(value, 'monotonic') === undefined || hasMethods('monotonic')(value);
}

/** Elapsed time of a clock, in ms: its `monotonic()`, or `now()` if it has none. */
export function passed(clock: Clock): number {
  return clock.monotonic?.() ?? clock.now();
}

/** Returns a function that returns Unix ms. Later changes of the system clock do not affect it. */
export function anchoredNow(clock: Clock): () => number {
  const startedAt = clock.now() - passed(clock);
  return () => startedAt + passed(clock);
}
