import { isISO8601 } from 'class-validator';

/** An ISO 8601 time with a time zone: `Z`, `+08:00`, `+0800` or `+08`. */
const ZONED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(?:Z|([+-]\d\d):?(\d\d)?)$/;

/** The Unix ms of a `Date` or of a time with a time zone; `undefined` for other values and days that do not exist. */
export function zonedTime(value: unknown): number | undefined {
  if (isDate(value)) return Number.isNaN(value.getTime()) ? undefined : value.getTime();
  const [, local, hours, minutes = '00'] = typeof value === 'string' ? (ZONED.exec(value) ?? []) : [];
  if (local === undefined || !isISO8601(`${local}Z`, { strict: true, strictSeparator: true })) return undefined;
  const at = Date.parse(local + (hours === undefined ? 'Z' : `${hours}:${minutes}`));
  return Number.isNaN(at) ? undefined : at;
}

/**
 * Converts a time to UTC, the form that is sent. An invalid value is unchanged, so that validation refuses it. An
 * invalid `Date` becomes a string, because JSON would write it as `null`.
 */
export function sentTime(value: unknown): unknown {
  const at = zonedTime(value);
  if (at !== undefined) return new Date(at).toISOString().replace('.000Z', 'Z');
  return isDate(value) ? String(value) : value;
}

/** `instanceof` fails for a `Date` of another realm. */
function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]';
}
