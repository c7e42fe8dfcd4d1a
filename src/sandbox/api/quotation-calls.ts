import type { Quotation, QuotationStop } from '../../api/answers/quotation.js';
import { priceBreakdown, priceOf } from '../state/price.js';
import { optimised, routeLength } from '../state/route.js';
import type { QuotationEntry } from '../state/sandbox-state.js';
import { writtenTime } from '../state/written-time.js';
import type { SandboxAnswer, SandboxCall } from './api-routes.js';
import { checkedQuotation } from './quotation-input.js';
import { Refusal } from './refusal.js';

/** How long a quotation holds its price. */
const VALID_MS = 5 * 60_000;

/** `POST /v3/quotations`. */
export function createQuotation({ world, tenant, facts, data }: SandboxCall): SandboxAnswer {
  const now = world.clock.now();
  const { places, city, service, serviceType, language, scheduleAt, isRouteOptimized, specialRequests, item } =
    checkedQuotation(data, facts, now);

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

function pair(stops: readonly QuotationStop[]): Quotation['stops'] {
  const [from, to, ...further] = stops;
  if (!from || !to) throw new Refusal('ERR_INSUFFICIENT_STOPS', '/data/stops');
  return [from, to, ...further];
}
