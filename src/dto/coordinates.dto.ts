import { ValidateBy } from 'class-validator';
import { isRecord } from '../is-record.js';

/** A place. Numbers and decimal strings are both accepted; Lalamove refuses numbers, so strings are what is sent. */
export class CoordinatesDto {
  /** Latitude in degrees, -90 to 90. */
  @IsDegrees(90)
  lat: string | number;

  /** Longitude in degrees, -180 to 180. */
  @IsDegrees(180)
  lng: string | number;
}

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)$/;

/** The decimals of a number are cut here, far below a millimetre; `String` would write 1e-7 in a form that is no decimal. */
const MOST_DECIMALS = 12;

/** Checks for a decimal number of degrees, at most `limit` to either side. */
function IsDegrees(limit: number): PropertyDecorator {
  return ValidateBy({
    name: 'isDegrees',
    validator: {
      validate: (value: unknown) =>
        (typeof value === 'number' || (typeof value === 'string' && DECIMAL.test(value))) &&
        Math.abs(Number(value)) <= limit,
      defaultMessage: () => `$property must be a decimal number of degrees from -${limit} to ${limit}`,
    },
  });
}

/**
 * Coordinates as they are sent: decimal strings. A string stays as it is; what is neither string nor number is left to Lalamove to refuse
 * (it can come so far only where validation is switched off).
 */
export function sentCoordinates(coordinates: unknown): unknown {
  if (!isRecord(coordinates)) return coordinates;
  return { ...coordinates, lat: decimalString(coordinates.lat), lng: decimalString(coordinates.lng) };
}

function decimalString(value: unknown): unknown {
  if (typeof value !== 'number' || !Number.isFinite(value)) return value;
  const plain = String(value);
  return plain.includes('e') ? value.toFixed(MOST_DECIMALS).replace(/\.?0+$/, '') : plain;
}
