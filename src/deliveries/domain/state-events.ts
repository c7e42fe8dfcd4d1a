import type { NewDeliveryEvent } from '../events/delivery-event.js';
import type { TrackedOrder, DeliveryState } from './delivery-progress.js';

/** The events of a state that comes from the order's status. */
export function stateEvents(
  before: DeliveryState,
  state: DeliveryState,
  { orderId, driverId }: TrackedOrder,
): NewDeliveryEvent[] {
  if (before === state) return [];
  switch (state) {
    case 'assigning':
      return [{ type: 'assigning', orderId }];
    case 'on_going':
      return [{ type: 'on_going', orderId, driverId }];
    case 'picked_up':
      return [{ type: 'picked_up', orderId }];
    case 'completed':
      return [{ type: 'completed', orderId }];
    default:
      return [];
  }
}
