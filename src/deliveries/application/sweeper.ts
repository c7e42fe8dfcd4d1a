import { setImmediate } from 'node:timers/promises';
import type { LoggerService } from '@nestjs/common';
import { detached } from '../../internal/async-context.js';
import type { Clock } from '../../internal/clock.js';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import type { DeliveriesStorage } from '../storage/storage.js';
import type { DueDelivery } from '../storage/stored-types.js';
import { HORIZON_MS, type InProcessQueue } from '../queue/in-process-queue.js';

/** The number of due deliveries that one query reads. */
const BATCH = 100;

/** The dependencies of {@link Sweeper}. */
export interface SweeperParts {
  readonly storage: Pick<DeliveriesStorage, 'due'>;
  readonly clock: Clock;
  readonly logger: LoggerService;
  /** The interval between two sweeps, in ms. */
  readonly everyMs: number;
  /** The queue of this process. The sweeper waits until it has room. */
  readonly local: Pick<InProcessQueue, 'wake' | 'room'>;
  /** Wakes a delivery in the host's queue, or in the queue of this process if the host has none. */
  readonly wake: (deliveryId: string, at: number) => Promise<void>;
  /** The other work of a round. The amount of work is bounded. */
  readonly round: () => Promise<void>;
}

/**
 * Finds deliveries and webhooks that were not processed. It runs a round of bounded work at a fixed interval. It also
 * adds due deliveries to the queue until none is left, as fast as the queue processes them. Neither runs twice at the
 * same time.
 */
export class Sweeper {
  #round: Promise<void> | undefined;
  #feed: Promise<void> | undefined;
  #cancel: () => void = () => undefined;
  #isStopped = true;

  constructor(private readonly parts: SweeperParts) {}

  /** Sweeps now, and then at each interval. It does not wait for the first round. */
  start(): void {
    this.#isStopped = false;
    const begunAt = this.parts.clock.now();
    void this.sweep().finally(() => {
      this.#plan(begunAt);
    });
  }

  /** Starts no further round, and waits for the running ones. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await this.idle();
  }

  /**
   * Runs one round and wakes all due deliveries. It joins a sweep that is running. It never rejects.
   *
   * @param overdueMs a delivery that is overdue by this time, in ms, is added to the queue of this process, not to the
   * host's queue
   */
  async sweep(overdueMs = Infinity): Promise<void> {
    await Promise.all([this.#oneRound(), this.#feedAll(overdueMs)]);
  }

  /** Waits for the running sweep. */
  async idle(): Promise<void> {
    await Promise.all([this.#round, this.#feed]);
  }

  /** @param begunAt the start of the last round. If the clock was advanced since then, the next round may be due now */
  #plan(begunAt: number): void {
    if (this.#isStopped) return;
    const { clock, everyMs } = this.parts;
    const pauseMs = Math.min(Math.max(begunAt + everyMs - clock.now(), 0), everyMs);
    this.#cancel = clock.setTimeout(() => {
      const nextAt = clock.now();
      // The feed may take long, because it waits for room in the queue. The next round does not wait for it.
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

  /** Wakes the deliveries that are due now or before the sweep after next, ordered by due time. */
  async #fed(overdueMs: number): Promise<void> {
    const { storage, clock, everyMs } = this.parts;
    const aheadMs = Math.min(HORIZON_MS, 2 * everyMs);
    let last: DueDelivery | undefined;
    do {
      const page: readonly DueDelivery[] = await storage.due(clock.now() + aheadMs, BATCH, last);
      // The host's queue may be slow, so the wakes of a page run in parallel.
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
      // Other callers can join this work, so it must not run in the async context of one caller.
      await detached(work);
    } catch (error) {
      say(this.parts.logger, 'error', logLine(what, { seconds: this.parts.everyMs / 1000, error: wordsOf(error) }));
    }
  }
}
