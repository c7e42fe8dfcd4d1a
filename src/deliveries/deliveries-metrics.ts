import type { DeliveryState } from './domain/delivery-progress.js';

/** What `metrics` counts. */
export interface DeliveriesMetrics {
  readonly byState: Readonly<Record<DeliveryState, number>>;
  /** How long the oldest due delivery has been waiting for a worker, in ms; 0 if none is. */
  readonly lagMs: number;
  /** Attempts of which nobody knows whether they were carried out. */
  readonly unknownAttempts: number;
  /** Webhooks of orders that nobody here knows yet. */
  readonly unmatched: number;
  /** Webhooks that were set aside, because nobody here has ever known their order. */
  readonly setAsideUnmatched: number;
  /** Events that wait for their handlers, and those that were set aside. */
  readonly pendingEvents: number;
  readonly setAsideEvents: number;
  /** Rows of deliveries and of events that cannot be read: damaged, or of another version. Each is in the log. */
  readonly unreadable: number;
}
