import type { DeliveriesMetrics } from '../deliveries/deliveries-metrics.js';
import type { Delivery, DeliveryPage } from '../deliveries/delivery.js';
import { DELIVERY_STATES, type DeliveryReason, type DeliveryState } from '../deliveries/domain/delivery-progress.js';
import type { DeliveryEvent } from '../deliveries/events/delivery-event.js';
import type { TimelineEntry } from '../deliveries/timeline-entry.js';
import { answerSchema, type Merged } from './answer-schema.js';

const OPTIONAL = { required: false } as const;
const STATE = { type: 'string', enum: DELIVERY_STATES, description: 'The state.', example: 'assigning' } as const;
const ACCOUNT = { type: 'string', ...OPTIONAL, description: 'The account; missing for the default account.' } as const;
const REFERENCE = { type: 'string', description: 'Your own id of the delivery.', example: 'order-1001' } as const;
const time = (description: string) =>
  ({ type: 'string', format: 'date-time', description, example: '2026-12-01T08:30:00.000Z' }) as const;
const optionalText = (description: string, example?: string) =>
  ({ type: 'string', ...OPTIONAL, description, ...(example !== undefined && { example }) }) as const;
const count = (description: string) => ({ type: 'integer', description, example: 0 }) as const;

/** The schema `DeliveryReason`. */
export const DeliveryReasonSchema = answerSchema<DeliveryReason>(
  'DeliveryReason',
  'Why a delivery cannot go on by itself.',
  {
    code: { type: 'string', description: 'A code of its own, or that of the refusal.', example: 'OUTCOME_UNKNOWN' },
    message: { type: 'string', description: 'A sentence for a person.' },
    fields: {
      type: 'array',
      items: { type: 'string' },
      ...OPTIONAL,
      description: 'JSON pointers into the booking: what Lalamove has refused.',
    },
  },
);

/** The schema `DeliveryPrice`. */
export const DeliveryPriceSchema = answerSchema<NonNullable<Delivery['price']>>('DeliveryPrice', 'A price.', {
  total: { type: 'string', description: 'A decimal string; it includes the priority fee.', example: '58.00' },
  currency: { type: 'string', description: 'ISO 4217.', example: 'HKD' },
});

/** The schema `DuplicateOrder`. */
export const DuplicateOrderSchema = answerSchema<Delivery['duplicateOrders'][number]>(
  'DuplicateOrder',
  'Another order that may be active.',
  {
    orderId: { type: 'string', description: 'The id.', example: '3394517965935702480' },
    orderStatus: { type: 'string', description: "Lalamove's status.", example: 'ON_GOING' },
  },
);

/** The schema `Delivery`. */
export const DeliverySchema = answerSchema<Delivery>('Delivery', 'A delivery, without names and addresses.', {
  reference: REFERENCE,
  account: ACCOUNT,
  state: STATE,
  reason: { type: DeliveryReasonSchema, ...OPTIONAL, description: 'Why it needs attention or has failed.' },
  orderId: optionalText('The id of the live order, or of the last one.', '3394517965935702480'),
  orderStatus: optionalText("Lalamove's status of this order.", 'ASSIGNING_DRIVER'),
  driverId: optionalText('The driver.', '80557'),
  duplicateOrders: { type: DuplicateOrderSchema, isArray: true, description: 'Other orders that may be active.' },
  shareLink: optionalText('An opaque URL where the recipient can follow the order.'),
  price: { type: DeliveryPriceSchema, ...OPTIONAL, description: 'The price of the order, or of the quotation.' },
  attempts: { type: 'integer', description: 'The number of orders that were placed, or may have been.', example: 1 },
  cancellation: {
    type: 'string',
    enum: ['none', 'asked', 'refused'],
    description: 'Whether a cancellation was requested; `refused` if Lalamove no longer allowed it.',
    example: 'none',
  },
  metadata: {
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'Your own data.',
    example: { reference: 'A-1' },
  },
  createdAt: time('ISO 8601, UTC.'),
  updatedAt: time('ISO 8601, UTC.'),
  dueAt: { ...time('The time of the next action: ISO 8601, UTC.'), ...OPTIONAL },
});

/** The schema `UnreadableDelivery`. */
export const UnreadableDeliverySchema = answerSchema<DeliveryPage['unreadable'][number]>(
  'UnreadableDelivery',
  'A delivery whose row cannot be read.',
  { reference: REFERENCE, account: ACCOUNT },
);

/** The schema `DeliveryPage`. */
export const DeliveryPageSchema = answerSchema<DeliveryPage>('DeliveryPage', 'A page of deliveries, oldest first.', {
  deliveries: { type: DeliverySchema, isArray: true, description: 'The deliveries.' },
  cursor: optionalText('The cursor of the next page; missing on the last page.'),
  unreadable: { type: UnreadableDeliverySchema, isArray: true, description: 'Deliveries with unreadable rows.' },
});

/** The schema `DeliveryEvent`: which members an event has depends on its type. */
export const DeliveryEventSchema = answerSchema<Merged<DeliveryEvent>>('DeliveryEvent', 'An event of a delivery.', {
  id: { type: 'integer', description: 'Grows with each event of a delivery.', example: 7 },
  type: { type: 'string', description: 'The type, e.g. `booked`.', example: 'booked' },
  reference: REFERENCE,
  account: ACCOUNT,
  state: { ...STATE, description: 'The state of the delivery after this event.' },
  at: time('The time of the event: ISO 8601, UTC.'),
  orderId: optionalText('The order.', '3394517965935702480'),
  prevOrderId: optionalText('The order before it.'),
  quotationId: optionalText('The quotation.', '3394517965935702476'),
  attempt: { type: 'integer', ...OPTIONAL, description: 'The number of the attempt.', example: 1 },
  total: optionalText('The price, a decimal string.', '58.00'),
  currency: optionalText('ISO 4217.', 'HKD'),
  priorityFee: optionalText('The priority fee, a decimal string.', '20'),
  driverId: optionalText('The driver.', '80557'),
  status: optionalText("Lalamove's status of the order.", 'COMPLETED'),
  reason: { type: DeliveryReasonSchema, ...OPTIONAL, description: 'Why it needs attention or has failed.' },
  because: optionalText('Why it is booked again.'),
  fields: {
    type: 'array',
    items: { type: 'string' },
    ...OPTIONAL,
    description: 'JSON pointers into the booking: what a person has corrected.',
  },
  how: optionalText('What a person has decided: `order`, `rebook` or `cancel`.', 'rebook'),
  by: optionalText('Who has decided, corrected or cancelled.'),
  code: optionalText("The code of Lalamove's refusal.", 'ERR_CANCELLATION_FORBIDDEN'),
});

/** The schema `TimelineEntry`: which members an entry has depends on its source. */
export const TimelineEntrySchema = answerSchema<Merged<TimelineEntry>>(
  'TimelineEntry',
  'An entry of the timeline of a delivery.',
  {
    source: {
      type: 'string',
      enum: ['delivery', 'webhook', 'unreadable'],
      description: 'An event of the delivery, a webhook of Lalamove, or an event whose row cannot be read.',
      example: 'delivery',
    },
    at: time('ISO 8601, UTC.'),
    event: { type: DeliveryEventSchema, ...OPTIONAL, description: 'The event; for the source `delivery`.' },
    eventType: optionalText('The type of the webhook or of the event.', 'ORDER_STATUS_CHANGED'),
    receivedAt: { ...time('When the webhook was received: ISO 8601, UTC.'), ...OPTIONAL },
    orderId: optionalText('The order of the webhook.', '3394517965935702480'),
    eventId: { type: 'integer', ...OPTIONAL, description: 'The id of the event whose row cannot be read.' },
  },
);

/** The schema `DeliveriesByState`. */
export const DeliveriesByStateSchema = answerSchema<Record<DeliveryState, number>>(
  'DeliveriesByState',
  'The number of deliveries in each state.',
  {
    requested: count('Stored, and not quoted yet.'),
    quoting: count('A quotation is requested.'),
    booking: count('The order is being placed.'),
    assigning: count('Lalamove looks for a driver.'),
    on_going: count('The driver is on the way to the pick-up.'),
    picked_up: count('The goods are on the way.'),
    completed: count('Delivered.'),
    canceled: count('Cancelled.'),
    failed: count('Ended without a delivery.'),
    needs_attention: count('A person must act.'),
  },
);

/** The schema `DeliveriesMetrics`. */
export const DeliveriesMetricsSchema = answerSchema<DeliveriesMetrics>('DeliveriesMetrics', 'Counts of deliveries.', {
  byState: { type: DeliveriesByStateSchema, description: 'The number of deliveries in each state.' },
  lagMs: count('How long the oldest due delivery has waited for a worker, in ms.'),
  unknownAttempts: count('Attempts with an unknown outcome.'),
  unmatched: count('Webhooks that wait because their order is not known yet.'),
  setAsideUnmatched: count('Webhooks that were set aside because their order did not become known in time.'),
  pendingEvents: count('Events that wait for their handlers.'),
  outboxLagMs: count('How long the oldest event that waits for its handlers has been stored, in ms.'),
  setAsideEvents: count('Events that were set aside after their handlers failed too often.'),
  unreadable: count('Rows that cannot be read.'),
});
