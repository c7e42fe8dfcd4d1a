import { setImmediate } from 'node:timers/promises';

/** Waits for a turn of the event loop, in which what has come is read. */
export async function turn(): Promise<void> {
  await setImmediate();
}

/** Waits until something holds, but no longer than a busy machine may need. */
export async function until(holds: () => boolean, maxMs = 2000): Promise<void> {
  const end = performance.now() + maxMs;
  while (!holds() && performance.now() < end) await turn();
}
