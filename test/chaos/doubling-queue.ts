import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../../src/internal/clock.js';
import type { DeliveriesQueue } from '../../src/deliveries/index.js';

type Work = (deliveryId: string) => Promise<number | undefined>;

/** Names the run of a worker within which a hook is called. */
export const runs = new AsyncLocalStorage<string>();

let count = 0;

/** Runs work under a name of its own. */
export function named<T>(work: () => T): T {
  count += 1;
  return runs.run(`${process.pid}-${count}`, work);
}

/** How often each wake is delivered. */
const TIMES = 2;

/** A queue of the host's own, without any lock: it delivers each wake twice at the same time, as a queue may. */
export class DoublingQueue implements DeliveriesQueue {
  readonly #timers = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  readonly #running = new Map<string, Set<Promise<void>>>();
  readonly #again = new Set<string>();
  #work: Work | undefined;

  constructor(private readonly clock: Clock) {}

  start(work: Work): void {
    this.#work = work;
  }

  wake(deliveryId: string, at: number): void {
    const planned = this.#timers.get(deliveryId);
    if (planned && planned.at <= at) return;
    planned?.cancel();
    this.#timers.delete(deliveryId);
    if (at <= this.clock.now()) {
      this.#begin(deliveryId);
      return;
    }
    const due = (): void => {
      this.#timers.delete(deliveryId);
      this.#begin(deliveryId);
    };
    this.#timers.set(deliveryId, { at, cancel: this.clock.setTimeout(due, at - this.clock.now()) });
  }

  stop(): Promise<void> {
    this.#work = undefined;
    for (const { cancel } of this.#timers.values()) cancel();
    return Promise.resolve();
  }

  /** Works on a delivery as another worker, and waits for it. */
  async rival(deliveryId: string): Promise<void> {
    const work = this.#work;
    if (work) await named(() => work(deliveryId));
  }

  /** Waits for the running work. @returns whether there was any */
  async idle(): Promise<boolean> {
    const wasBusy = this.#running.size > 0;
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].flatMap((runs) => [...runs]));
    return wasBusy;
  }

  #begin(deliveryId: string): void {
    if (this.#running.has(deliveryId)) {
      this.#again.add(deliveryId);
      return;
    }
    const work = this.#work;
    if (!work) return;
    const both = new Set(Array.from({ length: TIMES }, () => this.#run(deliveryId, work)));
    this.#running.set(deliveryId, both);
    void Promise.all(both).then(() => {
      this.#running.delete(deliveryId);
      if (this.#again.delete(deliveryId)) this.#begin(deliveryId);
    });
  }

  async #run(deliveryId: string, work: Work): Promise<void> {
    const dueAt = await named(() => work(deliveryId));
    if (dueAt !== undefined) this.wake(deliveryId, dueAt);
  }
}
