import { DataMisfit, type EventData } from './event-data.js';
import { readStop, type EventStop } from './event-parts.js';
import type { LalamoveEventFacts } from './lalamove-event-facts.js';
import { LalamoveOrderEvent } from './order-events.js';

type Raw = Readonly<Record<string, unknown>>;

/** An event that tells something of an order's stops. */
export abstract class LalamoveStopEvent extends LalamoveOrderEvent {
  /** In the order of the route; of a stop that nothing is told of, nothing is there. */
  readonly stops: readonly EventStop[];

  /** @param told what at least one stop must have */
  protected constructor(facts: LalamoveEventFacts, data: EventData, raw: Raw, told: keyof EventStop) {
    super(facts, data, raw);
    data.refuse('previousData');
    this.stops = data.part('order').parts('stops').map(readStop);
    if (!this.stops.some((stop) => stop[told])) throw new DataMisfit(`No stop has ${told}.`);
  }
}

/** `POD_STATUS_CHANGED`: proof of delivery. A `COMPLETED` order can hold a stop whose `POD.status` is `FAILED`. */
export class PodStatusChangedEvent extends LalamoveStopEvent {
  readonly eventType = 'POD_STATUS_CHANGED';

  /** Made by `readLalamoveEvent`. */
  constructor(facts: LalamoveEventFacts, data: EventData, raw: Raw) {
    super(facts, data, raw, 'POD');
  }
}

/** `POP_STATUS_CHANGED`: proof of pick-up. */
export class PopStatusChangedEvent extends LalamoveStopEvent {
  readonly eventType = 'POP_STATUS_CHANGED';

  /** Made by `readLalamoveEvent`. */
  constructor(facts: LalamoveEventFacts, data: EventData, raw: Raw) {
    super(facts, data, raw, 'POP');
  }
}

/** `DELIVERY_CODE_STATUS_CHANGED`: the code that a recipient tells the driver. */
export class DeliveryCodeStatusChangedEvent extends LalamoveStopEvent {
  readonly eventType = 'DELIVERY_CODE_STATUS_CHANGED';

  /** Made by `readLalamoveEvent`. */
  constructor(facts: LalamoveEventFacts, data: EventData, raw: Raw) {
    super(facts, data, raw, 'deliveryCode');
  }
}
