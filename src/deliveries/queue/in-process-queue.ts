import { detached } from '../../internal/async-context.js';
import type { Clock } from '../../internal/clock.js';
import { atMost } from '../../internal/with-timeout.js';
import type { DeliveriesQueue } from './queue.js';

/** In ms. The queue ignores later wakes, so that memory use stays bounded. The sweeper finds these deliveries. */
export const HORIZON_MS = 10 * 60_000;

/** The queue of a single process. It uses timers and limits how many deliveries are processed at the same time. */
export class InProcessQueue implements DeliveriesQueue {
  readonly #timers = new Map<string, { at: number; cancel: () => void }>();
  readonly #ready = new Set<string>();
  readonly #working = new Map<string, Promise<void>>();
  #work: ((deliveryId: string) => Promise<number | undefined>) | undefined;
  /** Called when fewer deliveries are ready than `concurrency` allows. */
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

  /** Resolves when fewer deliveries are ready than `concurrency` allows. */
  async room(): Promise<void> {
    if (this.#isStopped || this.#ready.size < this.concurrency) return;
    await new Promise<void>((resolve) => this.#roomy.push(resolve));
  }

  /** Shifts the planned times by `ms` after the clock was set. The timers stay, because they use elapsed time. */
  shift(ms: number): void {
    for (const [id, { at, cancel }] of this.#timers) this.#timers.set(id, { at: at + ms, cancel });
  }

  /** Waits until no delivery is ready or in process. */
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
      // A delivery is not processed twice at the same time. It stays ready until the running work ends.
      if (this.#working.has(id)) continue;
      this.#ready.delete(id);
      // Detached from the async context of the caller and of the delivery that ran before.
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
