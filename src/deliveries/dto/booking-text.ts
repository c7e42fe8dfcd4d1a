import type { FieldError } from '../../api/requests/field-errors.js';
import { isRecord } from '../../internal/is-record.js';
import { isWellFormed } from '../../internal/well-formed.js';

/**
 * How many bytes a whole booking may have, as JSON in UTF-8: 256 kB. Ours, so that a mistake does not fill the
 * database.
 */
export const MAX_BOOKING_BYTES = 262_144;

/**
 * What is wrong with a booking as it would be written down: it cannot be written, is too large, or holds a text with
 * half a surrogate pair. Such a text cannot be kept in UTF-8: `'L\ud800'` and `'L\udfff'` would become one reference.
 * Texts are not normalised: `'é'` in one character and in two are two references.
 */
export function bookingTextErrors(input: unknown): FieldError[] {
  const written = writtenAs(input);
  if (written === undefined) return [{ pointer: '', message: 'cannot be written as JSON' }];
  const bytes = Buffer.byteLength(written);
  if (bytes > MAX_BOOKING_BYTES) {
    return [{ pointer: '', message: `must be at most ${MAX_BOOKING_BYTES} bytes as JSON, and has ${bytes}` }];
  }
  const parsed: unknown = JSON.parse(written);
  return malformedTexts(parsed, '');
}

function writtenAs(input: unknown): string | undefined {
  try {
    const written: unknown = JSON.stringify(input);
    return typeof written === 'string' ? written : undefined;
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
      : [malformed(pointer, 'must have keys of well-formed Unicode')],
  );
}

function malformed(pointer: string, what: string): FieldError {
  return { pointer, message: `${what}: it has half a surrogate pair` };
}
