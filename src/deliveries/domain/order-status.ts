import type { DeliveryState } from './delivery-progress.js';

/** The state of a delivery while its order has a status; a status that is newer than this package changes nothing. */
export const STATE_OF_STATUS: Readonly<Record<string, DeliveryState>> = {
  ASSIGNING_DRIVER: 'assigning',
  ON_GOING: 'on_going',
  PICKED_UP: 'picked_up',
  DELIVERING: 'picked_up',
  COMPLETED: 'completed',
};

/** How far on its way an order is: a status with a lower number is a step back. */
export const RANK_OF_STATUS: Readonly<Record<string, number>> = {
  ASSIGNING_DRIVER: 0,
  ON_GOING: 1,
  PICKED_UP: 2,
  DELIVERING: 3,
  COMPLETED: 4,
};

/** Both spellings of Lalamove's. */
export const CANCELED_STATUSES: ReadonlySet<string> = new Set(['CANCELED', 'CANCELLED']);

/** Ends of an order that no driver has taken: a new one may be placed. */
export const ENDED_WITHOUT_DRIVER: ReadonlySet<string> = new Set(['REJECTED', 'EXPIRED']);

/** An order of one of these has no driver, or none any more. */
export const DRIVERLESS_STATUSES: ReadonlySet<string> = new Set([
  'ASSIGNING_DRIVER',
  ...CANCELED_STATUSES,
  ...ENDED_WITHOUT_DRIVER,
]);

/** Statuses that do not change any more, but for a replacement by customer service. */
export const ENDED_STATUSES: ReadonlySet<string> = new Set([
  'COMPLETED',
  ...CANCELED_STATUSES,
  ...ENDED_WITHOUT_DRIVER,
]);
