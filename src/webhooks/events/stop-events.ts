import type { EventData } from './event-data.js';
import { readStop, type EventStop } from './event-parts.js';
import type { LalamoveEventFacts } from './lalamove-event-facts.js';
import { LalamoveOrderEvent } from './order-events.js';

type Raw = Readonly<Record<string, unknown>>;

/** An event about the stops of an order. */
export abstract class LalamoveStopEvent extends LalamoveOrderEvent {
  /**
   * The stops in the order of the route. A stop without news has no members. The first event of a type can arrive
   * before the proof exists.
   */
  readonly stops: readonly EventStop[];

  /** Created by `readLalamoveEvent`. */
  constructor(facts: LalamoveEventFacts, data: EventData, raw: Raw) {
    super(facts, data, raw);
    this.stops = data.part('order').parts('stops').map(readStop);
  }
}

/** `POD_STATUS_CHANGED`: proof of delivery. A `COMPLETED` order can have a stop whose `POD.status` is `FAILED`. */
export class PodStatusChangedEvent extends LalamoveStopEvent {
  readonly eventType = 'POD_STATUS_CHANGED';
}

/** `POP_STATUS_CHANGED`: proof of pick-up. */
export class PopStatusChangedEvent extends LalamoveStopEvent {
  readonly eventType = 'POP_STATUS_CHANGED';
}

/** `DELIVERY_CODE_STATUS_CHANGED`: the code that the recipient gives to the driver. */
export class DeliveryCodeStatusChangedEvent extends LalamoveStopEvent {
  readonly eventType = 'DELIVERY_CODE_STATUS_CHANGED';
}
