import { hash } from 'node:crypto';
import type { LalamoveEvent } from '../events/lalamove-event.js';
import type { LalamoveEventFacts } from '../events/lalamove-event-facts.js';

/**
 * What tells a repetition: the signature, and the id with the data for what was signed anew. The type, which is not signed, is part of both: who changes that
 * on the way must not have the true event taken for a repetition. Ids and data of two accounts may be the same: their signatures never are.
 */
export function keysOf(
  { fingerprint, eventId, data, apiKey }: LalamoveEventFacts,
  { eventType }: LalamoveEvent,
): readonly [string, ...string[]] {
  const kind = eventType === 'UNKNOWN' ? '?' : `.${eventType}`;
  if (eventId === undefined) return [fingerprint + kind];
  return [fingerprint + kind, `${hashed(eventId)}.${hashed(data)}${kind}.${hashed(apiKey)}`];
}

/** The second key as versions before stored it, whosever event it was. */
export function formerKeyOf(repeatKey: string): string {
  return repeatKey.slice(0, Math.max(repeatKey.lastIndexOf('.'), 0));
}

function hashed(text: string): string {
  return hash('sha256', text, 'base64url');
}
