import type { Quotation, QuotationStop } from '../../api/answers/quotation.js';
import type { MarketFacts } from '../state/market-facts.js';
import { priceBreakdown, priceOf, type Price } from '../state/price.js';
import { optimised, routeLength } from '../state/route.js';
import type { QuotationEntry } from '../state/quotation-entry.js';
import { formatTime } from '../state/format-time.js';
import type { SandboxAnswer, SandboxCall } from './sandbox-call.js';
import { checkedQuotation, type QuotationInput } from './quotation-input.js';
import { Refusal } from './refusal.js';

/** How long a quotation is valid. */
const VALID_MS = 5 * 60_000;

/** `POST /v3/quotations`. */
export function createQuotation(call: SandboxCall): SandboxAnswer {
  const { world, tenant, facts, data } = call;
  const now = world.clock.now();
  const input = checkedQuotation(data, facts, now);
  const { city, scheduleAt } = input;
  const asGiven = input.places.map((place): QuotationStop => ({ stopId: world.nextId(), ...place }));
  const stops = input.isRouteOptimized ? optimised(asGiven) : asGiven;
  const price = routePrice(stops, input, facts);
  const expiresAt = now + VALID_MS;
  const quotation: Quotation = {
    quotationId: world.nextId(),
    scheduleAt: formatTime(scheduleAt ?? now),
    expiresAt: formatTime(expiresAt),
    serviceType: input.serviceType,
    ...(input.specialRequests.length > 0 && { specialRequests: input.specialRequests }),
    language: input.language.toUpperCase(),
    stops: atLeastTwo(stops),
    isRouteOptimized: input.isRouteOptimized,
    priceBreakdown: priceBreakdown(price, facts, routePrice(asGiven, input, facts)),
    ...(input.item && { item: input.item }),
    distance: { value: String(metresOf(stops)), unit: 'm' },
  };
  world.state.quotations.set(quotation.quotationId, {
    tenant,
    quotation,
    locode: city.locode,
    scheduleAt: scheduleAt ?? now,
    isScheduled: scheduleAt !== undefined,
    expiresAt,
    metres: metresOf(stops),
    total: price.total,
    timesOrdered: 0,
    isMagicSpent: false,
  });
  return { status: 201, data: quotation };
}

function metresOf(stops: readonly QuotationStop[]): number {
  return routeLength(stops.map(({ coordinates }) => coordinates));
}

function routePrice(
  stops: readonly QuotationStop[],
  { service, specialRequests }: QuotationInput,
  market: MarketFacts,
): Price {
  const metres = metresOf(stops);
  return priceOf({ market, service, metres, stops: stops.length, specialRequests: specialRequests.length });
}

/** `GET /v3/quotations/:quotationId`. */
export function getQuotation(call: SandboxCall): SandboxAnswer {
  return { status: 200, data: quotationOf(call, call.ids.quotationId).quotation };
}

/** The quotation with this id. It must belong to the account and the market of the call. */
export function quotationOf({ world, tenant }: SandboxCall, quotationId: string | undefined): QuotationEntry {
  const found = world.state.quotations.get(quotationId ?? '');
  if (found?.tenant.market !== tenant.market || found.tenant.apiKey !== tenant.apiKey) {
    throw new Refusal('ERR_INVALID_QUOTATION_ID', '/data/quotationId');
  }
  return found;
}

function atLeastTwo(stops: readonly QuotationStop[]): Quotation['stops'] {
  const [from, to, ...further] = stops;
  if (!from || !to) throw new Refusal('ERR_INSUFFICIENT_STOPS', '/data/stops');
  return [from, to, ...further];
}
