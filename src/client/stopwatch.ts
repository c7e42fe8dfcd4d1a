import { setMaxListeners } from 'node:events';
import { fromEvent, switchMap, throwError, type Observable } from 'rxjs';

/** One signal for the time limit and the caller's own signal. */
export interface Stopwatch {
  readonly signal: AbortSignal;
  /** Errors when the signal fires. */
  readonly stopped: Observable<never>;
  /** Which of the two it was. */
  readonly kind: () => 'aborted' | 'timeout';
  readonly complete: () => void;
  readonly dispose: () => void;
}

/** @param timeoutMs of real time */
export function stopwatch(timeoutMs: number, signal: AbortSignal | undefined): Stopwatch {
  const controller = new AbortController();
  let complete = false;
  const stop = (): void => {
    controller.abort();
  };
  const timer = setTimeout(stop, timeoutMs);
  // One signal of a caller's, say for its shutdown, may stand for any number of calls.
  if (signal instanceof EventTarget) setMaxListeners(0, signal);
  signal?.addEventListener('abort', stop, { once: true });
  return {
    signal: controller.signal,
    stopped: fromEvent(controller.signal, 'abort').pipe(
      switchMap(() => throwError(() => controller.signal.reason as unknown)),
    ),
    kind: () => (signal?.aborted ? 'aborted' : 'timeout'),
    complete: () => {
      complete = true;
    },
    dispose: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      // Ends what nobody waits for any more. After a complete answer that would end a socket which others may use by now.
      if (!complete) stop();
    },
  };
}
