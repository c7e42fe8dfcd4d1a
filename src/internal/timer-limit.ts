/** The longest delay of a timer of Node.js, in ms: 24.8 days. A timer with a longer delay fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Limits a delay to what a timer can wait. If the delay was longer, the timer fires too early: check the time again.
 */
export function timerMs(ms: number): number {
  return Math.min(ms, LONGEST_TIMER_MS);
}
