import { isRecord } from '../../internal/is-record.js';
import type { MemberDocs } from './member-docs.js';
import { OneRule } from './one-rule.decorator.js';
import { RawMember } from './raw-member.decorator.js';

/** A decimal number, also with an exponent, because JavaScript writes 0.0000001 as 1e-7. */
const DECIMAL = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,3}))?$/;

/**
 * The coordinates of a stop, as numbers or decimal strings. They are sent as strings with at most 15 decimals, because
 * Lalamove refuses numbers and longer strings.
 */
export class CoordinatesDto {
  /** Latitude in degrees, -90 to 90. */
  @RawMember(degrees(90, 'Latitude in degrees, -90 to 90.', '22.2759'))
  @IsDegrees(90)
  lat: string | number;

  /** Longitude in degrees, -180 to 180. */
  @RawMember(degrees(180, 'Longitude in degrees, -180 to 180.', '114.1455'))
  @IsDegrees(180)
  lng: string | number;
}

/** Lalamove refuses more decimals. */
const MAX_DECIMALS = 15;

/** Documents what `IsDegrees` accepts. */
function degrees(limit: number, description: string, example: string): MemberDocs {
  return {
    oneOf: [
      { type: 'string', pattern: DECIMAL.source },
      { type: 'number', minimum: -limit, maximum: limit },
    ],
    description,
    example,
  };
}

/** Validates a decimal number of degrees from `-limit` to `limit`. */
function IsDegrees(limit: number): PropertyDecorator {
  const isDegrees = (value: unknown): boolean =>
    (typeof value === 'number' || (typeof value === 'string' && DECIMAL.test(value))) &&
    Math.abs(Number(value)) <= limit;
  return OneRule('isDegrees', `a decimal number of degrees from -${limit} to ${limit}`, isDegrees);
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
