import { randomUUID } from 'node:crypto';
import { sign } from '../api/signature.js';

/**
 * The time of a test event, in Unix seconds: in the year 2000. The package verifies the signature of such an event, and
 * then drops it as too old: nothing is stored, and no handler runs. The option `maxAgeSeconds` is at most a year.
 */
const TIMESTAMP = 946_684_800;

/** Unknown to every integration, so that one which does not look at the time ignores the event as well. */
const EVENT_TYPE = 'LALAMOVE_DOCTOR_TEST';

/** The forms of `data` that are sent. */
export const TEST_DATA = {
  /** No step on the way changes it, whatever it does with JSON. */
  smallest: '{"test":"lalamove-doctor"}',
  /** Equal to `JSON.stringify` of its own value, as Lalamove's are, with what reformatting changes. */
  usual: JSON.stringify({ test: 'lalamove-doctor', z: 'é', id: '3316227378875113604', lat: 22.3, list: [1] }),
  /** Any step that parses and writes the body changes these bytes. */
  exact: '{ "test":"lalamove-doctor",  "z":"\\u00e9" }',
} as const;

/** A test event as it is posted. */
export function testEvent(apiKey: string, secret: string, path: string, data: string): string {
  const timestamp = String(TIMESTAMP);
  const signature = sign(secret, { timestamp, method: 'POST', path, body: data });
  const head = { apiKey, timestamp: TIMESTAMP, signature, eventId: randomUUID(), eventType: EVENT_TYPE };
  return `${JSON.stringify({ ...head, eventVersion: 'v3' }).slice(0, -1)},"data":${data}}`;
}
