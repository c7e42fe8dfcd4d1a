import type { NewDeliveryEvent } from '../events/delivery-event.js';
import type { DeliveryAttempt, DeliveryProgress, DeliveryState } from './delivery-progress.js';

/** A delivery's state and progress at a moment. */
export interface Snapshot {
  readonly state: DeliveryState;
  readonly progress: DeliveryProgress;
}

/** A change of an attempt's row. */
export interface AttemptChange {
  readonly id: string;
  readonly outcome: DeliveryAttempt['outcome'];
  readonly orderId?: string;
}

/** The order with which customer service replaced another. */
export interface OrderClone {
  readonly prevOrderId: string;
  readonly orderId: string;
}

/** The next snapshot of a delivery, with the events and attempt rows to store. */
export interface Transition extends Snapshot {
  readonly events: readonly NewDeliveryEvent[];
  readonly attempts?: readonly AttemptChange[];
  /** Gets an attempt row of its own. The row of the replaced order is marked as replaced. */
  readonly clone?: OrderClone | undefined;
}

/** Nothing has changed. */
export function unchanged({ state, progress }: Snapshot): Transition {
  return { state, progress, events: [] };
}
