import type { LoggerService } from '@nestjs/common';
import { logLine, say } from '../../internal/log-line.js';
import { TimeoutError, withTimeout } from '../../internal/with-timeout.js';

/** How many events each handler may be busy with at a time. */
const PLACES = 32;

/** And while it gives no answer: what hangs may never let go of what it holds. */
const PLACES_IN_OUTAGE = 1;

/**
 * The places of handlers: each has its own, so that one that hangs takes none of another's. A call that takes too long
 * counts as failed, and gives its place back.
 */
export class HandlerSlots {
  readonly #running = new Map<string, number>();
  /** Since when a handler has had no free place, by `performance.now()`. */
  readonly #fullSince = new Map<string, number>();
  /** Handlers that gave no answer when they were called last. */
  readonly #inOutage = new Set<string>();

  constructor(
    private readonly timeoutMs: number,
    private readonly logger: LoggerService,
  ) {}

  /** How many more calls of a handler may begin. */
  free(name: string): number {
    const places = this.#inOutage.has(name) ? PLACES_IN_OUTAGE : PLACES;
    return Math.max(0, places - (this.#running.get(name) ?? 0));
  }

  /** For how long a handler has had no free place, in ms; 0 if it has one. */
  fullForMs(name: string): number {
    const since = this.#fullSince.get(name);
    return since === undefined ? 0 : performance.now() - since;
  }

  /** @throws what the handler rejects with; a TimeoutError if it takes too long */
  async run(name: string, call: () => Promise<void>): Promise<void> {
    this.#take(name, 1);
    try {
      await withTimeout(this.timeoutMs, name, call(), { keepsAlive: false });
      this.#inOutage.delete(name);
    } catch (error) {
      if (error instanceof TimeoutError) this.#timedOut(name);
      else this.#inOutage.delete(name);
      throw error;
    } finally {
      this.#take(name, -1);
    }
  }

  #take(name: string, places: 1 | -1): void {
    const running = (this.#running.get(name) ?? 0) + places;
    if (running > 0) this.#running.set(name, running);
    else this.#running.delete(name);
    this.#fullSince.delete(name);
    if (this.free(name) === 0) this.#fullSince.set(name, performance.now());
  }

  /** It is said once, until it has answered again. */
  #timedOut(name: string): void {
    if (this.#inOutage.has(name)) return;
    this.#inOutage.add(name);
    const what =
      'A handler gives no answer: its events are tried again, one at a time, and those of other handlers go on. ' +
      'Give what it waits for a timeout, or raise handlerTimeoutSeconds';
    say(this.logger, 'warn', logLine(what, { handler: name, timeout_seconds: this.timeoutMs / 1000 }));
  }
}
