import { isRecord } from '../../internal/is-record.js';
import { sentCoordinates } from './coordinates.dto.js';
import { sentTime } from './sent-time.js';

/** An input with coordinates as decimal strings and its pick-up time in UTC; all else is as it was. */
export function sentInput(input: unknown): unknown {
  if (!isRecord(input)) return input;
  const { stops, scheduleAt } = input;
  return {
    ...input,
    ...(Array.isArray(stops) && { stops: stops.map(sentStop) }),
    ...(scheduleAt !== undefined && { scheduleAt: sentTime(scheduleAt) }),
  };
}

function sentStop(stop: unknown): unknown {
  return isRecord(stop) && 'coordinates' in stop ? { ...stop, coordinates: sentCoordinates(stop.coordinates) } : stop;
}

/**
 * What is sent, as JSON. Options that are `null` are left out; of metadata nothing is, for a `null` there is a mistake that is to be refused.
 *
 * @throws TypeError for what JSON cannot write, or would write as nothing
 */
export function sentJson(value: unknown): string {
  const kept = new Set<unknown>();
  return JSON.stringify(value, function (this: unknown, name: string, member: unknown) {
    // JSON writes them as `{}`, and what they held would be lost without a word.
    if (member instanceof Map || member instanceof Set) {
      throw new TypeError('A Map or a Set cannot be written as JSON.');
    }
    if (name === 'metadata') kept.add(member);
    return member === null && !Array.isArray(this) && !kept.has(this) ? undefined : member;
  });
}
