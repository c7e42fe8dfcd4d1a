import type { DeliveryReason, DeliveryState } from '../domain/delivery-progress.js';

/** What each type of event tells beside what all have. */
export interface DeliveryEventDetails {
  /** It was booked by the host; nothing has been sent yet. */
  requested: object;
  quoted: { quotationId: string; total: string; currency: string };
  /** Lalamove has the order. */
  booked: { orderId: string; quotationId: string; attempt: number; total: string; currency: string };
  /** Nobody knows whether Lalamove has the order: it is not placed again before that is known. */
  outcome_unknown: { quotationId: string; attempt: number };
  /** A driver is sought; also again, where one has given it back. */
  assigning: { orderId: string };
  on_going: { orderId: string; driverId: string };
  picked_up: { orderId: string };
  completed: { orderId: string };
  canceled: { orderId: string | undefined };
  failed: { reason: DeliveryReason };
  /** A person is needed: see `reason`, and `resolve`. */
  needs_attention: { reason: DeliveryReason };
  /** It books again: drivers have rejected it, none has accepted, or a person said so. */
  rebooking: { orderId: string | undefined; because: string };
  driver_assigned: { orderId: string; driverId: string };
  driver_change_asked: { orderId: string; driverId: string };
  fee_raised: { orderId: string; priorityFee: string };
  price_changed: { orderId: string; total: string; currency: string };
  /** Customer service has put another order in the place of this one. */
  replaced: { orderId: string; prevOrderId: string };
  cancel_requested: object;
  /** Lalamove does not allow it any more: the delivery goes on. */
  cancel_refused: { orderId: string; code: string };
  /** An order that was given up has turned up beside the live one. It is cancelled, if Lalamove allows it. */
  duplicate_found: { orderId: string };
  duplicate_canceled: { orderId: string };
  /** It could not be cancelled: a second courier is on the road. It is followed as an order of this delivery. */
  duplicate_kept: { orderId: string; code: string };
  /** It has ended by itself. */
  duplicate_ended: { orderId: string; status: string };
  /**
   * It is the delivery's order from now on: the one before (`prevOrderId`) has ended, or this one was delivered
   * first.
   */
  duplicate_adopted: { orderId: string; prevOrderId: string | undefined };
}

/** Type of a {@link DeliveryEvent}. */
export type DeliveryEventType = keyof DeliveryEventDetails;

/** What all events of a delivery have. */
export interface DeliveryEventBase {
  /** Grows with each event of a delivery; an idempotency key of your own together with `reference`. */
  readonly id: number;
  readonly reference: string;
  /** The account of the delivery; `undefined` for the default one. */
  readonly account: string | undefined;
  /** Where the delivery stood once this had happened. */
  readonly state: DeliveryState;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** Something that has happened to a delivery, told apart by `type`. */
export type DeliveryEvent = {
  [Type in DeliveryEventType]: DeliveryEventBase & { readonly type: Type } & Readonly<DeliveryEventDetails[Type]>;
}[DeliveryEventType];

/** The events of a type; all of them for `'*'`. */
export type DeliveryEventOf<Type extends DeliveryEventType | '*'> = Type extends DeliveryEventType
  ? Extract<DeliveryEvent, { type: Type }>
  : DeliveryEvent;

/** An event that is to be written: what it tells of itself. */
export type NewDeliveryEvent = {
  [Type in DeliveryEventType]: { readonly type: Type } & Readonly<DeliveryEventDetails[Type]>;
}[DeliveryEventType];
