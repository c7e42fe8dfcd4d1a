import type { LalamoveException } from '../../errors/lalamove.exception.js';

/** How calls are retried that may be repeated. */
export interface RetryOptions {
  /**
   * How often a call is sent at most; 1 switches retries off.
   *
   * @default 3
   */
  maxAttempts?: number;
  /**
   * The longest first wait, in ms; it doubles with each attempt.
   *
   * @default 250
   */
  baseDelayMs?: number;
  /**
   * The longest wait, in ms. Lalamove's own `Retry-After` may be longer.
   *
   * @default 8000
   */
  maxDelayMs?: number;
}

/**
 * The wait before the next attempt, in ms: exponential backoff with full jitter, but at least Lalamove's `Retry-After`.
 *
 * @param attempts how many there were
 * @param random a number from 0 to 1
 */
export function retryDelay(
  attempts: number,
  { retryAfterSeconds }: Pick<LalamoveException, 'retryAfterSeconds'>,
  { baseDelayMs, maxDelayMs }: Required<RetryOptions>,
  random: number,
): number {
  const backoff = random * Math.min(maxDelayMs, baseDelayMs * 2 ** (attempts - 1));
  return Math.max(backoff, (retryAfterSeconds ?? 0) * 1000);
}
