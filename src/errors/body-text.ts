import { isRecord } from '../internal/is-record.js';

/** The text of a body that an HTTP client has read and perhaps parsed; `undefined` if it cannot be read any more. */
export function bodyText(data: unknown): string | undefined {
  if (data === undefined) return '';
  if (typeof data === 'string') return data;
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  if (!isParsedBody(data)) return undefined;
  try {
    return JSON.stringify(data, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  } catch {
    return undefined;
  }
}

/**
 * Whether a body is what `JSON.parse` makes, and not a stream, a Blob or a buffer, which `JSON.stringify` would also
 * write as an object. By its tag, because each realm has classes of its own.
 */
function isParsedBody(data: unknown): boolean {
  if (isRecord(data) && 'pipe' in data) return false;
  return /^\[object (Object|Array|Null|Number|Boolean|String)\]$/.test(Object.prototype.toString.call(data));
}
