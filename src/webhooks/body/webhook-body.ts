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
  /** What `JSON.parse` makes of `data`. */
  readonly dataValue: unknown;
}

/** Why a body is none. */
export type BodyFault = 'not-json' | 'no-object' | 'data-twice';

/**
 * Reads a webhook's body: all of it as JSON, and what is signed as bytes, cut out of it.
 *
 * @returns `undefined` for the probe that Lalamove sends when a URL is registered: nothing, white space or `{}`
 */
export function readWebhookBody(bytes: Uint8Array): WebhookBody | BodyFault | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = buffer.toString();
  const cut = cutData(buffer);
  if (cut === 'twice') return 'data-twice';
  if (cut !== 'no-object' && cut !== 'absent') {
    // Of a text that is JSON nothing else can have been cut than what was parsed as `data`.
    const members = parsedObject(whole);
    if (typeof members === 'string') return members;
    const data = buffer.subarray(cut.start, cut.end);
    return withData(members, data, data.toString());
  }
  if (whole.trim() === '') return undefined;
  const members = parsedObject(whole);
  if (typeof members === 'string') return members;
  return Object.keys(members).length === 0 ? undefined : withData(members, NOTHING, 'null');
}

/** What has no `data` is signed over nothing that could be checked. */
const NOTHING = new Uint8Array(0);

function parsedObject(text: string): Readonly<Record<string, unknown>> | BodyFault {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : 'no-object';
  } catch {
    return 'not-json';
  }
}

function withData(members: Readonly<Record<string, unknown>>, data: Uint8Array, dataText: string): WebhookBody {
  const { apiKey, timestamp, signature, eventId, eventID, eventType, data: dataValue } = members;
  return {
    apiKey: text(apiKey) ?? '',
    timestamp: typeof timestamp === 'number' ? String(timestamp) : (text(timestamp) ?? ''),
    signature: text(signature) ?? '',
    eventId: text(eventId) ?? text(eventID),
    eventType: text(eventType) ?? '',
    data,
    dataText,
    dataValue,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
