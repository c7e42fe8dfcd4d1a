import { isRecord } from '../../internal/is-record.js';
import { cutData } from './cut-data.js';
import { rewritten } from './rewritten-data.js';

/** `data` as it may have been signed, and what `JSON.parse` makes of it. */
export interface DataForm {
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly value: unknown;
}

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
  /** `data` as it came, or as nearly so as is known. */
  readonly data: DataForm;
  /** `data` written anew, for what was reformatted on its way; `undefined` where that is the same. It is made when it is asked for. */
  readonly rewritten: () => DataForm | undefined;
}

/** Why a body is none. */
export type BodyFault = 'not-json' | 'no-object' | 'data-twice';

/**
 * Reads a webhook's body: all of it as JSON, and what is signed as bytes, cut out of it.
 *
 * @returns `undefined` for a probe that Lalamove sends when a URL is registered: nothing, white space, `{}`, or an envelope that says nothing
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
    if (saysNothing(members)) return undefined;
    return withData(members, { bytes: data, text: data.toString(), value: members.data });
  }
  if (whole.trim() === '') return undefined;
  const members = parsedObject(whole);
  if (typeof members === 'string') return members;
  return saysNothing(members) ? undefined : withData(members, NOTHING);
}

/**
 * Reads a webhook's body of which nothing is left but what a body parser has made of it: `data` is written anew.
 *
 * @returns as {@link readWebhookBody} does
 */
export function readParsedBody(body: unknown): WebhookBody | BodyFault | undefined {
  if (!isRecord(body)) return 'no-object';
  if (saysNothing(body)) return undefined;
  if (!Object.hasOwn(body, 'data')) return withData(body, NOTHING);
  const text = written(() => JSON.stringify(body.data));
  return text === undefined ? 'not-json' : withData(body, formOf(text));
}

/** Whether it is empty, or an envelope whose signature, type and data are there and empty. */
function saysNothing(members: Readonly<Record<string, unknown>>): boolean {
  if (Object.keys(members).length === 0) return true;
  const isEmpty = (name: string): boolean => {
    const value = members[name];
    return Object.hasOwn(members, name) && (value === '' || value === null);
  };
  const { data } = members;
  const hasData = isRecord(data) ? Object.keys(data).length > 0 : Array.isArray(data) ? data.length > 0 : !!data;
  return isEmpty('signature') && isEmpty('eventType') && !hasData;
}

/** What has no `data` is signed over nothing that could be checked. */
const NOTHING: DataForm = { bytes: new Uint8Array(0), text: 'null', value: null };

/** A JSON text; `undefined` where there is none: it is too deep for the stack, or no value of JSON's. */
function written(write: () => unknown): string | undefined {
  try {
    const text = write();
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined;
  }
}

function formOf(text: string): DataForm {
  const value: unknown = JSON.parse(text);
  return { bytes: Buffer.from(text), text, value };
}

function parsedObject(text: string): Readonly<Record<string, unknown>> | BodyFault {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : 'no-object';
  } catch {
    return 'not-json';
  }
}

function withData(members: Readonly<Record<string, unknown>>, data: DataForm): WebhookBody {
  const { apiKey, timestamp, signature, eventId, eventID, eventType } = members;
  return {
    apiKey: text(apiKey) ?? '',
    timestamp: typeof timestamp === 'number' ? String(timestamp) : (text(timestamp) ?? ''),
    signature: text(signature) ?? '',
    eventId: text(eventId) ?? text(eventID),
    eventType: text(eventType) ?? '',
    data,
    rewritten: () => {
      const text = written(() => rewritten(data.text, data.value));
      return text === undefined || text === data.text ? undefined : formOf(text);
    },
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
