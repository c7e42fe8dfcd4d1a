import type { FieldError } from '../../api/requests/field-errors.js';
import { isRecord } from '../../internal/is-record.js';
import { isWellFormed } from '../../internal/well-formed.js';

/**
 * The largest size of a whole booking, in bytes of JSON in UTF-8: 256 kB. It is a limit of this package, not of
 * Lalamove: it keeps a mistake from filling the database.
 */
export const MAX_BOOKING_BYTES = 262_144;

/**
 * Finds what prevents a booking from being stored as JSON: it cannot be serialized, it is too large, or it contains a
 * string with half a surrogate pair. UTF-8 cannot store such a string: `'L\ud800'` and `'L\udfff'` would become the
 * same reference. Strings are not normalized: `'é'` as one character and as two characters are two references.
 */
export function bookingTextErrors(input: unknown): FieldError[] {
  const json = serialized(input);
  if (json === undefined) return [{ pointer: '', message: 'cannot be written as JSON' }];
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_BOOKING_BYTES) {
    return [{ pointer: '', message: `must be at most ${MAX_BOOKING_BYTES} bytes as JSON, but has ${bytes}` }];
  }
  const parsed: unknown = JSON.parse(json);
  return malformedTexts(parsed, '');
}

function serialized(input: unknown): string | undefined {
  try {
    const json: unknown = JSON.stringify(input);
    return typeof json === 'string' ? json : undefined;
  } catch {
    return undefined;
  }
}

function malformedTexts(value: unknown, pointer: string): FieldError[] {
  if (typeof value === 'string') return isWellFormed(value) ? [] : [malformed(pointer, 'must be well-formed Unicode')];
  if (Array.isArray(value))
    return value.flatMap((member: unknown, index) => malformedTexts(member, `${pointer}/${index}`));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    isWellFormed(name)
      ? malformedTexts(member, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)
      : [malformed(pointer, 'must have only keys of well-formed Unicode')],
  );
}

function malformed(pointer: string, what: string): FieldError {
  return { pointer, message: `${what}: it contains half a surrogate pair` };
}
