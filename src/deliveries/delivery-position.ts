import { isRecord } from '../internal/is-record.js';
import { coordinatesOf } from './coordinates.js';
import type { DriverReading } from './application/driver-reads.js';

/** Where the driver of a delivery was. */
export interface DeliveryPosition {
  /** In degrees. */
  readonly lat: number;
  readonly lng: number;
  /** When the driver was there: ISO 8601, UTC. */
  readonly at: string;
}

/** A time of Lalamove's that differs more from our clock is a local time behind a false `Z`. */
const MAX_AGE_MS = 5 * 60_000;

/** The position in an answer; `undefined` if it has none. */
export function positionOf({ driver, readAt }: DriverReading): DeliveryPosition | undefined {
  const coordinates: unknown = driver.coordinates;
  const place = coordinatesOf(coordinates);
  if (!place || !isRecord(coordinates)) return undefined;
  const updatedAt = typeof coordinates.updatedAt === 'string' ? Date.parse(coordinates.updatedAt) : Number.NaN;
  const isPlausible = Math.abs(readAt - updatedAt) <= MAX_AGE_MS;
  return { ...place, at: new Date(isPlausible ? Math.min(updatedAt, readAt) : readAt).toISOString() };
}
