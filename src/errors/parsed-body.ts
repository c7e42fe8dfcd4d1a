import { isRecord } from '../internal/is-record.js';

/**
 * Whether a body that an HTTP client hands on is what `JSON.parse` makes, and not something that must be read first:
 * a stream, a Blob, a buffer, which `JSON.stringify` would write as an object, too. Told by its tag: a class is
 * another one in each realm.
 */
export function isParsedBody(data: unknown): boolean {
  if (isRecord(data) && 'pipe' in data) return false;
  return /^\[object (Object|Array|Null|Number|Boolean|String)\]$/.test(Object.prototype.toString.call(data));
}
