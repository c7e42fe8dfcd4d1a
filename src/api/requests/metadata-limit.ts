import { isRecord } from '../../internal/is-record.js';
import { ATTEMPT_ID, ATTEMPT_KEY } from './attempt-metadata.js';

/**
 * The maximum size of the metadata of an order: 64 kB as JSON in UTF-8. This is a limit of this package, because
 * metadata are stored in the database and repeated in each answer and webhook of the order. Lalamove's limit is
 * unknown.
 */
export const MAX_METADATA_BYTES = 65_536;

/**
 * Whether metadata are within the limit. The id that `DeliveriesModule` adds does not count, so that accepted metadata
 * stay within it. Returns `true` for a value that is no object: other checks refuse it.
 */
export function isSmallMetadata(metadata: unknown): boolean {
  if (!isRecord(metadata)) return true;
  const { [ATTEMPT_KEY]: attempt, ...own } = metadata;
  const counted = typeof attempt === 'string' && ATTEMPT_ID.test(attempt) ? own : metadata;
  return Buffer.byteLength(JSON.stringify(counted)) <= MAX_METADATA_BYTES;
}
