import type { Clock } from '../../internal/clock.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import type { DeliveriesStorage } from '../storage/storage.js';

/**
 * The pauses before it is checked whether a host has committed its transaction, in ms: together half a minute. The
 * longer the transaction takes, the longer the pauses. Later the sweeper finds the delivery.
 */
const COMMIT_PAUSES_MS = [50, 200, 1000, 2000, 3000, 5000, 8000, 10_000];

/** The dependencies of {@link HostCommits}. */
export interface HostCommitsParts {
  readonly storage: Pick<DeliveriesStorage, 'find'>;
  readonly clock: Clock;
  /** Called when the transaction of a booking is committed. */
  readonly committed: (record: DeliveryRecord) => void;
}

/** Looks whether hosts have committed the transactions in which they have booked. Only the host knows it. */
export class HostCommits {
  /** The running queries. */
  readonly #checks = new Set<Promise<unknown>>();
  /** Each cancels a pause. */
  readonly #pauses = new Set<() => void>();
  #isStopped = false;

  constructor(private readonly parts: HostCommitsParts) {}

  /** Looks until the booking is committed, or for half a minute. It never rejects. */
  async watch(record: DeliveryRecord): Promise<void> {
    const { storage, committed } = this.parts;
    for (const pauseMs of COMMIT_PAUSES_MS) {
      await this.#pause(pauseMs);
      if (this.#isStopped) return;
      const check = storage.find(record.account, record.reference).catch(() => undefined);
      this.#checks.add(check);
      const found = await check.finally(() => this.#checks.delete(check));
      if (found?.id !== record.id) continue;
      committed(record);
      return;
    }
  }

  /** Waits until no query is running. Used in tests. */
  async idle(): Promise<void> {
    while (this.#checks.size > 0) await Promise.all(this.#checks);
  }

  /** Looks no more, so that no timer keeps the process alive. */
  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#pauses) cancel();
    this.#pauses.clear();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.parts.clock.setTimeout(() => {
        this.#pauses.delete(cancel);
        resolve();
      }, ms);
      this.#pauses.add(cancel);
    });
  }
}
