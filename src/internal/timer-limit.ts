/** The longest delay of a timer of Node.js, in ms: 24.8 days. With a longer one it fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A delay shortened to what a timer can wait. If it was longer, the timer fires too early: look at the time then. */
export function timerMs(ms: number): number {
  return Math.min(ms, LONGEST_TIMER_MS);
}
