import type { LoggerService } from '@nestjs/common';
import { Subject } from 'rxjs';
import { detached } from '../../internal/async-context.js';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import type { DeliveriesStorage } from '../storage/storage.js';
import type { SteadyClock } from './steady-clock.js';

/** The interval between two checks of the wall clock, in ms. */
const EVERY_MS = 5000;

/** The dependencies of {@link ClockWatch}. */
export interface ClockWatchParts {
  readonly clock: SteadyClock;
  readonly storage: Pick<DeliveriesStorage, 'transact' | 'pullBackTimes' | 'signals'>;
  readonly logger: LoggerService;
}

/** Detects that the wall clock was set, and shifts the stored times, so that all waiting times stay the same. */
export class ClockWatch {
  /** Emits by how many ms the clock was set, after the stored times were shifted. */
  readonly shifted = new Subject<number>();
  #settling: Promise<void> | undefined;
  #cancel: () => void = () => undefined;
  #isStopped = true;

  constructor(private readonly parts: ClockWatchParts) {}

  /** @throws DeliveriesStoreException if the database fails */
  async start(): Promise<void> {
    this.#isStopped = false;
    const { storage, clock, logger } = this.parts;
    const pulledBack = await storage.pullBackTimes(clock.now());
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

  /** Checks the clock now. It never rejects. It returns `undefined` if there is nothing to wait for. */
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
    // A clock without a monotonic time cannot detect a jump.
    if (this.#isStopped || !clock.detectsJumps) return;
    this.#cancel = clock.setTimeout(() => {
      void Promise.resolve(this.check()).then(() => {
        this.#plan();
      });
    }, EVERY_MS);
  }

  async #settle(ms: number): Promise<void> {
    const { clock, storage, logger } = this.parts;
    let takeBack: (() => void) | undefined;
    try {
      await storage.transact(async (trx) => {
        await trx.shiftTimes(ms);
        // Inside the transaction, so that other work in the same transaction already uses the new time.
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
    // On a shared database the times of other hosts stay as they are.
    const isShared = storage.signals !== undefined;
    const what = isShared
      ? `The clock of this host was set ${way}: see that it is kept by NTP`
      : `The clock was set ${way}: the times of deliveries were set with it. See that it is kept by NTP`;
    say(logger, 'warn', logLine(what, { seconds: Math.round(ms / 1000) }));
    this.shifted.next(isShared ? 0 : ms);
  }
}
