import { setImmediate as turn } from 'node:timers/promises';
import type { LalamoveHooks } from 'nestjs-lalamove';

/**
 * Counts the requests in flight by an account's hooks. A clock that stands still can wait for them (`clock.settle(() =>
 * traffic.quiet())`), so that no test depends on the speed of the machine.
 */
export class Traffic {
  /** The `Request-ID` of each request, in their order. */
  readonly sent: string[] = [];
  /** The delay of each retry in ms. */
  readonly repeats: number[] = [];
  /** The time that each request waited for the rate limit, in ms. */
  readonly queuedMs: number[] = [];
  readonly hooks: LalamoveHooks = {
    onRequest: ({ sentRequestId, queuedMs }) => {
      this.#inFlight += 1;
      this.sent.push(sentRequestId);
      this.queuedMs.push(queuedMs);
    },
    onResponse: () => {
      this.#inFlight -= 1;
      if (this.#inFlight > 0) return;
      for (const resolve of this.#waiting.splice(0)) resolve();
    },
    onRetry: ({ delayMs }) => this.repeats.push(delayMs),
  };
  readonly #waiting: (() => void)[] = [];
  #inFlight = 0;

  /** Forgets the requests so far. */
  forget(): void {
    for (const list of [this.sent, this.repeats, this.queuedMs]) list.length = 0;
  }

  /** Resolves when no request is in flight, and the callbacks of the last answer have run. */
  async quiet(): Promise<void> {
    await turn();
    while (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
      await turn();
    }
  }
}
