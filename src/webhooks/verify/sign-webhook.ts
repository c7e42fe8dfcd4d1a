import { randomUUID } from 'node:crypto';
import { sign } from '../../api/signature.js';
import { rooted } from '../endpoint/signed-paths.js';

/** The input of {@link signWebhook}. */
export interface SignWebhookInput {
  /** The secret key that signs the webhook (`sk_…`). */
  secret: string;
  /** The path of the webhook URL, such as `/webhooks/lalamove`. */
  path: string;
  /** The `data` of the event: an object, or its exact JSON text. */
  data: object | string;
  /** @default 'ORDER_STATUS_CHANGED' */
  eventType?: string;
  /** @default a new UUID */
  eventId?: string;
  /** @default 'pk_test_webhook' */
  apiKey?: string;
  /**
   * Unix seconds.
   *
   * @default now
   */
  timestamp?: number;
}

/** A signed webhook, to be sent by `POST`. */
export interface SignedWebhook {
  body: string;
  headers: { 'content-type': string };
}

/**
 * Creates a signed webhook like those of Lalamove, for tests of an app that receives webhooks (API v3, "Webhook").
 *
 * @throws TypeError if `data` cannot be written as JSON
 *
 * @example
 * const data = { order: { orderId: '1', status: 'COMPLETED', previousStatus: 'PICKED_UP' } };
 * const { body, headers } = signWebhook({ secret, path: '/webhooks/lalamove', data });
 * await fetch(`${url}/webhooks/lalamove`, { method: 'POST', body, headers });
 */
export function signWebhook({
  secret,
  path,
  data,
  eventType = 'ORDER_STATUS_CHANGED',
  eventId = randomUUID().toUpperCase(),
  apiKey = 'pk_test_webhook',
  timestamp = Math.floor(Date.now() / 1000),
}: SignWebhookInput): SignedWebhook {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  const parts = { timestamp: String(timestamp), method: 'POST', path: rooted(path), body: text };
  const head = { apiKey, timestamp, signature: sign(secret, parts), eventId, eventType, eventVersion: 'v3' };
  return {
    body: `${JSON.stringify(head).slice(0, -1)},"data":${text}}`,
    headers: { 'content-type': 'application/json' },
  };
}
