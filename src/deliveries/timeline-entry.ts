import type { DeliveryEvent } from './events/delivery-event.js';

/**
 * An entry of a delivery's timeline: an event of ours, a webhook of Lalamove's that was applied to it, or an event of
 * ours whose row cannot be read. `at` and `receivedAt` are ISO 8601, UTC.
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
