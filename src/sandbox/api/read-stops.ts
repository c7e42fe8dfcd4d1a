import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { E164, LONGEST_REMARKS } from '../../api/requests/contact.dto.js';
import type { Coordinates } from '../../api/answers/quotation.js';
import { isRecord } from '../../internal/is-record.js';
import type { MarketFacts } from '../state/market-facts.js';
import type { StopContact } from '../state/order-entry.js';
import { formatPoint, locate, parsePoint } from '../state/route.js';
import { requiredString, type Data } from './read-fields.js';
import { RefusalCollector } from './refusal-collector.js';
import { Refusal } from './refusal.js';

/** Reads the stops of a route: one pick-up and up to 16 drop-offs (observed; the guide says 15). */
export function stopsOf(data: Data): unknown[] {
  const stops: unknown = data.stops;
  const pointer = '/data/stops';
  if (!Array.isArray(stops)) throw new Refusal('ERR_INSUFFICIENT_STOPS', pointer);
  if (stops.length < 2) {
    const message = `minimum 2 items required, but found ${stops.length} items`;
    throw new Refusal('ERR_INSUFFICIENT_STOPS', { pointer, message });
  }
  if (stops.length > 17) throw new Refusal('ERR_TOO_MANY_STOPS', pointer);
  return stops;
}

/**
 * Reads the sender or a recipient. The phone number must be E.164, and valid in the market of the call according to
 * Google's libphonenumber (API v3, "Phone number format").
 */
export function contactOf(value: unknown, pointer: string, market: string): StopContact {
  if (!isRecord(value)) throw new Refusal('ERR_MISSING_FIELD', pointer);
  const refusals = new RefusalCollector();
  const name = refusals.check(() => requiredString(value, 'name', pointer)) ?? '';
  const phone = refusals.check(() => phoneOf(value, pointer, market)) ?? '';
  const remarks = refusals.check(() => remarksOf(value, pointer));
  refusals.refuse();
  return { name, phone, ...(remarks !== undefined && { remarks }) };
}

function phoneOf(contact: Data, parent: string, market: string): string {
  const phone = requiredString(contact, 'phone', parent);
  const parsed = E164.test(phone) ? parsePhoneNumberFromString(phone) : undefined;
  if (parsed?.isValid() && parsed.country === market) return phone;
  const message = `'${phone}' is not valid 'phone'.`;
  throw new Refusal('ERR_INVALID_PHONE_NUMBER', { pointer: `${parent}/phone`, message });
}

function remarksOf({ remarks }: Data, parent: string): string | undefined {
  if (remarks === undefined || remarks === null) return undefined;
  if (typeof remarks === 'string' && Array.from(remarks).length <= LONGEST_REMARKS) return remarks;
  throw new Refusal('ERR_INVALID_FIELD', `${parent}/remarks`);
}

/**
 * Reads the place of a stop, and returns its coordinates with 7 decimals, as answers have them. Coordinates are
 * strings; numbers are a bad request. Without coordinates the address is looked up.
 */
export function placeOf(
  value: unknown,
  pointer: string,
  facts: MarketFacts,
): { coordinates: Coordinates; address: string } {
  if (!isRecord(value)) throw new Refusal('ERR_INVALID_FIELD', pointer);
  const { address = '', coordinates: given } = value;
  if (typeof address !== 'string') throw new Refusal('ERR_INVALID_FIELD', `${pointer}/address`);
  if (given === undefined || given === null) return { coordinates: lookUp(address, facts), address };
  if (!isRecord(given)) throw new Refusal('ERR_INVALID_FIELD', `${pointer}/coordinates`);
  const { lat, lng } = given;
  if (typeof lat === 'number' || typeof lng === 'number') throw new Refusal('ERR_BAD_REQUEST');
  if (!isDegrees(lat, 90)) throw new Refusal('ERR_INVALID_FIELD', `${pointer}/coordinates/lat`);
  if (!isDegrees(lng, 180)) throw new Refusal('ERR_INVALID_FIELD', `${pointer}/coordinates/lng`);
  return { coordinates: formatPoint(parsePoint({ lat, lng })), address };
}

/**
 * Formats a phone number as answers show it: the national number, digits only. MY and PH have a leading 0, BR and HK
 * have none (observed). A landline of BR has its country code, after a blank.
 */
export function displayPhone(phone: string): string {
  const parsed = parsePhoneNumberFromString(phone);
  if (!parsed) return phone;
  if (parsed.country === 'BR' && parsed.getType() === 'FIXED_LINE') return phone.replace('+', ' ');
  return parsed.formatNational().replace(/\D/g, '');
}

/** Finds the coordinates of an address. It must contain words, and more than the name of the country or a city. */
function lookUp(address: string, facts: MarketFacts): Coordinates {
  const words = address
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => /\p{L}{2}/u.test(word) || /\p{Script=Han}/u.test(word));
  if (words.length === 0) throw new Refusal('ERR_INCORRECT_ADDRESS');
  const known = new Set(`${facts.country} ${facts.cities.map(({ name }) => name).join(' ')}`.toLowerCase().split(' '));
  if (words.every((word) => known.has(word.toLowerCase()))) throw new Refusal('ERR_REVERSE_GEOCODE_FAILURE');
  return locate(address, facts);
}

/** At most 15 decimals (observed). */
function isDegrees(value: unknown, limit: number): value is string {
  return typeof value === 'string' && /^-?\d{1,3}(\.\d{1,15})?$/.test(value) && Math.abs(Number(value)) <= limit;
}
