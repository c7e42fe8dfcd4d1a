import type { MarketFacts } from '../state/market-facts.js';
import { toUnits, parseAmount } from '../state/money.js';
import { deliveryCode, hasDeliveryCode, NO_DELIVERY_CODE } from '../state/delivery-code.js';
import { priceBreakdown, priceOf, type Price } from '../state/price.js';
import { parsePoint, routeLength } from '../state/route.js';
import { serviceOf } from '../state/service-catalog.js';
import type { OrderEntry } from '../state/order-entry.js';
import type { SandboxAnswer, SandboxCall } from './sandbox-call.js';
import { contactOf, placeOf, stopsOf } from './read-stops.js';
import { RefusalCollector } from './refusal-collector.js';
import { requiredString } from './read-fields.js';
import { remarksView, stopView } from './place-order.js';
import { servedCity } from './quotation-input.js';
import { Refusal } from './refusal.js';

const MINUTE_MS = 60_000;
const SHOWN_MS = 60 * 24 * 60 * MINUTE_MS;
/** An order can be cancelled until this long after the match. */
const CANCELLABLE_MS = 5 * MINUTE_MS;

/**
 * The minimum and maximum of a priority fee, as multiples of the price of one km. Lalamove's own limits are not known.
 */
const PRIORITY_FEES = { least: 0.5, most: 100 };

/** `GET /v3/orders/:orderId`: 403 if the order is older than 60 days. */
export function getOrder(call: SandboxCall): SandboxAnswer {
  const entry = orderOf(call);
  if (call.world.clock.now() - entry.placedAt > SHOWN_MS) throw new Refusal('LALAMOVE_FORBIDDEN');
  return { status: 200, data: entry.order };
}

/** `PATCH /v3/orders/:orderId`: allowed once, and only while `ON_GOING`. The pick-up must not change. */
export function editOrder(call: SandboxCall): SandboxAnswer {
  const { world, facts, tenant, wallets, orders } = call;
  const entry = orderOf(call);
  const { order } = entry;
  if (entry.isEdited || order.status !== 'ON_GOING') throw new Refusal('ERR_ORDER_EDIT');
  const given = stopsOf(call.data);
  const refusals = new RefusalCollector();
  const pointerOf = (index: number): string => `/data/stops/${index}`;
  const contacts = refusals.all(given, (stop, index) => contactOf(stop, pointerOf(index), tenant.market));
  const places = refusals.all(given, (stop, index) => placeOf(stop, pointerOf(index), facts));
  refusals.refuse();
  if (!isSamePickUp(entry, places[0], contacts[0])) throw new Refusal('ERR_INVALID_FIELD', '/data/stops/0');
  servedCity(places, facts);
  const metres = routeLength(places.map(({ coordinates }) => coordinates));
  const price = repriced(entry, facts, { metres, stops: places.length });
  if (!wallets.canPay(tenant, price.total, entry.charged)) throw new Refusal('ERR_INSUFFICIENT_CREDIT');
  const newCode = (): { value: string; status: string } =>
    order.stops.some(hasDeliveryCode) ? deliveryCode(world) : NO_DELIVERY_CODE;
  const stops = places.map((each, index) => ({
    ...stopView(each, contacts[index]),
    ...(index > 0 && entry.isProofEnabled && { POD: { status: 'PENDING' } }),
    delivery_code: order.stops[index]?.delivery_code ?? newCode(),
  }));
  const edited = {
    ...order,
    stops,
    remarks: remarksView(contacts),
    distance: { value: String(metres), unit: 'm' },
    priceBreakdown: priceBreakdown(price, facts),
  };
  orders.edit(entry, { order: edited, contacts, metres }, price.total);
  return { status: 201, data: entry.order };
}

/** `DELETE /v3/orders/:orderId`: allowed while no driver is assigned, or within 5 minutes after the match. */
export function cancelOrder(call: SandboxCall): SandboxAnswer {
  const entry = orderOf(call);
  const { status } = entry.order;
  if (status === 'CANCELED') throw new Refusal('ERR_CANCELLATION');
  const sinceMatch = call.world.clock.now() - (entry.matchedAt ?? 0);
  const isAllowed = status === 'ASSIGNING_DRIVER' || (status === 'ON_GOING' && sinceMatch <= CANCELLABLE_MS);
  if (!isAllowed) throw new Refusal('ERR_CANCELLATION_FORBIDDEN');
  call.orders.end(entry, 'CANCELED', { cancelParty: 'USER' });
  return { status: 204 };
}

/**
 * `POST /v3/orders/:orderId/priority-fee`: allowed before a driver accepts. Each amount replaces the last one and must
 * be higher.
 */
export function addPriorityFee(call: SandboxCall): SandboxAnswer {
  const { facts, tenant, wallets, orders } = call;
  const entry = orderOf(call);
  if (entry.order.status !== 'ASSIGNING_DRIVER') throw new Refusal('ERR_INVALID_ORDER_STATUS');
  const pointer = '/data/priorityFee';
  const priorityFee = parseAmount(requiredString(call.data, 'priorityFee'), facts);
  if (priorityFee === undefined || priorityFee <= (entry.priorityFee ?? 0))
    throw new Refusal('ERR_INVALID_TIPS', pointer);
  if (priorityFee < toUnits(facts.perKm * PRIORITY_FEES.least, facts))
    throw new Refusal('ERR_EXCEED_MIN_TIPS', pointer);
  if (priorityFee > toUnits(facts.perKm * PRIORITY_FEES.most, facts)) throw new Refusal('ERR_EXCEED_MAX_TIPS', pointer);
  const { metres, order } = entry;
  const price = repriced(entry, facts, { metres, stops: order.stops.length, priorityFee });
  if (!wallets.canPay(tenant, price.total, entry.charged)) throw new Refusal('ERR_INSUFFICIENT_CREDIT');
  entry.priorityFee = priorityFee;
  orders.reprice(entry, priceBreakdown(price, facts), price.total);
  return { status: 200, data: entry.order };
}

/** The order of a call. Orders of other accounts and other markets are refused. */
export function orderOf({ world, tenant, ids }: SandboxCall): OrderEntry {
  const entry = world.state.orders.get(ids.orderId ?? '');
  if (!entry) throw new Refusal('ERR_ORDER_NOT_FOUND');
  if (entry.tenant.apiKey !== tenant.apiKey) throw new Refusal('LALAMOVE_FORBIDDEN');
  if (entry.tenant.market !== tenant.market) throw new Refusal('ERR_ORDER_NOT_FOUND', { status: 422 });
  return entry;
}

function repriced(
  { serviceType, specialRequests, priorityFee, locode }: OrderEntry,
  facts: MarketFacts,
  route: { metres: number; stops: number; priorityFee?: number },
): Price {
  const service = serviceOf(facts.cities.find((city) => city.locode === locode)?.services ?? [], serviceType);
  if (!service) throw new Refusal('ERR_INVALID_SERVICE_TYPE');
  return priceOf({ market: facts, service, specialRequests, priorityFee, ...route });
}

function isSamePickUp(
  { order, contacts }: OrderEntry,
  place: { coordinates: { lat: string; lng: string }; address: string } | undefined,
  person: { name: string; phone: string } | undefined,
): boolean {
  const [stop, known] = [order.stops[0], contacts[0]];
  if (!stop || !known || !place || !person) return false;
  const [before, after] = [parsePoint(stop.coordinates), parsePoint(place.coordinates)];
  const isSamePlace = before.lat === after.lat && before.lng === after.lng && stop.address === place.address;
  return isSamePlace && known.name === person.name && known.phone === person.phone;
}
