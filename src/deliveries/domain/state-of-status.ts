import type { DeliveryState } from './delivery-progress.js';

/** Order status → state of its delivery. A status that is newer than this package changes nothing. */
export const STATE_OF_STATUS: Readonly<Record<string, DeliveryState>> = {
  ASSIGNING_DRIVER: 'assigning',
  ON_GOING: 'on_going',
  PICKED_UP: 'picked_up',
  DELIVERING: 'picked_up',
  COMPLETED: 'completed',
};

/** How far an order has come. A status with a lower rank is a step back. */
export const RANK_OF_STATUS: Readonly<Record<string, number>> = {
  ASSIGNING_DRIVER: 0,
  ON_GOING: 1,
  PICKED_UP: 2,
  DELIVERING: 3,
  COMPLETED: 4,
};
