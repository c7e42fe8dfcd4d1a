import { setImmediate, setTimeout } from 'node:timers/promises';

/** So long a condition is checked at each turn of the event loop. After that, it is about work that takes longer. */
const EAGER_MS = 50;

const PAUSE_MS = 10;

/** Waits for one turn of the event loop, in which received data are read. */
export async function turn(): Promise<void> {
  await setImmediate();
}

/**
 * Waits until a condition holds.
 *
 * @param maxMs what a busy machine may need
 * @param describe says for the error what was waited for, and what has happened instead
 * @throws Error if the condition does not hold in time
 */
export async function until(
  holds: () => boolean | Promise<boolean>,
  maxMs = 10_000,
  describe: () => string = () => String(holds),
): Promise<void> {
  const start = performance.now();
  while (!(await holds())) {
    const waited = performance.now() - start;
    if (waited > maxMs) throw new Error(`After ${maxMs} ms this does not hold: ${describe()}`);
    await (waited < EAGER_MS ? setImmediate() : setTimeout(PAUSE_MS));
  }
}
