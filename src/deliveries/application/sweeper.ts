import { setImmediate } from 'node:timers/promises';
import type { LoggerService } from '@nestjs/common';
import { detached } from '../../internal/async-context.js';
import type { Clock } from '../../internal/clock.js';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import type { DeliveriesStorage } from '../storage/storage.js';
import type { DueDelivery } from '../storage/stored-types.js';
import { HORIZON_MS, type InProcessQueue } from '../queue/in-process-queue.js';

/** How many due deliveries are read at a time. */
const BATCH = 100;

/** What the sweeper works with. */
export interface SweeperParts {
  readonly storage: Pick<DeliveriesStorage, 'due'>;
  readonly clock: Clock;
  readonly logger: LoggerService;
  /** How often it sweeps, in ms. */
  readonly everyMs: number;
  /** The queue of this process; it sets the pace. */
  readonly local: Pick<InProcessQueue, 'wake' | 'room'>;
  /** Wakes in the queue that the host has chosen. */
  readonly wake: (deliveryId: string, at: number) => Promise<void>;
  /** What else is to be looked after in a round: bounded work. */
  readonly round: () => Promise<void>;
}

/**
 * Looks for what was lost. A round is a bounded piece of work, every so many seconds. Due deliveries are fed to the
 * queue until none is left, at the pace at which it works on them. Neither ever runs twice at a time.
 */
export class Sweeper {
  #round: Promise<void> | undefined;
  #feed: Promise<void> | undefined;
  #cancel: () => void = () => undefined;
  #isStopped = true;

  constructor(private readonly parts: SweeperParts) {}

  /** Sweeps now, and then again and again; the first round is not waited for. */
  start(): void {
    this.#isStopped = false;
    const begunAt = this.parts.clock.now();
    void this.sweep().finally(() => {
      this.#plan(begunAt);
    });
  }

  /** No further round; waits for what is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await this.idle();
  }

  /**
   * One round, and all that is due; joins those under way. It never rejects.
   *
   * @param overdueMs what has been due for so long is worked on here, and not left to a queue of the host's again
   */
  async sweep(overdueMs = Infinity): Promise<void> {
    await Promise.all([this.#oneRound(), this.#feedAll(overdueMs)]);
  }

  /** Waits for what is under way. */
  async idle(): Promise<void> {
    await Promise.all([this.#round, this.#feed]);
  }

  /** @param begunAt when the last round was begun: if a clock was advanced meanwhile, the next one is due already */
  #plan(begunAt: number): void {
    if (this.#isStopped) return;
    const { clock, everyMs } = this.parts;
    const pauseMs = Math.min(Math.max(begunAt + everyMs - clock.now(), 0), everyMs);
    this.#cancel = clock.setTimeout(() => {
      const nextAt = clock.now();
      // The feed may take long, at the pace of the work: the next round does not wait for it.
      void this.#feedAll(everyMs);
      void this.#oneRound().finally(() => {
        this.#plan(nextAt);
      });
    }, pauseMs);
  }

  #oneRound(): Promise<void> {
    this.#round ??= this.#said('The sweep of deliveries failed: it is tried again', this.parts.round).finally(() => {
      this.#round = undefined;
    });
    return this.#round;
  }

  #feedAll(overdueMs: number): Promise<void> {
    const feed = (): Promise<void> => this.#fed(overdueMs);
    this.#feed ??= this.#said('Due deliveries cannot be looked for: it is tried again', feed).finally(() => {
      this.#feed = undefined;
    });
    return this.#feed;
  }

  /** Everything that is due, and what will be before the sweep after next, in the order of its time. */
  async #fed(overdueMs: number): Promise<void> {
    const { storage, clock, everyMs } = this.parts;
    const aheadMs = Math.min(HORIZON_MS, 2 * everyMs);
    let last: DueDelivery | undefined;
    do {
      const page: readonly DueDelivery[] = await storage.due(clock.now() + aheadMs, BATCH, last);
      // A queue of the host's takes its time: it has a page at once.
      const wakes: Promise<void>[] = [];
      for (const due of page) {
        if (due.dueAt <= clock.now()) await this.parts.local.room();
        wakes.push(this.#woken(due, overdueMs));
      }
      await Promise.all(wakes);
      last = page.length < BATCH ? undefined : page.at(-1);
      await setImmediate();
    } while (last && !this.#isStopped);
  }

  async #woken({ id, dueAt }: DueDelivery, overdueMs: number): Promise<void> {
    const { clock, local, wake } = this.parts;
    const now = clock.now();
    if (dueAt <= now - overdueMs) local.wake(id, now);
    else await wake(id, dueAt);
  }

  async #said(what: string, work: () => Promise<void>): Promise<void> {
    try {
      // Whoever comes while it is under way joins it: it is nobody's own.
      await detached(work);
    } catch (error) {
      say(this.parts.logger, 'error', logLine(what, { seconds: this.parts.everyMs / 1000, error: wordsOf(error) }));
    }
  }
}
