import { isRecord } from '../../internal/is-record.js';
import { cutData } from './cut-data.js';
import { rewriteData } from './rewrite-data.js';
import { isObject } from '../../internal/is-object.js';

/** One form in which `data` may have been signed, and its parsed value. */
export interface DataForm {
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly value: unknown;
}

/** The members of a webhook. Only `timestamp` and `data` are signed. */
export interface WebhookBody {
  /** The API key of the account that claims to have signed it; empty if there is none. */
  readonly apiKey: string;
  /** The timestamp exactly as signed: Unix seconds, or ms. */
  readonly timestamp: string;
  /** The signature as received; empty if there is none. */
  readonly signature: string;
  readonly eventId: string | undefined;
  readonly eventType: string;
  /** `data` as received. */
  readonly data: DataForm;
  /** Writes `data` as `JSON.stringify` does, in case a proxy reformatted them; `undefined` if the text is the same. */
  readonly rewritten: () => DataForm | undefined;
}

/** Why a body is no webhook. */
export type BodyFault = 'not-json' | 'no-object' | 'data-twice';

/**
 * Reads the body of a webhook: parses it as JSON, and cuts out the bytes of `data`, which are signed.
 *
 * @returns `undefined` for a probe, which Lalamove sends when a URL is registered: an empty body, white space, `{}`, or
 * an envelope with empty members
 */
export function readWebhookBody(bytes: Uint8Array): WebhookBody | BodyFault | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = buffer.toString();
  const cut = cutData(buffer);
  if (cut === 'twice') return 'data-twice';
  if (cut !== 'no-object' && cut !== 'absent') {
    // If the text is valid JSON, the cut bytes are exactly those that were parsed as `data`.
    const members = parsedObject(whole);
    if (typeof members === 'string') return members;
    const data = buffer.subarray(cut.start, cut.end);
    if (isProbe(members)) return undefined;
    return withData(members, { bytes: data, text: data.toString(), value: members.data });
  }
  if (whole.trim() === '') return undefined;
  const members = parsedObject(whole);
  if (typeof members === 'string') return members;
  return isProbe(members) ? undefined : withData(members, NO_DATA);
}

/**
 * Reads the body of a webhook from the object that a body parser made of it. `data` are written as JSON again.
 *
 * @returns as {@link readWebhookBody} does
 */
export function readParsedBody(body: unknown): WebhookBody | BodyFault | undefined {
  if (!isRecord(body)) return 'no-object';
  if (isProbe(body)) return undefined;
  if (!Object.hasOwn(body, 'data')) return withData(body, NO_DATA);
  const text = tryWrite(() => JSON.stringify(body.data));
  return text === undefined ? 'not-json' : withData(body, formOf(text));
}

/** Whether the body is a probe: it has no members, or its signature, type and data are empty. */
function isProbe(members: Readonly<Record<string, unknown>>): boolean {
  if (Object.keys(members).length === 0) return true;
  const isEmpty = (name: string): boolean => {
    const value = members[name];
    return Object.hasOwn(members, name) && (value === '' || value === null);
  };
  return isEmpty('signature') && isEmpty('eventType') && !hasContent(members.data);
}

function hasContent(data: unknown): boolean {
  return isObject(data) ? Object.keys(data).length > 0 : !!data;
}

/** The form of a body without `data`: an empty text is checked against the signature. */
const NO_DATA: DataForm = { bytes: new Uint8Array(0), text: 'null', value: null };

/** Calls `write`; `undefined` if the value is nested too deeply for the stack, or cannot be written as JSON. */
function tryWrite(write: () => unknown): string | undefined {
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
      const text = tryWrite(() => rewriteData(data.text, data.value));
      return text === undefined || text === data.text ? undefined : formOf(text);
    },
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
