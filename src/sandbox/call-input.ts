import { isRecord } from '../is-record.js';
import { E164 } from '../dto/contact.dto.js';
import type { Coordinates } from '../dto/quotation.js';
import type { MarketFacts } from './market-facts.js';
import { Refusal } from './refusal.js';
import { locate } from './route-price.js';

const MINUTE_MS = 60_000;
const LONGEST_AHEAD_MS = 30 * 24 * 60 * MINUTE_MS;

/** Who is at a stop. */
export interface Contact {
  stopId: string;
  name: string;
  phone: string;
}

/** A text that must be there. */
export function requiredText(data: Readonly<Record<string, unknown>>, name: string, parent = '/data'): string {
  const value = data[name];
  if (value === undefined || value === null || value === '')
    throw new Refusal('ERR_MISSING_FIELD', `${parent}/${name}`);
  if (typeof value !== 'string') throw new Refusal('ERR_INVALID_FIELD', `${parent}/${name}`);
  return value;
}

/** A list that must be there. */
export function requiredList(data: Readonly<Record<string, unknown>>, name: string): unknown[] {
  const value = data[name];
  if (value === undefined) throw new Refusal('ERR_MISSING_FIELD', `/data/${name}`);
  if (!Array.isArray(value)) throw new Refusal('ERR_INVALID_FIELD', `/data/${name}`);
  return value;
}

/** The stops of a route: one pick-up and up to 15 drop-offs. */
export function stopList(data: Readonly<Record<string, unknown>>): unknown[] {
  const stops: unknown = data.stops;
  if (!Array.isArray(stops) || stops.length < 2) throw new Refusal('ERR_INSUFFICIENT_STOPS', '/data/stops');
  if (stops.length > 16) throw new Refusal('ERR_TOO_MANY_STOPS', '/data/stops');
  return stops;
}

/** A person at a stop; phones are E.164. */
export function contact(value: unknown, pointer: string): Omit<Contact, 'stopId'> {
  if (!isRecord(value)) throw new Refusal('ERR_MISSING_FIELD', pointer);
  const name = requiredText(value, 'name', pointer);
  const phone = requiredText(value, 'phone', pointer);
  if (!E164.test(phone)) throw new Refusal('ERR_INVALID_PHONE_NUMBER', `${pointer}/phone`);
  return { name, phone };
}

/** Where a stop is. Coordinates are strings: numbers are a bad request. Without them the address is looked up. */
export function place(
  value: unknown,
  pointer: string,
  facts: MarketFacts,
): { coordinates: Coordinates; address: string } {
  if (!isRecord(value)) throw new Refusal('ERR_INVALID_FIELD', pointer);
  const address = typeof value.address === 'string' ? value.address : '';
  const given = value.coordinates;
  if (given === undefined || given === null) {
    if (!/\p{L}{2}/u.test(address)) throw new Refusal('ERR_INCORRECT_ADDRESS');
    return { coordinates: locate(address, facts), address };
  }
  if (!isRecord(given)) throw new Refusal('ERR_INVALID_FIELD', `${pointer}/coordinates`);
  const { lat, lng } = given;
  if (typeof lat === 'number' || typeof lng === 'number') throw new Refusal('ERR_BAD_REQUEST');
  if (!isDegrees(lat, 90) || !isDegrees(lng, 180)) throw new Refusal('ERR_INVALID_FIELD', `${pointer}/coordinates`);
  return { coordinates: { lat, lng }, address };
}

/** The pick-up time in Unix ms, `now` where none is given: not in the past, at most 30 days ahead. */
export function pickUpTime(value: unknown, now: number): number {
  if (value === undefined || value === null) return now;
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw new Refusal('ERR_INVALID_FIELD', '/data/scheduleAt');
  if (time < now || time > now + LONGEST_AHEAD_MS) throw new Refusal('ERR_INVALID_SCHEDULE_TIME', '/data/scheduleAt');
  return time;
}

/** Phones come back without their plus (observed). */
export function seenPhone(phone: string): string {
  return phone.replace('+', ' ');
}

function isDegrees(value: unknown, limit: number): value is string {
  return typeof value === 'string' && value.trim() !== '' && Math.abs(Number(value)) <= limit;
}
