import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { runInThisContext } from 'node:vm';

/** Unwanted events of a process. */
export interface ProcessWatch {
  /** Unhandled rejections, uncaught exceptions and warnings. */
  readonly seen: readonly string[];
  stop: () => void;
}

/** Records unwanted events. Jest gives tests a copy of `process` without events, so the real one is used. */
export function watchProcess(): ProcessWatch {
  const seen: string[] = [];
  const real: unknown = runInThisContext('process');
  if (!(real instanceof EventEmitter)) throw new TypeError('The real process was not found.');
  const listening = ['unhandledRejection', 'uncaughtException', 'warning'].map((event) => {
    const note = (what: unknown): void => {
      const text = inspect(what);
      // Jest causes this warning, because it uses experimental modules of Node.
      if (!text.startsWith('ExperimentalWarning')) seen.push(`${event}: ${text}`);
    };
    real.on(event, note);
    return { event, note };
  });
  return {
    seen,
    stop: () => {
      for (const { event, note } of listening) real.off(event, note);
    },
  };
}

/** The sockets and timers that keep the process alive, by kind. */
export function openResources(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout|Immediate/.test(kind));
}

/** The kinds of which there are more than before. */
export function grown(before: readonly string[], after: readonly string[]): string[] {
  const left = [...before];
  return after.filter((kind) => {
    const at = left.indexOf(kind);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** The used bytes of the heap after a garbage collection; `undefined` if Node runs without `--expose-gc`. */
export function heapInUse(): number | undefined {
  const heap: unknown = runInThisContext(
    `typeof gc === 'function' ? (gc(), process.memoryUsage().heapUsed) : undefined`,
  );
  return typeof heap === 'number' ? heap : undefined;
}
