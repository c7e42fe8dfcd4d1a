import { setImmediate as turn } from 'node:timers/promises';
import type { LalamoveHooks } from 'nestjs-lalamove';

/**
 * What is on the wire, as an account's hooks tell it: a clock that stands still can wait for it (`clock.settle(() => traffic.quiet())`), so that no
 * test depends on how fast the machine is.
 */
export class Traffic {
  /** The `Request-ID` of each sending, in their order. */
  readonly sent: string[] = [];
  /** Each repeat, by its delay in ms. */
  readonly repeats: number[] = [];
  /** How long each sending has waited for the rate limit, in ms. */
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
      for (const tell of this.#waiting.splice(0)) tell();
    },
    onRetry: ({ delayMs }) => this.repeats.push(delayMs),
  };
  readonly #waiting: (() => void)[] = [];
  #inFlight = 0;

  /** Forgets what was sent so far. */
  forget(): void {
    for (const list of [this.sent, this.repeats, this.queuedMs]) list.length = 0;
  }

  /** Resolves when nothing is on the wire, and what followed from the last answer has been done. */
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
