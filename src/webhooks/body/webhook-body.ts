import { isRecord } from '../../is-record.js';
import { cutData } from './cut-data.js';

/** What a webhook says of itself. Only `timestamp` and `data` are signed. */
export interface WebhookBody {
  /** Whose secret is said to have signed it; empty where nobody's is. */
  readonly apiKey: string;
  /** As it was signed: Unix seconds, or ms. */
  readonly timestamp: string;
  /** As it came; empty where there is none. */
  readonly signature: string;
  readonly eventId: string | undefined;
  readonly eventType: string;
  /** The bytes of `data`. */
  readonly data: Uint8Array;
  readonly dataText: string;
}

/** Why a body is none. */
export type BodyFault = 'not-json' | 'no-object' | 'data-twice';

/**
 * Reads a webhook's body: what is signed as bytes, cut out of it, and the rest as JSON.
 *
 * @returns `undefined` for the probe that Lalamove sends when a URL is registered: nothing, white space or `{}`
 */
export function readWebhookBody(bytes: Uint8Array): WebhookBody | BodyFault | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const cut = cutData(buffer);
  if (cut === 'twice') return 'data-twice';
  if (typeof cut === 'string') return withoutData(buffer.toString());
  const data = buffer.subarray(cut.start, cut.end);
  const dataText = data.toString();
  const head = `${buffer.toString('utf8', 0, cut.start)}null${buffer.toString('utf8', cut.end)}`;
  try {
    const members: unknown = JSON.parse(head);
    JSON.parse(dataText);
    return isRecord(members) ? withData(members, data, dataText) : 'no-object';
  } catch {
    return 'not-json';
  }
}

function withData(members: Readonly<Record<string, unknown>>, data: Uint8Array, dataText: string): WebhookBody {
  const { apiKey, timestamp, signature, eventId, eventID, eventType } = members;
  return {
    apiKey: text(apiKey) ?? '',
    timestamp: typeof timestamp === 'number' ? String(timestamp) : (text(timestamp) ?? ''),
    signature: text(signature) ?? '',
    eventId: text(eventId) ?? text(eventID),
    eventType: text(eventType) ?? '',
    data,
    dataText,
  };
}

/** What has no `data` is the probe, no JSON at all, or signed over nothing that could be checked. */
function withoutData(body: string): WebhookBody | BodyFault | undefined {
  if (body.trim() === '') return undefined;
  try {
    const members: unknown = JSON.parse(body);
    if (!isRecord(members)) return 'no-object';
    return Object.keys(members).length === 0 ? undefined : withData(members, new Uint8Array(0), 'null');
  } catch {
    return 'not-json';
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
