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
  /** The metadata that the host sent with the order. Not all of Lalamove's events have them. */
  readonly metadata: Readonly<Record<string, string>> | undefined;

  protected constructor(facts: LalamoveEventFacts, data: EventData, raw: Raw) {
    super(facts, raw);
    const order = data.part('order');
    this.orderId = order.text('orderId');
    this.metadata = order.metadata();
  }
}

/** `ORDER_CREATED`: an order was placed, by you or in one of Lalamove's apps. */
export class OrderCreatedEvent extends LalamoveOrderEvent {
  readonly eventType = 'ORDER_CREATED';
  readonly status: OrderStatus;
  /** Empty until a driver is matched. */
  readonly driverId: string;
  /** The city of the order, e.g. `HK_HKG`. */
  readonly market: string | undefined;
  /** The URL of Lalamove's tracking page for the recipient. */
  readonly shareLink: string | undefined;

  /** Created by `readLalamoveEvent`. */
  constructor(facts: LalamoveEventFacts, data: EventData, raw: Raw) {
    super(facts, data, raw);
    const order = data.part('order');
    this.status = order.text('status');
    this.driverId = order.optionalText('driverId') ?? '';
    this.market = order.optionalText('market');
    this.shareLink = order.optionalText('shareLink');
  }
}

/**
 * `ORDER_STATUS_CHANGED`: the new status of the order. A status can go back, and events can arrive in any order: the
 * event with the latest `occurredAt` has the current status.
 */
export class OrderStatusChangedEvent extends LalamoveOrderEvent {
  readonly eventType = 'ORDER_STATUS_CHANGED';
  readonly status: OrderStatus;
  /** Empty for the first status of an order, and if the event does not have it. */
  readonly previousStatus: OrderStatus;
  /** Empty without a driver. */
  readonly driverId: string;
  /** The city of the order, e.g. `HK_HKG`. */
  readonly market: string | undefined;
  /** The URL of Lalamove's tracking page for the recipient. */
  readonly shareLink: string | undefined;
  /**
   * Who cancelled. After `LALAMOVE_CUSTOMER_SUPPORT` an `ORDER_REPLACED` may follow. If you book again before it, a
   * second courier comes.
   */
  readonly cancelParty: string | undefined;
  readonly cancelReason: string | undefined;

  /** Created by `readLalamoveEvent`. */
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

/** `DRIVER_ASSIGNED`: a driver accepted the order. */
export class DriverAssignedEvent extends LalamoveOrderEvent {
  readonly eventType = 'DRIVER_ASSIGNED';
  readonly driver: EventDriver;
  /** The position of the driver: decimal strings, in degrees. */
  readonly location: Coordinates | undefined;

  /** Created by `readLalamoveEvent`. */
  constructor(facts: LalamoveEventFacts, data: EventData, raw: Raw) {
    super(facts, data, raw);
    this.driver = readDriver(data.part('driver'));
    this.location = data.coordinates('location');
  }
}

/** `ORDER_AMOUNT_CHANGED`: the price of the order changed. */
export class OrderAmountChangedEvent extends LalamoveOrderEvent {
  readonly eventType = 'ORDER_AMOUNT_CHANGED';
  readonly price: EventPrice;
  /** The new balance of the wallet. */
  readonly balance: EventBalance | undefined;
  readonly status: OrderStatus | undefined;
  /** The city of the order, e.g. `HK_HKG`. */
  readonly market: string | undefined;

  /** Created by `readLalamoveEvent`. */
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

/** `ORDER_REPLACED`: customer service cancelled an order and created a copy. `orderId` is the id of the copy. */
export class OrderReplacedEvent extends LalamoveOrderEvent {
  readonly eventType = 'ORDER_REPLACED';
  /** The order that was replaced. */
  readonly prevOrderId: string;

  /** Created by `readLalamoveEvent`. */
  constructor(facts: LalamoveEventFacts, data: EventData, raw: Raw) {
    super(facts, data, raw);
    this.prevOrderId = data.text('prevOrderId');
  }
}

/** `ORDER_EDITED`: the stops of the order changed. */
export class OrderEditedEvent extends LalamoveOrderEvent {
  readonly eventType = 'ORDER_EDITED';
  readonly status: OrderStatus | undefined;
  readonly stops: readonly EventStop[];
  /** Empty if the event does not have them. */
  readonly previousStops: readonly EventStop[];
  /** `USER` or `LALAMOVE_CUSTOMER_SUPPORT`. */
  readonly editParty: string | undefined;
  readonly editReason: string | undefined;

  /** Created by `readLalamoveEvent`. */
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
