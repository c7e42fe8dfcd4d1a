import { setMaxListeners } from 'node:events';

/**
 * Fires at the time limit of an attempt, or when the caller's own signal fires. Axios accepts it as an `AbortSignal`;
 * it has only the members that are needed, at a tenth of the cost.
 */
export class AttemptSignal {
  aborted = false;
  readonly #caller: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  #listeners: (() => void)[] = [];

  /** @param timeoutMs of real time */
  constructor(timeoutMs: number, caller: AbortSignal | undefined) {
    this.#caller = caller;
    this.#timer = setTimeout(this.stop, timeoutMs);
    if (!caller) return;
    // A caller may use one signal for any number of calls, e.g. that of its shutdown.
    if (caller instanceof EventTarget) setMaxListeners(0, caller);
    caller.addEventListener('abort', this.stop, { once: true });
  }

  /** Which of the two has fired. */
  get kind(): 'aborted' | 'timeout' {
    return this.#caller?.aborted ? 'aborted' : 'timeout';
  }

  addEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.#listeners = this.#listeners.filter((other) => other !== listener);
  }

  /** Fires, if it has not fired yet. */
  readonly stop = (): void => {
    if (this.aborted) return;
    this.aborted = true;
    this.#release();
    // Axios's adapter for fetch reads the reason from `this`.
    for (const listener of this.#listeners) listener.call(this);
  };

  /** Never fires from now on: the attempt has ended, and its socket may already serve another request. */
  dispose(): void {
    this.#release();
    this.#listeners = [];
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener('abort', this.stop);
  }
}
