import type { LoggerService } from '@nestjs/common';
import type { Clock } from '../../internal/clock.js';

/** The parts of deliveries that a queue can use. */
export interface DeliveriesQueueContext {
  /** The clock of deliveries. The times of {@link DeliveriesQueue.wake} are its times. */
  readonly clock: Clock;
  /** Whether `clock` follows the system's clock. If not, delays must be measured with `clock`. */
  readonly isSystemTime: boolean;
  /** The option `concurrency` of `DeliveriesModule`. */
  readonly concurrency: number;
  /** Whether this process works on deliveries: the option `worker`. If not, the queue must not call `work`. */
  readonly isWorker: boolean;
  readonly logger: LoggerService;
}

/**
 * Wakes deliveries when they are due. It holds no state that is not in the database: a lost wake only delays the work,
 * because the sweeper finds the delivery. An unnecessary wake has no effect.
 */
export interface DeliveriesQueue {
  /**
   * Starts the queue. It calls `work` for each wake.
   *
   * @param work runs all due actions of a delivery, and returns the next due time in Unix ms. It never rejects
   */
  start(
    work: (deliveryId: string) => Promise<number | undefined>,
    context: DeliveriesQueueContext,
  ): void | Promise<void>;
  /**
   * Calls `work` for a delivery when it is due.
   *
   * @param at the due time, in Unix ms
   */
  wake(deliveryId: string, at: number): void | Promise<void>;
  /** Starts no new work, and waits at most `graceMs` for the running work. */
  stop(graceMs: number): Promise<void>;
  /** Waits until no woken delivery is due or in process. Used in tests. */
  whenIdle?(): Promise<void>;
}
