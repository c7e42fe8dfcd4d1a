/** The longest time that a timer of Node's can wait, in ms: 24.8 days. Beyond it Node fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A wait that a timer can bear; who wakes early looks at the time, and waits again. */
export function timerMs(ms: number): number {
  return Math.min(ms, LONGEST_TIMER_MS);
}
