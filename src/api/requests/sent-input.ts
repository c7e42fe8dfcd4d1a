import { isRecord } from '../../internal/is-record.js';
import { sentCoordinates } from './coordinates.dto.js';
import { sentTime } from './sent-time.js';

/** Converts coordinates to decimal strings and the pick-up time to UTC. The rest of the input is unchanged. */
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
 * Writes a request body as JSON. Members that are `null` are left out, except in metadata: Lalamove must refuse a
 * `null` there, because it is a mistake of the host.
 *
 * @throws TypeError if the value cannot be written as JSON, or holds a Map or a Set
 */
export function sentJson(value: unknown): string {
  const allMetadata = new Set<unknown>();
  return JSON.stringify(value, function (this: unknown, name: string, member: unknown) {
    // JSON writes them as `{}`, and their content would be lost without an error.
    if (member instanceof Map || member instanceof Set) {
      throw new TypeError('A Map or a Set cannot be written as JSON.');
    }
    if (name === 'metadata') allMetadata.add(member);
    return member === null && !Array.isArray(this) && !allMetadata.has(this) ? undefined : member;
  });
}
