import { isRecord } from '../internal/is-record.js';

/** A place, in degrees. */
export interface GeoCoordinates {
  readonly lat: number;
  readonly lng: number;
}

/**
 * Coordinates in the form of Lalamove or of a booking: decimal strings or numbers, in degrees; `undefined` if they are
 * not complete.
 */
export function coordinatesOf(coordinates: unknown): GeoCoordinates | undefined {
  if (!isRecord(coordinates)) return undefined;
  const [lat, lng] = [degrees(coordinates.lat, 90), degrees(coordinates.lng, 180)];
  return lat === undefined || lng === undefined ? undefined : { lat, lng };
}

function degrees(value: unknown, limit: number): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Math.abs(number) <= limit ? number : undefined;
}
