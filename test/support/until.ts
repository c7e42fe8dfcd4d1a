import { setImmediate } from 'node:timers/promises';

/** Waits for one turn of the event loop, in which received data are read. */
export async function turn(): Promise<void> {
  await setImmediate();
}

/** Waits until a condition holds, at most as long as a busy machine may need. */
export async function until(holds: () => boolean, maxMs = 2000): Promise<void> {
  const end = performance.now() + maxMs;
  while (!holds() && performance.now() < end) await turn();
}
