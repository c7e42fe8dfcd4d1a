import { ValidateBy } from 'class-validator';
import { isRecord } from '../../internal/is-record.js';
import { RawMember } from './raw-member.decorator.js';

/**
 * A place. Numbers and decimal strings are both accepted; Lalamove refuses numbers and more than 15 decimals, so strings of at most 15 are what is
 * sent.
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

/** With an exponent, too: so JavaScript writes 1e-7. */
const DECIMAL = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,3}))?$/;

/** What Lalamove takes. */
const MOST_DECIMALS = 15;

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
 * Coordinates as they are sent: decimal strings of at most 15 decimals, without an exponent. A string that is so already stays as it is; what is
 * neither string nor number is left to Lalamove to refuse (it can come so far only where validation is switched off).
 */
export function sentCoordinates(coordinates: unknown): unknown {
  if (!isRecord(coordinates)) return coordinates;
  return { ...coordinates, lat: decimalString(coordinates.lat), lng: decimalString(coordinates.lng) };
}

function decimalString(value: unknown): unknown {
  if (typeof value !== 'string' && !Number.isFinite(value)) return value;
  const text = String(value);
  const [, sign = '', whole = '', decimals = '', exponent] = DECIMAL.exec(text) ?? [];
  if (whole + decimals === '' || (exponent === undefined && decimals.length <= MOST_DECIMALS)) return text;
  // The digits of the number times 10 to the 15th, and one more to round by.
  const shifted = whole.length + Number(exponent ?? 0) + MOST_DECIMALS + 1;
  const digits = (whole + decimals).padEnd(Math.max(shifted, 0), '0').slice(0, Math.max(shifted, 0));
  const rounded = String((BigInt(digits === '' ? 0 : digits) + 5n) / 10n).padStart(MOST_DECIMALS + 1, '0');
  const written = `${rounded.slice(0, -MOST_DECIMALS)}.${rounded.slice(-MOST_DECIMALS)}`.replace(/\.?0+$/, '');
  return sign === '-' && written !== '0' ? `-${written}` : written;
}
