import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { runInThisContext } from 'node:vm';

/** What a process did that nobody asked for. */
export interface ProcessWatch {
  /** Rejections and exceptions that nobody handled, and warnings. */
  readonly seen: readonly string[];
  stop: () => void;
}

/** Notes what nobody handles. Jest gives tests a copy of `process`, on which nothing is ever emitted: the true one is in the main realm. */
export function watchProcess(): ProcessWatch {
  const seen: string[] = [];
  const real: unknown = runInThisContext('process');
  if (!(real instanceof EventEmitter)) throw new TypeError('There is no process to watch.');
  const listening = ['unhandledRejection', 'uncaughtException', 'warning'].map((event) => {
    const note = (what: unknown): void => {
      const text = inspect(what);
      // Jest's own, whose modules are an experiment of Node's.
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

/** What there is more of than before. */
export function grown(before: readonly string[], after: readonly string[]): string[] {
  const left = [...before];
  return after.filter((kind) => {
    const at = left.indexOf(kind);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** The bytes of the heap that are in use once the rest is thrown away; `undefined` where Node runs without `--expose-gc`. */
export function heapInUse(): number | undefined {
  const heap: unknown = runInThisContext(
    `typeof gc === 'function' ? (gc(), process.memoryUsage().heapUsed) : undefined`,
  );
  return typeof heap === 'number' ? heap : undefined;
}
