import type { Quotation, QuotationStop } from '../../api/answers/quotation.js';
import { isRecord } from '../../internal/is-record.js';
import type { CityFacts, MarketFacts } from '../state/market-facts.js';
import { cityOf } from '../state/route.js';
import { serviceOf, type Service } from '../state/service-catalog.js';
import {
  allowedValues,
  booleanOf,
  refuseUnknownMembers,
  requiredString,
  stringArray,
  type Data,
} from './read-fields.js';
import { placeOf, stopsOf } from './read-stops.js';
import { RefusalCollector } from './refusal-collector.js';
import { Refusal } from './refusal.js';

const MAX_AHEAD_MS = 30 * 24 * 3_600_000;
const STOP_MEMBERS = ['coordinates', 'address', 'stopId'];
const MEMBERS = ['serviceType', 'language', 'stops', 'scheduleAt', 'specialRequests', 'isRouteOptimized', 'item'];

type Place = Pick<QuotationStop, 'coordinates' | 'address'>;

/** The valid content of a request for a quotation. */
export interface QuotationInput extends Offered {
  readonly places: readonly Place[];
  readonly city: CityFacts;
  readonly serviceType: string;
  readonly language: string;
  /** Unix ms. */
  readonly scheduleAt: number | undefined;
  readonly isRouteOptimized: boolean;
}

interface Offered {
  readonly service: Service;
  readonly specialRequests: string[];
  readonly item: Quotation['item'];
}

/** Checks the whole request. The answer lists everything that is wrong with it. */
export function checkedQuotation(data: Data, facts: MarketFacts, now: number): QuotationInput {
  const refusals = new RefusalCollector();
  const given = refusals.check(() => stopsOf(data));
  const serviceType = refusals.check(() => requiredString(data, 'serviceType'));
  const language = refusals.check(() => languageOf(data, facts));
  const scheduleAt = refusals.check(() => pickUpTime(data.scheduleAt, now));
  const isRouteOptimized = refusals.check(() => booleanOf(data, 'isRouteOptimized')) ?? false;
  const places = given?.map((stop, index) => checkedPlace(stop, index, facts, refusals));
  const found = places?.filter((each) => each !== undefined) ?? [];
  refusals.check(() => {
    refuseUnknownMembers(data, MEMBERS);
  });
  const isComplete = found.length > 0 && found.length === places?.length;
  const city = isComplete ? refusals.check(() => servedCity(found, facts)) : undefined;
  const offered = city && serviceType !== undefined ? offeredIn(city, serviceType, data, refusals) : undefined;
  refusals.refuse();
  if (!city || !offered || serviceType === undefined || language === undefined)
    throw new Error('The sandbox accepted an incomplete request for a quotation: this is a bug of the sandbox.');
  return { ...offered, places: found, city, serviceType, language, scheduleAt, isRouteOptimized };
}

function checkedPlace(stop: unknown, index: number, facts: MarketFacts, refusals: RefusalCollector): Place | undefined {
  refusals.check(() => {
    refuseUnknownMembers(stop, STOP_MEMBERS);
  });
  return refusals.check(() => placeOf(stop, `/data/stops/${index}`, facts));
}

function languageOf(data: Data, { languages }: MarketFacts): string {
  const language = requiredString(data, 'language');
  if (languages.includes(language)) return language;
  throw new Refusal('ERR_INVALID_FIELD', allowedValues('/data/language', languages), 'ERR_INVALID_LOCALE');
}

function offeredIn(city: CityFacts, serviceType: string, data: Data, refusals: RefusalCollector): Offered | undefined {
  const service = refusals.check(() => serviceIn(city, serviceType));
  if (!service) return undefined;
  const specialRequests = refusals.check(() => offeredRequests(data, service, refusals)) ?? [];
  return { service, specialRequests, item: refusals.check(() => offeredItem(data.item, service)) };
}

function serviceIn({ services }: CityFacts, serviceType: string): Service {
  const service = serviceOf(services, serviceType);
  if (service) return service;
  const keys = services.map(({ key }) => key);
  throw new Refusal('ERR_INVALID_SERVICE_TYPE', allowedValues('/data/serviceType', keys));
}

/** The city that serves all stops. Every stop must be inside its area, because a route does not cross cities. */
export function servedCity(
  places: readonly { coordinates: QuotationStop['coordinates'] }[],
  facts: MarketFacts,
): CityFacts {
  const [first, ...others] = places.map(({ coordinates }) => cityOf(coordinates, facts));
  const stray = first ? others.findIndex((city) => city !== first) + 1 : 0;
  if (!first || stray > 0) {
    const pointer = `/data/stops/${stray}`;
    throw new Refusal('ERR_OUT_OF_SERVICE_AREA', { pointer, ...(!facts.hasAreaText && { message: '' }) });
  }
  return first;
}

/** The pick-up time in Unix ms, if one was given. It must not be in the past, nor more than 30 days ahead. */
function pickUpTime(value: unknown, now: number): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/;
  const time = typeof value === 'string' && form.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw new Refusal('ERR_INVALID_FIELD', '/data/scheduleAt');
  if (time < now || time > now + MAX_AHEAD_MS) {
    const rule = 'Date cannot be a past date or more than 30 days in advance.';
    const message = `'${new Date(time).toISOString()}' is not valid 'scheduleAt'. ${rule}`;
    throw new Refusal('ERR_INVALID_SCHEDULE_TIME', { pointer: '/data/scheduleAt', message });
  }
  return time;
}

function offeredRequests(data: Data, { shown }: Service, refusals: RefusalCollector): string[] {
  const chosen = new Map<string, number>();
  const requests = stringArray(data, 'specialRequests');
  const checkOne = (name: string, index: number): void => {
    const pointer = `/data/specialRequests/${index}`;
    const offer = shown.specialRequests?.find((each) => each.name === name);
    if (!offer) {
      const names = (shown.specialRequests ?? []).map((each) => each.name);
      throw new Refusal('ERR_INVALID_SPECIAL_REQUEST', allowedValues(pointer, names));
    }
    if (requests.indexOf(name) < index) throw new Refusal('ERR_INVALID_SPECIAL_REQUEST', pointer);
    const { parent_type: family, max_selection: most } = offer;
    if (!family || !most) return;
    chosen.set(family, (chosen.get(family) ?? 0) + 1);
    if ((chosen.get(family) ?? 0) > most) throw new Refusal('ERR_INVALID_SPECIAL_REQUEST', pointer);
  };
  requests.forEach((name, index) => {
    refusals.check(() => {
      checkOne(name, index);
    });
  });
  return requests;
}

/** The goods to deliver. Each member must have a value that the service lists. */
function offeredItem(item: unknown, { shown }: Service): Quotation['item'] {
  if (item === undefined || item === null) return undefined;
  if (!isRecord(item)) throw new Refusal('ERR_INVALID_FIELD', '/data/item');
  const { deliveryItemSpecification: lists = {} } = shown;
  // Most services accept an item without an error and leave it out of the answer (observed).
  if (Object.keys(lists).length === 0) return undefined;
  const check = (name: string, values: readonly unknown[]): void => {
    const listed = lists[name];
    if (listed !== undefined && !Array.isArray(listed)) return;
    if (!values.every((value) => listed?.includes(value))) throw new Refusal('ERR_INVALID_FIELD', `/data/item/${name}`);
  };
  const { quantity, weight } = item;
  if (quantity !== undefined && typeof quantity !== 'string')
    throw new Refusal('ERR_INVALID_FIELD', '/data/item/quantity');
  if (weight !== undefined) check('weight', [weight]);
  const categories = stringArray(item, 'categories', '/data/item');
  const handlingInstructions = stringArray(item, 'handlingInstructions', '/data/item');
  check('categories', categories);
  check('handlingInstructions', handlingInstructions);
  return {
    ...(quantity !== undefined && { quantity }),
    ...(typeof weight === 'string' && { weight }),
    ...(item.categories !== undefined && { categories }),
    ...(item.handlingInstructions !== undefined && { handlingInstructions }),
  };
}
