/** The ten event types of Lalamove's webhooks (API v3, "Webhook"). */
export const WEBHOOK_EVENT_TYPES = [
  'ORDER_CREATED',
  'ORDER_STATUS_CHANGED',
  'DRIVER_ASSIGNED',
  'ORDER_AMOUNT_CHANGED',
  'ORDER_REPLACED',
  'ORDER_EDITED',
  'WALLET_BALANCE_CHANGED',
  'POD_STATUS_CHANGED',
  'POP_STATUS_CHANGED',
  'DELIVERY_CODE_STATUS_CHANGED',
] as const;

/** One of {@link WEBHOOK_EVENT_TYPES}. */
export type WebhookEventType = (typeof WEBHOOK_EVENT_TYPES)[number];
