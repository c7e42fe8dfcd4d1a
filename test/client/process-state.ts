import { EventEmitter } from 'node:events';
import { runInThisContext } from 'node:vm';

/** How much keeps this process awake of what a call can leave behind: timers and sockets, by their kinds. */
export function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (/^(Timeout|TCP|TLS|GetAddr)/.test(kind)) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** Whether there is no more of anything than there was. */
export function isBackTo(before: Readonly<Record<string, number>>): boolean {
  return Object.entries(resources()).every(([kind, count]) => count <= (before[kind] ?? 0));
}

/**
 * The names of the warnings that the process emits from now on, and how to stop listening: Jest gives tests a copy that
 * hears none.
 */
export function listenToWarnings(): { warnings: string[]; stop: () => void } {
  const host: unknown = runInThisContext('process');
  if (!(host instanceof EventEmitter)) throw new TypeError('There is no process.');
  const warnings: string[] = [];
  const note = ({ name }: Error): void => {
    warnings.push(name);
  };
  host.on('warning', note);
  return { warnings, stop: () => host.off('warning', note) };
}
