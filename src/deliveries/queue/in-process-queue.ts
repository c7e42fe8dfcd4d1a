import { detached } from '../../internal/async-context.js';
import type { Clock } from '../../internal/clock.js';
import { atMost } from '../../internal/with-timeout.js';

/**
 * Wakes deliveries when they are due. It only wakes, and nothing is known to it alone: a wake that is lost costs time,
 * because the sweeper finds the delivery; one too many finds nothing to do.
 */
export interface DeliveriesQueue {
  /**
   * From now on `work` is called for each wake.
   *
   * @param work brings a delivery as far as it goes, and returns when it is due again (Unix ms); it never rejects
   */
  start(work: (deliveryId: string) => Promise<number | undefined>): void | Promise<void>;
  /** @param at Unix ms */
  wake(deliveryId: string, at: number): void | Promise<void>;
  /** No new work; waits for what is under way, `graceMs` at the most. */
  stop(graceMs: number): Promise<void>;
}

/** Wakes that lie further ahead are left to the sweeper: memory does not grow with what is scheduled. In ms. */
export const HORIZON_MS = 10 * 60_000;

/** The queue of a single process: timers, and so many deliveries at work at a time. */
export class InProcessQueue implements DeliveriesQueue {
  readonly #timers = new Map<string, { at: number; cancel: () => void }>();
  readonly #ready = new Set<string>();
  readonly #working = new Map<string, Promise<void>>();
  #work: ((deliveryId: string) => Promise<number | undefined>) | undefined;
  /** Called once fewer deliveries are ready than can be at work. */
  #roomy: (() => void)[] = [];
  #isStopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly concurrency: number,
  ) {}

  start(work: (deliveryId: string) => Promise<number | undefined>): void {
    this.#work = work;
    this.#pump();
  }

  wake(deliveryId: string, at: number): void {
    if (this.#isStopped) return;
    const delay = at - this.clock.now();
    if (delay > HORIZON_MS) return;
    const planned = this.#timers.get(deliveryId);
    if (planned && planned.at <= at) return;
    planned?.cancel();
    this.#timers.delete(deliveryId);
    if (delay <= 0) {
      this.#ready.add(deliveryId);
      this.#pump();
      return;
    }
    const due = (): void => {
      this.#timers.delete(deliveryId);
      this.#ready.add(deliveryId);
      this.#pump();
    };
    const cancel = detached(() => this.clock.setTimeout(due, delay));
    this.#timers.set(deliveryId, { at, cancel });
  }

  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    for (const { cancel } of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#ready.clear();
    this.#notifyRoom();
    if (this.#working.size > 0) await atMost(graceMs, this.idle());
  }

  /** Resolves as soon as more can be woken than waits already: at once, or at the pace of the work. */
  async room(): Promise<void> {
    if (this.#isStopped || this.#ready.size < this.concurrency) return;
    await new Promise<void>((resolve) => this.#roomy.push(resolve));
  }

  /** The clock was set anew by so many ms: the timers go by the time that passes, and stay. */
  shift(ms: number): void {
    for (const [id, { at, cancel }] of this.#timers) this.#timers.set(id, { at: at + ms, cancel });
  }

  /** Waits until nothing is due. */
  async idle(): Promise<void> {
    while (this.#working.size > 0 || (this.#ready.size > 0 && this.#work)) {
      await Promise.all(this.#working.values());
      await Promise.resolve();
    }
  }

  #pump(): void {
    const work = this.#work;
    if (!work || this.#isStopped) return;
    for (const id of this.#ready) {
      if (this.#working.size >= this.concurrency) break;
      // One delivery is worked on once at a time; a wake in between is remembered.
      if (this.#working.has(id)) continue;
      this.#ready.delete(id);
      // Not in the context of who woke it, nor in that of the delivery whose place it takes.
      const done = detached(() => this.#run(id, work));
      this.#working.set(id, done);
    }
    if (this.#ready.size < this.concurrency) this.#notifyRoom();
  }

  #notifyRoom(): void {
    for (const resolve of this.#roomy.splice(0)) resolve();
  }

  async #run(id: string, work: (deliveryId: string) => Promise<number | undefined>): Promise<void> {
    const dueAt = await work(id);
    this.#working.delete(id);
    if (dueAt !== undefined) this.wake(id, dueAt);
    this.#pump();
  }
}
