import { setTimeout as pause } from 'node:timers/promises';
import { isBusy } from './store-failure.js';

/** The maximum wait for a lock of another process, in ms. */
export const BUSY_TIMEOUT_MS = 10_000;

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;

/**
 * Retries an operation with backoff while another process holds a lock. The busy timeout of libsql would block the
 * event loop.
 *
 * @param attempt must leave nothing open if it fails
 * @param timeoutMs no retry starts after this time
 * @throws what `attempt` throws
 */
export async function retryBusy<T>(attempt: () => T, timeoutMs = BUSY_TIMEOUT_MS): Promise<T> {
  const startedAt = performance.now();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() - startedAt >= timeoutMs) throw error;
    }
    await pause(pauseMs);
  }
}
