import { isRecord } from '../is-record.js';
import type { Quotation, QuotationStop } from '../dto/quotation.js';
import { pickUpTime, place, requiredText, stopList } from './call-input.js';
import { Refusal } from './refusal.js';
import { routeLength, routePrice } from './route-price.js';
import type { SandboxAnswer, SandboxCall } from './sandbox-routes.js';
import { writtenTime, type SandboxQuotation } from './sandbox-state.js';

/** How long a quotation holds its price. */
const VALID_MS = 5 * 60_000;

/** `POST /v3/quotations`. */
export function createQuotation({ state, market, facts, data }: SandboxCall): SandboxAnswer {
  const given = stopList(data);
  const serviceType = requiredText(data, 'serviceType');
  const language = requiredText(data, 'language');
  const now = state.clock.now();
  const scheduleAt = pickUpTime(data.scheduleAt, now);
  const placed = (stop: unknown, index: number): QuotationStop => ({
    stopId: state.nextId(),
    ...place(stop, `/data/stops/${index}`, facts),
  });
  const [from, to, ...further] = given;
  const stops: Quotation['stops'] = [
    placed(from, 0),
    placed(to, 1),
    ...further.map((stop, index) => placed(stop, index + 2)),
  ];
  const metres = routeLength(stops);
  const quotation: Quotation = {
    quotationId: state.nextId(),
    scheduleAt: writtenTime(scheduleAt),
    expiresAt: writtenTime(now + VALID_MS),
    serviceType,
    ...(Array.isArray(data.specialRequests) && { specialRequests: data.specialRequests.map(String) }),
    language: language.toUpperCase(),
    stops,
    isRouteOptimized: data.isRouteOptimized === true,
    priceBreakdown: routePrice(metres, stops.length, undefined, facts),
    ...(isRecord(data.item) && { item: data.item }),
    distance: { value: String(metres), unit: 'm' },
  };
  state.quotations.set(quotation.quotationId, { market, quotation, scheduleAt, expiresAt: now + VALID_MS });
  return { status: 201, data: quotation };
}

/** `GET /v3/quotations/:quotationId`. */
export function getQuotation(call: SandboxCall): SandboxAnswer {
  return { status: 200, data: quotationOf(call, call.ids.quotationId).quotation };
}

/** The quotation of an id, in the market of the call. */
export function quotationOf({ state, market }: SandboxCall, quotationId: string | undefined): SandboxQuotation {
  const found = state.quotations.get(quotationId ?? '');
  if (found?.market !== market) throw new Refusal('ERR_INVALID_QUOTATION_ID', '/data/quotationId');
  return found;
}
