import { setTimeout as pause } from 'node:timers/promises';
import { isBusy } from './store-failure.js';

/** How long a lock of another process is waited for, in ms. */
export const BUSY_TIMEOUT_MS = 10_000;

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;

/**
 * Runs something that may find a lock taken, again and again with backoff: libsql's own busy timeout would block the
 * event loop.
 *
 * @param attempt leaves nothing open if it fails
 * @param timeoutMs after which it is given up
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
