import type { OrderStatus } from '../../api/order-status.js';
import type { Coordinates } from '../../api/answers/quotation.js';
import type { EventData } from './event-data.js';
import {
  readBalance,
  readDriver,
  readPrice,
  readStop,
  type EventBalance,
  type EventDriver,
  type EventPrice,
  type EventStop,
} from './event-parts.js';
import type { LalamoveEventFacts } from './lalamove-event-facts.js';
import { LalamoveWebhookEvent } from './lalamove-webhook-event.js';

type Raw = Readonly<Record<string, unknown>>;

/** An event of one order. */
export abstract class LalamoveOrderEvent extends LalamoveWebhookEvent {
  /** Up to 19 digits. */
  readonly orderId: string;
  /** What the host gave the order when placing it; not every event of Lalamove's repeats it. */
  readonly metadata: Readonly<Record<string, string>> | undefined;

  protected constructor(facts: LalamoveEventFacts, data: EventData, raw: Raw) {
    super(facts, raw);
    const order = data.part('order');
    this.orderId = order.text('orderId');
    this.metadata = order.metadata();
  }
}

/** `ORDER_CREATED`: an order has been placed, by you or in Lalamove's own apps. */
export class OrderCreatedEvent extends LalamoveOrderEvent {
  readonly eventType = 'ORDER_CREATED';
  readonly status: OrderStatus;
  /** Empty until a driver is matched. */
  readonly driverId: string;
  /** City of the order, e.g. `HK_HKG`. */
  readonly market: string | undefined;
  /** An opaque URL where the recipient can follow the order. */
  readonly shareLink: string | undefined;

  /** Made by `readLalamoveEvent`. */
  constructor(facts: LalamoveEventFacts, data: EventData, raw: Raw) {
    super(facts, data, raw);
    const order = data.part('order');
    this.status = order.text('status');
    this.driverId = order.optionalText('driverId') ?? '';
    this.market = order.optionalText('market');
    this.shareLink = order.optionalText('shareLink');
  }
}

/** `ORDER_STATUS_CHANGED`: where the order stands now. A status can go back, and events come in any order: the one with the latest `occurredAt` holds. */
export class OrderStatusChangedEvent extends LalamoveOrderEvent {
  readonly eventType = 'ORDER_STATUS_CHANGED';
  readonly status: OrderStatus;
  /** Empty for the first status of an order, and where it was not told. */
  readonly previousStatus: OrderStatus;
  /** Empty without a driver. */
  readonly driverId: string;
  /** City of the order, e.g. `HK_HKG`. */
  readonly market: string | undefined;
  /** An opaque URL where the recipient can follow the order. */
  readonly shareLink: string | undefined;
  /**
   * Who cancelled. After `LALAMOVE_CUSTOMER_SUPPORT` an `ORDER_REPLACED` may follow: whoever books again before it puts a second courier on the road.
   */
  readonly cancelParty: string | undefined;
  readonly cancelReason: string | undefined;

  /** Made by `readLalamoveEvent`. */
  constructor(facts: LalamoveEventFacts, data: EventData, raw: Raw) {
    super(facts, data, raw);
    const order = data.part('order');
    this.status = order.text('status');
    this.previousStatus = order.optionalText('previousStatus') ?? '';
    this.driverId = order.optionalText('driverId') ?? '';
    this.market = order.optionalText('market');
    this.shareLink = order.optionalText('shareLink');
    this.cancelParty = order.filledText('cancelParty');
    this.cancelReason = order.filledText('cancelReason');
  }
}

/** `DRIVER_ASSIGNED`: a driver has accepted. */
export class DriverAssignedEvent extends LalamoveOrderEvent {
  readonly eventType = 'DRIVER_ASSIGNED';
  readonly driver: EventDriver;
  /** Where the driver is: decimal strings, in degrees. */
  readonly location: Coordinates | undefined;

  /** Made by `readLalamoveEvent`. */
  constructor(facts: LalamoveEventFacts, data: EventData, raw: Raw) {
    super(facts, data, raw);
    this.driver = readDriver(data.part('driver'));
    this.location = data.coordinates('location');
  }
}

/** `ORDER_AMOUNT_CHANGED`: the order costs something else now. */
export class OrderAmountChangedEvent extends LalamoveOrderEvent {
  readonly eventType = 'ORDER_AMOUNT_CHANGED';
  readonly price: EventPrice;
  /** What is left in the wallet. */
  readonly balance: EventBalance | undefined;
  readonly status: OrderStatus | undefined;
  /** City of the order, e.g. `HK_HKG`. */
  readonly market: string | undefined;

  /** Made by `readLalamoveEvent`. */
  constructor(facts: LalamoveEventFacts, data: EventData, raw: Raw) {
    super(facts, data, raw);
    const order = data.part('order');
    this.price = readPrice(order.part('price'));
    const balance = data.optionalPart('balance');
    this.balance = balance?.filledText('amount') === undefined ? undefined : readBalance(balance);
    this.status = order.optionalText('status');
    this.market = order.optionalText('market');
  }
}

/** `ORDER_REPLACED`: customer service has cancelled an order and cloned it. `orderId` is the clone's. */
export class OrderReplacedEvent extends LalamoveOrderEvent {
  readonly eventType = 'ORDER_REPLACED';
  /** The order that is replaced. */
  readonly prevOrderId: string;

  /** Made by `readLalamoveEvent`. */
  constructor(facts: LalamoveEventFacts, data: EventData, raw: Raw) {
    super(facts, data, raw);
    this.prevOrderId = data.text('prevOrderId');
  }
}

/** `ORDER_EDITED`: the stops are others now. */
export class OrderEditedEvent extends LalamoveOrderEvent {
  readonly eventType = 'ORDER_EDITED';
  readonly status: OrderStatus | undefined;
  readonly stops: readonly EventStop[];
  /** Empty where they were not told. */
  readonly previousStops: readonly EventStop[];
  /** `USER` or `LALAMOVE_CUSTOMER_SUPPORT`. */
  readonly editParty: string | undefined;
  readonly editReason: string | undefined;

  /** Made by `readLalamoveEvent`. */
  constructor(facts: LalamoveEventFacts, data: EventData, raw: Raw) {
    super(facts, data, raw);
    const order = data.part('order');
    this.status = order.optionalText('status');
    this.stops = order.parts('stops').map(readStop);
    this.previousStops = data.optionalPart('previousData')?.parts('stops').map(readStop) ?? [];
    this.editParty = data.optionalText('editParty');
    this.editReason = data.optionalText('editReason');
  }
}
