import { isRecord } from '../../internal/is-record.js';

/**
 * How many bytes an order's metadata may have, as JSON in UTF-8: 64 kB. Lalamove's own limit is not known; this one
 * is ours, so that a mistake does not fill the database, nor every answer and webhook of the order.
 */
export const MAX_METADATA_BYTES = 65_536;

/** A delivery adds the id of its attempt, which does not count: what was booked must stay sendable. */
const ADDED_BY_DELIVERIES = 'deliveryAttempt';
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** Whether metadata are within the limit; what is none at all is left to other checks. */
export function isSmallMetadata(metadata: unknown): boolean {
  if (!isRecord(metadata)) return true;
  const { [ADDED_BY_DELIVERIES]: attempt, ...own } = metadata;
  const counted = typeof attempt === 'string' && UUID.test(attempt) ? own : metadata;
  return Buffer.byteLength(JSON.stringify(counted)) <= MAX_METADATA_BYTES;
}
