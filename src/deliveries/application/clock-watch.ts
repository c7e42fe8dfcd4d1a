import type { LoggerService } from '@nestjs/common';
import { detached } from '../../internal/async-context.js';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import type { DeliveryStore } from '../storage/sqlite/delivery-store.js';
import { pullBackStoredTimes, shiftStoredTimes } from '../storage/sqlite/shift-stored-times.js';
import type { SteadyClock } from './steady-clock.js';

/** How often the wall clock is looked at, in ms. */
const EVERY_MS = 5000;

/** What the clock is watched with. */
export interface ClockWatchParts {
  readonly clock: SteadyClock;
  readonly store: Pick<DeliveryStore, 'write'>;
  readonly logger: LoggerService;
  /** The clock was set, and the stored times with it: by so many ms. */
  readonly shifted: (ms: number) => void;
}

/** Notices that the wall clock was set, and sets the stored times anew, so that all comes as soon as it would have. */
export class ClockWatch {
  #settling: Promise<void> | undefined;
  #cancel: () => void = () => undefined;
  #isStopped = true;

  constructor(private readonly parts: ClockWatchParts) {}

  /** @throws what the database does */
  async start(): Promise<void> {
    this.#isStopped = false;
    const { store, clock, logger } = this.parts;
    const pulledBack = await store.write((trx) => pullBackStoredTimes(trx, clock.now()));
    if (pulledBack > 0) {
      const what = 'The clock went back while the app was down: deliveries changed in the future are looked at now';
      say(logger, 'warn', logLine(what, { deliveries: pulledBack }));
    }
    this.#plan();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await this.#settling;
  }

  /** Looks at the clock now. It never rejects; `undefined` if there is nothing to be waited for. */
  check(): Promise<void> | undefined {
    if (this.#settling || this.#isStopped) return this.#settling;
    const ms = this.parts.clock.jump();
    if (ms === 0) return undefined;
    const settling = detached(() => this.#settle(ms));
    this.#settling = settling.finally(() => {
      this.#settling = undefined;
    });
    return this.#settling;
  }

  #plan(): void {
    const { clock } = this.parts;
    // Of a clock that cannot tell a jump there is nothing to be seen.
    if (this.#isStopped || !clock.detectsJumps) return;
    this.#cancel = clock.setTimeout(() => {
      void Promise.resolve(this.check()).then(() => {
        this.#plan();
      });
    }, EVERY_MS);
  }

  async #settle(ms: number): Promise<void> {
    const { clock, store, logger, shifted } = this.parts;
    let takeBack: (() => void) | undefined;
    try {
      await store.write(async (trx) => {
        await shiftStoredTimes(trx, ms);
        // Within the transaction: what shares it goes by the new time already.
        const undo = clock.follow();
        takeBack ??= undo;
      });
    } catch (error) {
      takeBack?.();
      const what = 'The clock was set, and the times of deliveries could not be set with it: it is tried again';
      say(logger, 'error', logLine(what, { seconds: ms / 1000, error: wordsOf(error) }));
      return;
    }
    const way = ms > 0 ? 'forward' : 'back';
    const what = `The clock was set ${way}: the times of deliveries were set with it. See that it is kept by NTP`;
    say(logger, 'warn', logLine(what, { seconds: Math.round(ms / 1000) }));
    shifted(ms);
  }
}
