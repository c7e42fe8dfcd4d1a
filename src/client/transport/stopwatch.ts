import { setMaxListeners } from 'node:events';

/**
 * One signal for the time limit of an attempt and the caller's own signal. Axios takes it for an `AbortSignal`, of which it has as much as is
 * needed and a tenth of the cost.
 */
export class Stopwatch {
  aborted = false;
  readonly #caller: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  #listeners: (() => void)[] = [];

  /** @param timeoutMs of real time */
  constructor(timeoutMs: number, caller: AbortSignal | undefined) {
    this.#caller = caller;
    this.#timer = setTimeout(this.stop, timeoutMs);
    if (!caller) return;
    // One signal of a caller's, say for its shutdown, may stand for any number of calls.
    if (caller instanceof EventTarget) setMaxListeners(0, caller);
    caller.addEventListener('abort', this.stop, { once: true });
  }

  /** Which of the two it was. */
  get kind(): 'aborted' | 'timeout' {
    return this.#caller?.aborted ? 'aborted' : 'timeout';
  }

  addEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.#listeners = this.#listeners.filter((other) => other !== listener);
  }

  /** Ends what is under way. */
  readonly stop = (): void => {
    if (this.aborted) return;
    this.aborted = true;
    this.#release();
    // Axios's adapter for fetch looks for a reason in `this`.
    for (const listener of this.#listeners) listener.call(this);
  };

  /** Nothing is under way any more, and nothing is to be ended: a socket may be in use by others already. */
  dispose(): void {
    this.#release();
    this.#listeners = [];
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener('abort', this.stop);
  }
}
