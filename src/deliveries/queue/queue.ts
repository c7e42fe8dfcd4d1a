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
  start(work: (deliveryId: string) => Promise<number | undefined>): void | Promise<void>;
  /** @param at the due time, in Unix ms */
  wake(deliveryId: string, at: number): void | Promise<void>;
  /** Starts no new work, and waits at most `graceMs` for the running work. */
  stop(graceMs: number): Promise<void>;
}
