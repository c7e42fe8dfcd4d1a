import { EventEmitter } from 'node:events';
import { runInThisContext } from 'node:vm';

/** How many handles of a call keep this process running: timers and sockets, by kind. */
export function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (/^(Timeout|TCP|TLS|GetAddr)/.test(kind)) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** Whether there are no more handles of any kind than before. */
export function isBackTo(before: Readonly<Record<string, number>>): boolean {
  return Object.entries(resources()).every(([kind, count]) => count <= (before[kind] ?? 0));
}

/**
 * Records the names of the warnings that the process emits from now on, until it is stopped. The copy of `process` that
 * Jest gives to tests receives no warnings.
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
