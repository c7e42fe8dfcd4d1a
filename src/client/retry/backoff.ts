import type { LalamoveException } from '../../errors/lalamove.exception.js';

/** How calls that may be repeated are repeated. */
export interface RetryOptions {
  /**
   * How often a call is sent at the most; 1 switches repeats off.
   *
   * @default 3
   */
  maxAttempts?: number;
  /**
   * The ceiling of the first wait, in ms; it doubles with each attempt.
   *
   * @default 250
   */
  baseDelayMs?: number;
  /**
   * The ceiling of any wait, in ms. What Lalamove itself asks for may be longer.
   *
   * @default 8000
   */
  maxDelayMs?: number;
}

/**
 * How long to wait before the next attempt, in ms: exponential back-off with full jitter, longer where Lalamove asks
 * for it.
 *
 * @param attempt how many attempts there were
 * @param random a number from 0 to 1
 */
export function retryDelay(
  attempt: number,
  { retryAfterSeconds }: Pick<LalamoveException, 'retryAfterSeconds'>,
  { baseDelayMs, maxDelayMs }: Required<RetryOptions>,
  random: number,
): number {
  const backOff = random * Math.min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1));
  return Math.max(backOff, (retryAfterSeconds ?? 0) * 1000);
}
