import { randomUUID } from 'node:crypto';
import { sign } from '../../api/signature.js';
import { rooted } from '../endpoint/public-paths.js';

/** What a webhook for a test is made of. */
export interface SignWebhookInput {
  /** The secret key that it is signed with (`sk_…`). */
  secret: string;
  /** The path of the URL that Lalamove would know, such as `/webhooks/lalamove`. */
  path: string;
  /** `data` of the event: an object, or its very JSON text. */
  data: object | string;
  /** @default 'ORDER_STATUS_CHANGED' */
  eventType?: string;
  /** @default a fresh UUID */
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

/** A webhook, ready to be sent by `POST`. */
export interface SignedWebhook {
  body: string;
  headers: { 'content-type': string };
}

/**
 * Makes a webhook as Lalamove would send it, signed, for tests of an app that receives them (API v3, "Webhook").
 *
 * @throws TypeError where `data` cannot be written as JSON
 *
 * @example
 * const { body, headers } = signWebhook({ secret, path: '/webhooks/lalamove', data: { order: { orderId: '1', status: 'COMPLETED', previousStatus: 'PICKED_UP' } } });
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
