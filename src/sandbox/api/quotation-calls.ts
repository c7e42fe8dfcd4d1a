import type { Quotation, QuotationStop } from '../../dto/quotation.js';
import { isRecord } from '../../is-record.js';
import { priceBreakdown, priceOf } from '../world/price.js';
import { cityOf, optimised, routeLength } from '../world/route.js';
import type { CityFacts, MarketFacts } from '../world/market-facts.js';
import { serviceOf, type Service } from '../world/service-catalog.js';
import type { QuotationEntry } from '../world/sandbox-state.js';
import { writtenTime } from '../world/written-time.js';
import type { SandboxAnswer, SandboxCall } from './api-routes.js';
import { flag, oneOfThese, onlyKnown, place, requiredText, stopList, textList, type Data } from './call-input.js';
import { Refusal } from './refusal.js';

/** How long a quotation holds its price. */
const VALID_MS = 5 * 60_000;
const LONGEST_AHEAD_MS = 30 * 24 * 3_600_000;

/** `POST /v3/quotations`. */
export function createQuotation({ world, tenant, facts, data }: SandboxCall): SandboxAnswer {
  const given = stopList(data);
  const serviceType = requiredText(data, 'serviceType');
  const language = requiredText(data, 'language');
  if (!facts.languages.includes(language))
    throw new Refusal('ERR_INVALID_FIELD', oneOfThese('/data/language', facts.languages), 'ERR_INVALID_LOCALE');
  const now = world.clock.now();
  const scheduleAt = pickUpTime(data.scheduleAt, now);
  const isRouteOptimized = flag(data, 'isRouteOptimized');
  for (const stop of given) onlyKnown(stop, ['coordinates', 'address', 'stopId']);
  const places = given.map((stop, index) => place(stop, `/data/stops/${index}`, facts));
  const city = servedCity(places, facts);
  const service = serviceOf(city.services, serviceType);
  if (!service) {
    const keys = city.services.map(({ key }) => key);
    throw new Refusal('ERR_INVALID_SERVICE_TYPE', oneOfThese('/data/serviceType', keys));
  }
  const specialRequests = offeredRequests(data, service);
  const item = offeredItem(data.item, service);

  const asGiven = places.map((each): QuotationStop => ({ stopId: world.nextId(), ...each }));
  const stops = isRouteOptimized ? optimised(asGiven) : asGiven;
  const price = (route: readonly QuotationStop[]): ReturnType<typeof priceOf> => {
    const metres = routeLength(route.map(({ coordinates }) => coordinates));
    return priceOf({ market: facts, service, metres, stops: route.length, specialRequests: specialRequests.length });
  };
  const metres = routeLength(stops.map(({ coordinates }) => coordinates));
  const final = price(stops);
  const quotation: Quotation = {
    quotationId: world.nextId(),
    scheduleAt: writtenTime(scheduleAt ?? now),
    expiresAt: writtenTime(now + VALID_MS),
    serviceType,
    ...(specialRequests.length > 0 && { specialRequests }),
    language: language.toUpperCase(),
    stops: pair(stops),
    isRouteOptimized,
    priceBreakdown: priceBreakdown(final, facts, price(asGiven)),
    ...(item && { item }),
    distance: { value: String(metres), unit: 'm' },
  };
  const entry: QuotationEntry = {
    tenant,
    quotation,
    locode: city.locode,
    scheduleAt: scheduleAt ?? now,
    isScheduled: scheduleAt !== undefined,
    expiresAt: now + VALID_MS,
    metres,
    total: final.total,
    timesOrdered: 0,
    isMagicSpent: false,
  };
  world.state.quotations.set(quotation.quotationId, entry);
  return { status: 201, data: quotation };
}

/** `GET /v3/quotations/:quotationId`. */
export function getQuotation(call: SandboxCall): SandboxAnswer {
  return { status: 200, data: quotationOf(call, call.ids.quotationId).quotation };
}

/** The quotation of an id, of the account and the market of the call. */
export function quotationOf({ world, tenant }: SandboxCall, quotationId: string | undefined): QuotationEntry {
  const found = world.state.quotations.get(quotationId ?? '');
  if (found?.tenant.market !== tenant.market || found.tenant.apiKey !== tenant.apiKey) {
    throw new Refusal('ERR_INVALID_QUOTATION_ID', '/data/quotationId');
  }
  return found;
}

/** The city that serves every stop: none may lie outside, and two cities are not served in one route. */
export function servedCity(
  places: readonly { coordinates: QuotationStop['coordinates'] }[],
  facts: MarketFacts,
): CityFacts {
  const [first, ...others] = places.map(({ coordinates }) => cityOf(coordinates, facts));
  const stray = first ? others.findIndex((city) => city !== first) + 1 : 0;
  if (!first || stray > 0) throw new Refusal('ERR_OUT_OF_SERVICE_AREA', `/data/stops/${stray}`);
  return first;
}

/** The pick-up time in Unix ms, where one was asked for: not in the past, at most 30 days ahead. */
function pickUpTime(value: unknown, now: number): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/;
  const time = typeof value === 'string' && form.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw new Refusal('ERR_INVALID_FIELD', '/data/scheduleAt');
  if (time < now || time > now + LONGEST_AHEAD_MS) {
    const message = `'${new Date(time).toISOString()}' is not valid 'scheduleAt'. Date cannot be a past date or more than 30 days in advance.`;
    throw new Refusal('ERR_INVALID_SCHEDULE_TIME', { pointer: '/data/scheduleAt', message });
  }
  return time;
}

function offeredRequests(data: Data, { shown }: Service): string[] {
  const chosen = new Map<string, number>();
  const requests = textList(data, 'specialRequests');
  requests.forEach((name, index) => {
    const pointer = `/data/specialRequests/${index}`;
    const offer = shown.specialRequests?.find((each) => each.name === name);
    if (!offer) {
      const names = (shown.specialRequests ?? []).map((each) => each.name);
      throw new Refusal('ERR_INVALID_SPECIAL_REQUEST', oneOfThese(pointer, names));
    }
    if (requests.indexOf(name) < index) throw new Refusal('ERR_INVALID_SPECIAL_REQUEST', pointer);
    const { parent_type: family, max_selection: most } = offer;
    if (!family || !most) return;
    chosen.set(family, (chosen.get(family) ?? 0) + 1);
    if ((chosen.get(family) ?? 0) > most) throw new Refusal('ERR_INVALID_SPECIAL_REQUEST', pointer);
  });
  return requests;
}

/** What is to be delivered: each member one of those that the service lists. */
function offeredItem(item: unknown, { shown }: Service): Quotation['item'] {
  if (item === undefined || item === null) return undefined;
  if (!isRecord(item)) throw new Refusal('ERR_INVALID_FIELD', '/data/item');
  const { deliveryItemSpecification: lists = {} } = shown;
  // Most services take an item without a word, and leave it out (observed).
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
  const categories = textList(item, 'categories', '/data/item');
  const handlingInstructions = textList(item, 'handlingInstructions', '/data/item');
  check('categories', categories);
  check('handlingInstructions', handlingInstructions);
  return {
    ...(quantity !== undefined && { quantity }),
    ...(typeof weight === 'string' && { weight }),
    ...(item.categories !== undefined && { categories }),
    ...(item.handlingInstructions !== undefined && { handlingInstructions }),
  };
}

function pair(stops: readonly QuotationStop[]): Quotation['stops'] {
  const [from, to, ...further] = stops;
  if (!from || !to) throw new Refusal('ERR_INSUFFICIENT_STOPS', '/data/stops');
  return [from, to, ...further];
}
