import type { Coordinates } from './quotation.js';
import { isRecord } from '../../internal/is-record.js';
import { repairTimes } from './repair-time.js';

/** An answer of `GET /v3/orders/:id/drivers/:driverId`; an answer is checked for its id, other fields come as they came. */
export interface Driver {
  driverId: string;
  name: string;
  /** E.164. */
  phone: string;
  /** Masked. */
  plateNumber: string;
  /** URL, or empty. */
  photo: string;
  /** Refreshed every 10 seconds; `updatedAt` is ISO 8601. */
  coordinates?: Coordinates & { updatedAt?: string };
}

/** @returns `undefined` for what is no driver */
export function readDriver(data: unknown): Driver | undefined {
  if (!isDriver(data)) return undefined;
  repairTimes(data.coordinates, 'updatedAt');
  return data;
}

function isDriver(data: unknown): data is Driver {
  return isRecord(data) && typeof data.driverId === 'string' && data.driverId !== '';
}
