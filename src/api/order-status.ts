/** The order statuses of API v3, in the order of an order's life. */
export const ORDER_STATUSES = [
  'ASSIGNING_DRIVER',
  'ON_GOING',
  'PICKED_UP',
  'DELIVERING',
  'COMPLETED',
  'CANCELED',
  'REJECTED',
  'EXPIRED',
] as const;

/** The status of an order. A status that is newer than this package passes through as it is. */
export type OrderStatus = (typeof ORDER_STATUSES)[number] | (string & {});

/** The order is active or may still become active: it costs money and a courier is on the way. */
export const LIVE_STATUSES: ReadonlySet<OrderStatus> = new Set([
  'ASSIGNING_DRIVER',
  'ON_GOING',
  'PICKED_UP',
  'DELIVERING',
]);

/** Lalamove writes both spellings. */
export const CANCELED_STATUSES: ReadonlySet<OrderStatus> = new Set(['CANCELED', 'CANCELLED']);

/** The order ended because no driver took it. A new order may be placed. */
export const ENDED_WITHOUT_DRIVER: ReadonlySet<OrderStatus> = new Set(['REJECTED', 'EXPIRED']);

/** The order has no driver yet, or no driver any more. */
export const DRIVERLESS_STATUSES: ReadonlySet<OrderStatus> = new Set([
  'ASSIGNING_DRIVER',
  ...CANCELED_STATUSES,
  ...ENDED_WITHOUT_DRIVER,
]);

/** Final statuses. Only a replacement order by Lalamove's customer service can follow them. */
export const ENDED_STATUSES: ReadonlySet<OrderStatus> = new Set([
  'COMPLETED',
  ...CANCELED_STATUSES,
  ...ENDED_WITHOUT_DRIVER,
]);
