import { hash } from 'node:crypto';
import type { LalamoveEvent } from '../events/lalamove-event.js';
import type { LalamoveEventFacts } from '../events/lalamove-event-facts.js';

/**
 * The keys that identify a duplicate. The first key is made from the signature. The second key is made from id, data
 * and API key, because Lalamove may sign a retry again, and two accounts can have the same ids and data. Both keys
 * include the type, which is not signed: otherwise an event with a forged type would make the true event a duplicate.
 */
export function keysOf(
  { fingerprint, eventId, data, apiKey }: LalamoveEventFacts,
  { eventType }: LalamoveEvent,
): readonly [string, ...string[]] {
  const kind = eventType === 'UNKNOWN' ? '?' : `.${eventType}`;
  if (eventId === undefined) return [fingerprint + kind];
  return [fingerprint + kind, `${hashed(eventId)}.${hashed(data)}${kind}.${hashed(apiKey)}`];
}

/** The second key in the format of earlier versions, without the API key. */
export function formerKeyOf(secondKey: string): string {
  return secondKey.slice(0, Math.max(secondKey.lastIndexOf('.'), 0));
}

function hashed(text: string): string {
  return hash('sha256', text, 'base64url');
}
