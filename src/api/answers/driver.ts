import type { Coordinates } from './quotation.js';
import { isRecord } from '../../internal/is-record.js';
import { repairTimes } from './repair-time.js';

/** The answer to `GET /v3/orders/:id/drivers/:driverId`. Only the id is checked; the other fields are unchanged. */
export interface Driver {
  driverId: string;
  name: string;
  /** In E.164 form. */
  phone: string;
  /** With some characters masked. */
  plateNumber: string;
  /** A URL, or empty. */
  photo: string;
  /** Lalamove updates them every 10 seconds. `updatedAt` is ISO 8601. */
  coordinates?: Coordinates & { updatedAt?: string };
}

/** @returns `undefined` if the data are no driver */
export function readDriver(data: unknown): Driver | undefined {
  if (!isDriver(data)) return undefined;
  repairTimes(data.coordinates, 'updatedAt');
  return data;
}

function isDriver(data: unknown): data is Driver {
  return isRecord(data) && typeof data.driverId === 'string' && data.driverId !== '';
}
