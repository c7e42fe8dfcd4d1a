/**
 * Where time comes from: the timestamps of signatures, backoff and deadlines. The sandbox takes the same type, so that
 * one clock can drive both in a test.
 */
export interface Clock {
  /** Unix time in ms. */
  now(): number;
  /** Calls back once, after `delayMs` by this clock; the returned function calls it off. */
  setTimeout(callback: () => void, delayMs: number): () => void;
  /**
   * Time that passes, in ms from any moment on: it never goes back, and does not follow when the clock is set anew.
   * Without it a jump of `now()` cannot be told from time that passes, and is taken for that.
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

/** Whether something can be a clock. */
export function isClock(value: unknown): value is Clock {
  if (typeof value !== 'object' || value === null) return false;
  const monotonic: unknown = Reflect.get(value, 'monotonic');
  const isWhole = ['now', 'setTimeout'].every((name) => typeof Reflect.get(value, name) === 'function');
  return isWhole && (monotonic === undefined || typeof monotonic === 'function');
}

/** A clock's time that passes, in ms: its `now()` if it has no other. */
export function passed(clock: Clock): number {
  return clock.monotonic?.() ?? clock.now();
}

/** What time it would be, in Unix ms, if the clock were never set anew from now on. */
export function anchoredNow(clock: Clock): () => number {
  const startedAt = clock.now() - passed(clock);
  return () => startedAt + passed(clock);
}
