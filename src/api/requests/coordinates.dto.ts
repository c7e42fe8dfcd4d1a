import { ValidateBy } from 'class-validator';
import { isRecord } from '../../internal/is-record.js';
import { RawMember } from './raw-member.decorator.js';

/**
 * The coordinates of a stop, as numbers or decimal strings. They are sent as strings with at most 15 decimals, because
 * Lalamove refuses numbers and longer strings.
 */
export class CoordinatesDto {
  /** Latitude in degrees, -90 to 90. */
  @RawMember()
  @IsDegrees(90)
  lat: string | number;

  /** Longitude in degrees, -180 to 180. */
  @RawMember()
  @IsDegrees(180)
  lng: string | number;
}

/** A decimal number, also with an exponent, because JavaScript writes 0.0000001 as 1e-7. */
const DECIMAL = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,3}))?$/;

/** Lalamove refuses more decimals. */
const MAX_DECIMALS = 15;

/** Validates a decimal number of degrees from `-limit` to `limit`. */
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
 * Converts coordinates to the form that is sent: decimal strings with at most 15 decimals and without an exponent. A
 * string in this form is unchanged. A value that is neither string nor number is unchanged too: it gets here only if
 * validation is off, and Lalamove refuses it.
 */
export function sentCoordinates(coordinates: unknown): unknown {
  if (!isRecord(coordinates)) return coordinates;
  return { ...coordinates, lat: decimalString(coordinates.lat), lng: decimalString(coordinates.lng) };
}

function decimalString(value: unknown): unknown {
  if (typeof value !== 'string' && !Number.isFinite(value)) return value;
  const text = String(value);
  const [, sign = '', whole = '', decimals = '', exponent] = DECIMAL.exec(text) ?? [];
  if (whole + decimals === '' || (exponent === undefined && decimals.length <= MAX_DECIMALS)) return text;
  // The digits of the number times 10^15, and one more digit for rounding.
  const shifted = whole.length + Number(exponent ?? 0) + MAX_DECIMALS + 1;
  const digits = (whole + decimals).padEnd(Math.max(shifted, 0), '0').slice(0, Math.max(shifted, 0));
  const rounded = String((BigInt(digits === '' ? 0 : digits) + 5n) / 10n).padStart(MAX_DECIMALS + 1, '0');
  const written = `${rounded.slice(0, -MAX_DECIMALS)}.${rounded.slice(-MAX_DECIMALS)}`.replace(/\.?0+$/, '');
  return sign === '-' && written !== '0' ? `-${written}` : written;
}
