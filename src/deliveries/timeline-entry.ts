import type { DeliveryEvent } from './events/delivery-event.js';

/**
 * An entry of a delivery's timeline: a delivery event, a Lalamove webhook that was applied to the delivery, or a
 * delivery event with an unreadable row. `at` and `receivedAt` are ISO 8601, UTC.
 */
export type TimelineEntry =
  | { readonly source: 'delivery'; readonly at: string; readonly event: DeliveryEvent }
  | {
      readonly source: 'webhook';
      readonly at: string;
      readonly eventType: string;
      readonly receivedAt: string;
      readonly orderId: string | undefined;
    }
  | { readonly source: 'unreadable'; readonly at: string; readonly eventType: string; readonly eventId: number };
