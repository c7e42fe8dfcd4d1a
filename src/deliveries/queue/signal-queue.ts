import type { StorageSignals } from '../storage/storage-signals.js';
import type { DeliveriesQueue } from './queue.js';

/** The queue of a process without a worker: it wakes the workers of other processes, which hear the signal. */
export class SignalQueue implements DeliveriesQueue {
  constructor(
    private readonly signals: StorageSignals,
    private readonly now: () => number,
  ) {}

  start(): void {
    // This process does not work.
  }

  /** A delivery that is due later is found by the sweep of a worker. */
  wake(deliveryId: string, at: number): void {
    if (at <= this.now()) this.signals.publish({ kind: 'wake', deliveryId });
  }

  async stop(): Promise<void> {
    // The storage stops the signals.
  }
}
