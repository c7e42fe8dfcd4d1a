import type { DeliveryReason, DeliveryState } from '../domain/delivery-progress.js';

/** The fields of each event type, in addition to the fields that all events have. */
export interface DeliveryEventDetails {
  /** The host has booked the delivery. Nothing has been sent to Lalamove yet. */
  requested: object;
  /** Lalamove has returned a quotation. */
  quoted: { quotationId: string; total: string; currency: string };
  /** Lalamove has accepted the order. */
  booked: { orderId: string; quotationId: string; attempt: number; total: string; currency: string };
  /** It is not known if Lalamove has the order. No other order is placed until it is known. */
  outcome_unknown: { quotationId: string; attempt: number };
  /** Lalamove looks for a driver: for the first time, or again because a driver has left the order. */
  assigning: { orderId: string };
  on_going: { orderId: string; driverId: string };
  picked_up: { orderId: string };
  completed: { orderId: string };
  canceled: { orderId: string | undefined };
  failed: { reason: DeliveryReason };
  /** A person must act: see `reason` and `resolve`. */
  needs_attention: { reason: DeliveryReason };
  /** The delivery is booked again: drivers rejected the order, no driver accepted it, or a person decided so. */
  rebooking: { orderId: string | undefined; because: string };
  /**
   * A person has corrected the request, and the delivery is booked again. `fields` are JSON pointers into the booking,
   * `by` is who has done it.
   */
  corrected: { fields: readonly string[]; by: string | undefined };
  /** A person has resolved the delivery, and the call said who: `resolve(…, { by })`. `how` is what was decided. */
  resolved: { how: 'order' | 'rebook' | 'cancel'; by: string };
  driver_assigned: { orderId: string; driverId: string };
  driver_change_asked: { orderId: string; driverId: string };
  fee_raised: { orderId: string; priorityFee: string };
  price_changed: { orderId: string; total: string; currency: string };
  /** Lalamove's customer service has replaced the order by another one. */
  replaced: { orderId: string; prevOrderId: string };
  /** `by` is who has asked for it, if the call said so. */
  cancel_requested: { by: string | undefined };
  /** Lalamove no longer allows the cancellation. The delivery goes on. */
  cancel_refused: { orderId: string; code: string };
  /** An abandoned order exists beside the live one. It is cancelled if Lalamove allows it. */
  duplicate_found: { orderId: string };
  duplicate_canceled: { orderId: string };
  /** The duplicate could not be cancelled: a second courier is on the road. The package tracks this order too. */
  duplicate_kept: { orderId: string; code: string };
  /** The duplicate has ended without being cancelled by this package. */
  duplicate_ended: { orderId: string; status: string };
  /**
   * The duplicate is the delivery's order from now on, because the order before it (`prevOrderId`) has ended or
   * because the duplicate was delivered first.
   */
  duplicate_adopted: { orderId: string; prevOrderId: string | undefined };
}

/** The type of a {@link DeliveryEvent}. */
export type DeliveryEventType = keyof DeliveryEventDetails;

/** The fields that all events of a delivery have. */
export interface DeliveryEventBase {
  /** Grows with each event of a delivery. Together with `reference` it is an idempotency key for your handlers. */
  readonly id: number;
  readonly reference: string;
  /** The account of the delivery; `undefined` for the default account. */
  readonly account: string | undefined;
  /** The state of the delivery after this event. */
  readonly state: DeliveryState;
  /** The time of the event: ISO 8601, UTC. */
  readonly at: string;
}

/** An event of a delivery: a union, discriminated by `type`. */
export type DeliveryEvent = {
  [Type in DeliveryEventType]: DeliveryEventBase & { readonly type: Type } & Readonly<DeliveryEventDetails[Type]>;
}[DeliveryEventType];

/** The event of one type; any event for `'*'`. */
export type DeliveryEventOf<Type extends DeliveryEventType | '*'> = Type extends DeliveryEventType
  ? Extract<DeliveryEvent, { type: Type }>
  : DeliveryEvent;

/** An event that is not stored yet: its type and its own fields. */
export type NewDeliveryEvent = {
  [Type in DeliveryEventType]: { readonly type: Type } & Readonly<DeliveryEventDetails[Type]>;
}[DeliveryEventType];
