/**
 * Where time comes from: the timestamps of signatures, back-off and deadlines. The sandbox takes the same type, so that one clock can drive
 * both in a test.
 */
export interface Clock {
  /** Unix time in ms. */
  now(): number;
  /** Calls back once, after `delayMs` by this clock; the returned function calls it off. */
  setTimeout(callback: () => void, delayMs: number): () => void;
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
};
