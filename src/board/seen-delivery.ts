import type { InspectedDelivery } from '../deliveries/inspection.js';

/**
 * What an operator decides on, as a text. The page gets it with a delivery and sends it back with a decision, so that
 * nobody decides on what is outdated. The last entry of the timeline is part of it, because the same state may have
 * come again, for another order.
 */
export function seenOf({ delivery, timeline }: InspectedDelivery): string {
  const { state, reason, orderId = '' } = delivery;
  return JSON.stringify([state, reason?.code ?? '', orderId, Math.max(0, ...timeline.map(({ id }) => id))]);
}
