import type { City } from '../../api/answers/city.js';
import { isRecord } from '../../internal/is-record.js';
import { MARKET_CODES } from './market-facts.js';

/**
 * Checks a list in the form of the `data` of `GET /v3/cities`. Unknown members are kept, because answers return them.
 *
 * @throws RangeError that says what is wrong in the list, and where
 */
export function checkCities(given: unknown): City[] {
  const cities = listAt(given, '');
  if (cities.length === 0) refuse('', 'an array with at least one city', given);
  const checked = cities.map((city, index) => {
    const at = `[${index}]`;
    if (!isCity(city, at)) return refuse(at, 'a city', city);
    return city;
  });
  noTwice(
    checked.map(({ locode }) => locode),
    '',
    'locode',
  );
  return checked;
}

function isCity(city: unknown, at: string): city is City {
  const { locode, name, services } = recordAt(city, at);
  const isServed = typeof locode === 'string' && /^[A-Z]{2} [A-Z0-9]{2,4}$/.test(locode);
  if (!isServed || !MARKET_CODES.includes(locode.slice(0, 2))) {
    refuse(`${at}.locode`, `a UN/LOCODE such as "TH BKK", in one of ${MARKET_CODES.join(', ')}`, locode);
  }
  textAt(name, `${at}.name`);
  const all = listAt(services, `${at}.services`);
  if (all.length === 0) refuse(`${at}.services`, 'an array with at least one service', services);
  const keys = all.map((service, index) => (checkService(service, `${at}.services[${index}]`), keyOf(service)));
  noTwice(keys, `${at}.services`, 'key');
  return true;
}

function checkService(service: unknown, at: string): void {
  const { key, description, dimensions, load, specialRequests, deliveryItemSpecification } = recordAt(service, at);
  textAt(key, `${at}.key`);
  optional(description, `${at}.description`, textAt);
  optional(dimensions, `${at}.dimensions`, (value, where) => {
    const sides = recordAt(value, where);
    for (const side of ['length', 'width', 'height']) checkMeasure(sides[side], `${where}.${side}`);
  });
  optional(load, `${at}.load`, checkMeasure);
  optional(deliveryItemSpecification, `${at}.deliveryItemSpecification`, recordAt);
  optional(specialRequests, `${at}.specialRequests`, (value, where) => {
    const names = listAt(value, where).map((each, index) => checkedRequest(each, `${where}[${index}]`));
    noTwice(names, where, 'name');
  });
}

/** Checks a special request and returns its name. */
function checkedRequest(request: unknown, at: string): string {
  const { name, description, parent_type: family, max_selection: most, ...times } = recordAt(request, at);
  optional(description, `${at}.description`, anyTextAt);
  optional(family, `${at}.parent_type`, anyTextAt);
  optional(times.effective_time, `${at}.effective_time`, anyTextAt);
  optional(times.offline_time, `${at}.offline_time`, anyTextAt);
  optional(most, `${at}.max_selection`, (value, where) => {
    if (!(typeof value === 'number' && Number.isInteger(value) && value >= 0)) refuse(where, 'a whole number', value);
  });
  return textAt(name, `${at}.name`);
}

function checkMeasure(measure: unknown, at: string): void {
  const { value, unit } = recordAt(measure, at);
  anyTextAt(value, `${at}.value`);
  anyTextAt(unit, `${at}.unit`);
}

function keyOf(service: unknown): string {
  const key: unknown = isRecord(service) ? service.key : undefined;
  return typeof key === 'string' ? key : '';
}

function optional(value: unknown, at: string, check: (value: unknown, at: string) => unknown): void {
  if (value !== undefined && value !== null) check(value, at);
}

function recordAt(value: unknown, at: string): Record<string, unknown> {
  return isRecord(value) ? value : refuse(at, 'an object', value);
}

function listAt(value: unknown, at: string): unknown[] {
  return Array.isArray(value) ? value : refuse(at, 'an array', value);
}

function textAt(value: unknown, at: string): string {
  return typeof value === 'string' && value !== '' ? value : refuse(at, 'a string that is not empty', value);
}

function anyTextAt(value: unknown, at: string): void {
  if (typeof value !== 'string') refuse(at, 'a string', value);
}

function noTwice(names: readonly string[], at: string, member: string): void {
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new RangeError(`The sandbox's option cities${at} has the ${member} "${twice}" twice.`);
}

function refuse(at: string, what: string, value: unknown): never {
  const shown = value === undefined ? 'nothing' : JSON.stringify(value);
  const short = shown.length > 80 ? `${shown.slice(0, 80)}…` : shown;
  throw new RangeError(
    "The sandbox's option cities must have the form of the data of GET /v3/cities: " +
      `cities${at} must be ${what}, not ${short}.`,
  );
}
