import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { E164, LONGEST_REMARKS } from '../../api/requests/contact.dto.js';
import type { Coordinates } from '../../api/answers/quotation.js';
import { isRecord } from '../../internal/is-record.js';
import type { MarketFacts } from '../state/market-facts.js';
import { locate, pointOf, writtenPoint } from '../state/route.js';
import type { StopContact } from '../state/sandbox-state.js';
import { Refusal, statusOf } from './refusal.js';

/** The `data` of a call. */
export type Data = Readonly<Record<string, unknown>>;

const LOOK_UP_CODES: ReadonlySet<string> = new Set(['ERR_INCORRECT_ADDRESS', 'ERR_REVERSE_GEOCODE_FAILURE']);

/** What is wrong, piece by piece; what is right is returned. */
export class Findings {
  readonly #refusals: Refusal[] = [];

  /** Does a check; its refusal is kept for later. */
  check<T>(check: () => T): T | undefined {
    try {
      return check();
    } catch (error) {
      // Only what v3 refuses with 422 can stand in one answer.
      if (!(error instanceof Refusal) || statusOf(error) !== 422) throw error;
      for (const refusal of [error, ...error.others]) if (!this.#isToldAlready(refusal)) this.#refusals.push(refusal);
      return undefined;
    }
  }

  /** Addresses are looked up one by one, up to the first that is not found (recorded: two bad ones, one error). */
  #isToldAlready({ answer }: Refusal): boolean {
    return LOOK_UP_CODES.has(answer.code) && this.#refusals.some((other) => LOOK_UP_CODES.has(other.answer.code));
  }

  /** Checks each of many; only those that are right are returned. */
  all<T, V>(values: readonly V[], check: (value: V, index: number) => T): T[] {
    return values.flatMap((value, index) => {
      const checked = this.check(() => [check(value, index)]);
      return checked ?? [];
    });
  }

  /** Refuses everything that was found, if anything was. */
  refuse(): void {
    const [first, ...others] = this.#refusals;
    if (!first) return;
    first.others.splice(0, first.others.length, ...others);
    throw first;
  }
}

/** Refuses members that the schema does not know; their text was recorded, without a pointer. */
export function onlyKnown(value: unknown, known: readonly string[]): void {
  const unknown = isRecord(value) ? Object.keys(value).filter((name) => !known.includes(name)) : [];
  if (unknown.length === 0) return;
  const message = `additionalProperties ${unknown.map((name) => `'${name}'`).join(', ')} not allowed`;
  throw new Refusal('ERR_UNKNOWN_FIELD', { message });
}

/** The recorded text for a value that is none of those that are allowed. */
export function oneOfThese(pointer: string, values: readonly string[]): { pointer: string; message: string } {
  return { pointer, message: `value must be one of ${values.map((value) => JSON.stringify(value)).join(', ')}` };
}

/** A text that must be there. */
export function requiredText(data: Data, name: string, parent = '/data'): string {
  const value = data[name];
  const pointer = `${parent}/${name}`;
  if (value === undefined || value === null) throw new Refusal('ERR_MISSING_FIELD', pointer);
  // v2's guide has 409 for it, v3's 422.
  if (value === '') throw new Refusal('ERR_REQUIRED_FIELD', { pointer, status: 422 });
  if (typeof value !== 'string') throw new Refusal('ERR_INVALID_FIELD', pointer);
  return value;
}

/** A list that must be there. */
export function requiredList(data: Data, name: string): unknown[] {
  const value = data[name];
  if (value === undefined || value === null) throw new Refusal('ERR_MISSING_FIELD', `/data/${name}`);
  if (!Array.isArray(value)) throw new Refusal('ERR_INVALID_FIELD', `/data/${name}`);
  return value;
}

/** A list of texts; an empty one where there is none. */
export function textList(data: Data, name: string, parent = '/data'): string[] {
  const value = data[name] ?? [];
  if (!Array.isArray(value)) throw new Refusal('ERR_INVALID_FIELD', `${parent}/${name}`);
  return value.map((text: unknown, index) => {
    if (typeof text !== 'string') throw new Refusal('ERR_INVALID_FIELD', `${parent}/${name}/${index}`);
    return text;
  });
}

/** Yes or no; no where nothing was said. */
export function flag(data: Data, name: string): boolean {
  const value = data[name] ?? false;
  if (typeof value !== 'boolean') throw new Refusal('ERR_INVALID_FIELD', `/data/${name}`);
  return value;
}

/** The stops of a route: one pick-up, and up to 16 drop-offs (observed; the guide says 15). */
export function stopList(data: Data): unknown[] {
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

/** A person at a stop. Phones are E.164, and valid in the market of the call by Google's libphonenumber (API v3, "Phone number format"). */
export function contact(value: unknown, pointer: string, market: string): StopContact {
  if (!isRecord(value)) throw new Refusal('ERR_MISSING_FIELD', pointer);
  const findings = new Findings();
  const name = findings.check(() => requiredText(value, 'name', pointer)) ?? '';
  const phone = findings.check(() => phoneOf(value, pointer, market)) ?? '';
  const remarks = findings.check(() => remarksOf(value, pointer));
  findings.refuse();
  return { name, phone, ...(remarks !== undefined && { remarks }) };
}

function phoneOf(person: Data, parent: string, market: string): string {
  const phone = requiredText(person, 'phone', parent);
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

/** Where a stop is, with 7 decimals, as answers have it. Coordinates are strings: numbers are a bad request. Without them the address is looked up. */
export function place(
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
  return { coordinates: writtenPoint(pointOf({ lat, lng })), address };
}

/**
 * Phones come back as their market writes them, in digits alone: MY and PH with a leading 0, BR and HK without (observed). A landline of BR has its
 * country's code, behind a blank.
 */
export function seenPhone(phone: string): string {
  const parsed = parsePhoneNumberFromString(phone);
  if (!parsed) return phone;
  if (parsed.country === 'BR' && parsed.getType() === 'FIXED_LINE') return phone.replace('+', ' ');
  return parsed.formatNational().replace(/\D/g, '');
}

/** Finds an address that came without coordinates: it must have words, and name more than the country or a city. */
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
