import { readdirSync, readFileSync } from 'node:fs';
import { signatureOf } from './webhook-host.js';

const FOLDER = new URL('../fixtures/recorded/', import.meta.url);

/** A recorded webhook. */
export interface RecordedWebhook {
  readonly name: string;
  readonly eventType: string;
  readonly eventId: string;
  /** Unix seconds. */
  readonly timestamp: number;
  /** The order of the event; `undefined` for a wallet event. */
  readonly orderId: string | undefined;
  /** The exact text of its body. */
  readonly body: string;
  /** The text of `data` that Lalamove signed. The recorded body may have escaped slashes. */
  readonly data: string;
}

interface RecordedBody {
  eventType: string;
  eventId: string;
  timestamp: number;
  data: { order?: { orderId: string } };
}

/** All recorded webhooks. Those that were recorded as objects are written as JSON, one with `""` instead of null. */
export function recordedWebhooks(): RecordedWebhook[] {
  return readdirSync(FOLDER)
    .filter((name) => /^webhooks?[.-]/.test(name))
    .flatMap((name) => bodiesIn(name).map((body, index) => webhookOf(`${name} ${index + 1}`, body)));
}

/** The webhooks of one order, in the order of their arrival. */
export function recordedLife(): RecordedWebhook[] {
  return recordedWebhooks().filter(({ name }) => name.startsWith('webhook-life.'));
}

/** The body, signed again for the account of a test and for another time. */
export function resigned(
  { body, data, timestamp }: RecordedWebhook,
  by: { apiKey: string; apiSecret: string; path: string; timestamp: number },
): string {
  const signature = signatureOf(by.apiSecret, String(by.timestamp), by.path, data);
  return body
    .replace(/"apiKey":"[^"]*"/, `"apiKey":"${by.apiKey}"`)
    .replace(`"timestamp":${timestamp}`, `"timestamp":${by.timestamp}`)
    .replace(/"signature":"[^"]*"/, `"signature":"${signature}"`);
}

function bodiesIn(name: string): string[] {
  const file = JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as { bodies?: (string | object)[] };
  return (file.bodies ?? [file]).flatMap((body) => {
    if (typeof body === 'string') return [body];
    const text = JSON.stringify(body);
    const sent = text.replaceAll(':null', ':""');
    return sent === text ? [text] : [text, sent];
  });
}

function webhookOf(name: string, body: string): RecordedWebhook {
  const { eventType, eventId, timestamp, data } = JSON.parse(body) as RecordedBody;
  return { name, eventType, eventId, timestamp, orderId: data.order?.orderId, body, data: JSON.stringify(data) };
}
