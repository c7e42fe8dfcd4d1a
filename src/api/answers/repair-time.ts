import { isRecord } from '../../internal/is-record.js';

/** Minutes and a constant `.00` where seconds belong: `2025-09-10T19:21.00Z`, which no date parser reads. */
const MINUTES_ONLY = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})\.\d+Z$/;

/** Makes one of Lalamove's times valid ISO 8601; what cannot be repaired, and what is valid already, stays as it came. */
export function repairTime<T>(time: T): T | string {
  return typeof time === 'string' ? time.replace(MINUTES_ONLY, '$1:00Z') : time;
}

/** Repairs the named times of an object, in place. */
export function repairTimes(value: unknown, ...names: string[]): void {
  if (!isRecord(value)) return;
  for (const name of names) {
    if (typeof value[name] === 'string') value[name] = repairTime(value[name]);
  }
}
