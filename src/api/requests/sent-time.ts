import { isISO8601 } from 'class-validator';

/** A time of ISO 8601 with its zone: `Z`, `+08:00`, `+0800` or `+08`. */
const ZONED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(?:Z|([+-]\d\d):?(\d\d)?)$/;

/** Unix ms of a time that says its zone; `undefined` for any other, a day that does not exist among them. */
export function zonedTime(value: unknown): number | undefined {
  if (isDate(value)) return Number.isNaN(value.getTime()) ? undefined : value.getTime();
  const [, local, hours, minutes = '00'] = typeof value === 'string' ? (ZONED.exec(value) ?? []) : [];
  if (local === undefined || !isISO8601(`${local}Z`, { strict: true, strictSeparator: true })) return undefined;
  const at = Date.parse(local + (hours === undefined ? 'Z' : `${hours}:${minutes}`));
  return Number.isNaN(at) ? undefined : at;
}

/** A time as it is sent: in UTC. What is none is left for the checks to refuse; JSON would write a `Date` of no time as nothing. */
export function sentTime(value: unknown): unknown {
  const at = zonedTime(value);
  if (at !== undefined) return new Date(at).toISOString().replace('.000Z', 'Z');
  return isDate(value) ? String(value) : value;
}

/** A class is another one in each realm. */
function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]';
}
