import type { EventData } from './event-data.js';
import { readStop, type EventStop } from './event-parts.js';
import type { LalamoveEventFacts } from './lalamove-event-facts.js';
import { LalamoveOrderEvent } from './order-events.js';

type Raw = Readonly<Record<string, unknown>>;

/** An event that tells something of an order's stops. */
export abstract class LalamoveStopEvent extends LalamoveOrderEvent {
  /** In the order of the route; of a stop that nothing is told of, nothing is there. The first event of a kind can come before its proof. */
  readonly stops: readonly EventStop[];

  /** Made by `readLalamoveEvent`. */
  constructor(facts: LalamoveEventFacts, data: EventData, raw: Raw) {
    super(facts, data, raw);
    this.stops = data.part('order').parts('stops').map(readStop);
  }
}

/** `POD_STATUS_CHANGED`: proof of delivery. A `COMPLETED` order can hold a stop whose `POD.status` is `FAILED`. */
export class PodStatusChangedEvent extends LalamoveStopEvent {
  readonly eventType = 'POD_STATUS_CHANGED';
}

/** `POP_STATUS_CHANGED`: proof of pick-up. */
export class PopStatusChangedEvent extends LalamoveStopEvent {
  readonly eventType = 'POP_STATUS_CHANGED';
}

/** `DELIVERY_CODE_STATUS_CHANGED`: the code that a recipient tells the driver. */
export class DeliveryCodeStatusChangedEvent extends LalamoveStopEvent {
  readonly eventType = 'DELIVERY_CODE_STATUS_CHANGED';
}
