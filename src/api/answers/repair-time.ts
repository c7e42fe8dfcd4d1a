import { isRecord } from '../../internal/is-record.js';

/** A time without seconds, but with `.00` after the minutes: `2025-09-10T19:21.00Z`. Date parsers refuse it. */
const MINUTES_ONLY = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})\.\d+Z$/;

/** Turns such a time into valid ISO 8601. Any other value is returned unchanged. */
export function repairTime<T>(time: T): T | string {
  return typeof time === 'string' ? time.replace(MINUTES_ONLY, '$1:00Z') : time;
}

/** Repairs the named times of an object, in place. Other values are left unchanged. */
export function repairTimes(value: unknown, ...names: string[]): void {
  if (!isRecord(value)) return;
  for (const name of names) {
    if (typeof value[name] === 'string') value[name] = repairTime(value[name]);
  }
}
