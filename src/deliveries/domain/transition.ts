import type { NewDeliveryEvent } from '../events/delivery-event.js';
import type { DeliveryAttempt, DeliveryProgress, DeliveryState } from './delivery-progress.js';

/** Where a delivery stands. */
export interface Snapshot {
  readonly state: DeliveryState;
  readonly progress: DeliveryProgress;
}

/** What becomes of an attempt's row. */
export interface AttemptChange {
  readonly id: string;
  readonly outcome: DeliveryAttempt['outcome'];
  readonly orderId?: string;
}

/** Customer service's order in the place of another. */
export interface OrderClone {
  readonly prevOrderId: string;
  readonly orderId: string;
}

/** Where a delivery stands after something has happened, and what is to be told of it. */
export interface Transition extends Snapshot {
  readonly events: readonly NewDeliveryEvent[];
  readonly attempts?: readonly AttemptChange[];
  /** It gets a row of its own; the row of the order that it replaces is marked as replaced. */
  readonly clone?: OrderClone | undefined;
}

/** Nothing has changed. */
export function unchanged({ state, progress }: Snapshot): Transition {
  return { state, progress, events: [] };
}
