import type { LoggerService } from '@nestjs/common';
import { logLine, say } from '../../internal/log-line.js';
import { TimeoutError, withTimeout } from '../../internal/with-timeout.js';

/** The number of calls of one handler that may run at the same time. */
const MAX_CALLS = 32;

/** The same for a handler that timed out: a call that hangs may never release its resources. */
const MAX_CALLS_IN_OUTAGE = 1;

/**
 * Limits the concurrent calls of each handler. Each handler has its own slots, so that a handler that hangs does not
 * block the others. A call that times out counts as failed and frees its slot.
 */
export class HandlerSlots {
  readonly #running = new Map<string, number>();
  /** The time at which a handler's last free slot was taken, by `performance.now()`. */
  readonly #fullSince = new Map<string, number>();
  /** Handlers with a timeout in their last call. */
  readonly #inOutage = new Set<string>();

  constructor(
    private readonly timeoutMs: number,
    private readonly logger: LoggerService,
  ) {}

  /** The number of calls of a handler that may start now. */
  free(name: string): number {
    const slots = this.#inOutage.has(name) ? MAX_CALLS_IN_OUTAGE : MAX_CALLS;
    return Math.max(0, slots - (this.#running.get(name) ?? 0));
  }

  /** How long a handler has had no free slot, in ms; 0 if it has one. */
  fullForMs(name: string): number {
    const since = this.#fullSince.get(name);
    return since === undefined ? 0 : performance.now() - since;
  }

  /**
   * Calls a handler in one of its slots.
   *
   * @throws what the handler rejects with, or a TimeoutError if it takes too long
   */
  async run(name: string, call: () => Promise<void>): Promise<void> {
    this.#count(name, 1);
    try {
      await withTimeout(this.timeoutMs, name, call(), { keepsAlive: false });
      this.#inOutage.delete(name);
    } catch (error) {
      if (error instanceof TimeoutError) this.#timedOut(name);
      else this.#inOutage.delete(name);
      throw error;
    } finally {
      this.#count(name, -1);
    }
  }

  #count(name: string, change: 1 | -1): void {
    const running = (this.#running.get(name) ?? 0) + change;
    if (running > 0) this.#running.set(name, running);
    else this.#running.delete(name);
    this.#fullSince.delete(name);
    if (this.free(name) === 0) this.#fullSince.set(name, performance.now());
  }

  /** Logs the first timeout; the next one is logged after a call that did not time out. */
  #timedOut(name: string): void {
    if (this.#inOutage.has(name)) return;
    this.#inOutage.add(name);
    const what =
      'A handler timed out: its events are retried one at a time, and the events of other handlers go on. ' +
      'Set a timeout on what it waits for, or raise handlerTimeoutSeconds';
    say(this.logger, 'warn', logLine(what, { handler: name, timeout_seconds: this.timeoutMs / 1000 }));
  }
}
