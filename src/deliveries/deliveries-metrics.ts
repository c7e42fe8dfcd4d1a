import type { DeliveryState } from './domain/delivery-progress.js';

/** The result of `metrics`. */
export interface DeliveriesMetrics {
  readonly byState: Readonly<Record<DeliveryState, number>>;
  /** How long the oldest due delivery has waited for a worker, in ms; 0 if no delivery is due. */
  readonly lagMs: number;
  /** Attempts with an unknown outcome: it is not known whether Lalamove placed the order. */
  readonly unknownAttempts: number;
  /** Webhooks that wait because their order is not known yet. */
  readonly unmatched: number;
  /** Webhooks that were set aside because their order did not become known in time. */
  readonly setAsideUnmatched: number;
  /** Events that wait for their handlers. */
  readonly pendingEvents: number;
  /** How long the oldest event that waits for its handlers has been stored, in ms; 0 if none waits. */
  readonly outboxLagMs: number;
  /** Events that were set aside after their handlers failed too often. */
  readonly setAsideEvents: number;
  /** Rows of deliveries and events that cannot be read: damaged or written by another version. Each one is logged. */
  readonly unreadable: number;
}
