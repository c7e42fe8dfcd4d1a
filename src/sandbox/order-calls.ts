import { isRecord, isStringMap } from '../is-record.js';
import { CHANGE_DRIVER_REASONS } from '../dto/order-change.dto.js';
import type { OrderStop } from '../dto/order.js';
import { contact, place, requiredList, requiredText, seenPhone, stopList, type Contact } from './call-input.js';
import { quotationOf } from './quotation-calls.js';
import { Refusal } from './refusal.js';
import { routeLength, routePrice } from './route-price.js';
import type { SandboxAnswer, SandboxCall } from './sandbox-routes.js';
import type { SandboxOrder } from './sandbox-state.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** In any currency; what Lalamove's own limit is, nobody outside knows. */
const HIGHEST_FEE = 1_000_000;

/** `POST /v3/orders`. One quotation can be ordered twice: nobody outside knows whether it can, and this is the worse answer. */
export function placeOrder(call: SandboxCall): SandboxAnswer {
  const { state, market, data } = call;
  const { quotation, expiresAt, scheduleAt } = quotationOf(call, requiredText(data, 'quotationId'));
  if (state.clock.now() >= expiresAt) throw new Refusal('ERR_INVALID_QUOTATION_ID', '/data/quotationId');
  const stopIds = quotation.stops.map(({ stopId }) => stopId);
  const contacts = new Map<string, Contact>();
  const given = [data.sender, ...requiredList(data, 'recipients')];
  given.forEach((value, index) => {
    const pointer = index === 0 ? '/data/sender' : `/data/recipients/${index - 1}`;
    const person = contact(value, pointer);
    const stopId = requiredText(isRecord(value) ? value : {}, 'stopId', pointer);
    const isTheirs = index === 0 ? stopId === stopIds[0] : stopIds.indexOf(stopId) > 0;
    if (!isTheirs) throw new Refusal('ERR_INVALID_FIELD', `${pointer}/stopId`);
    contacts.set(stopId, { stopId, ...person });
  });
  if (contacts.size < stopIds.length) throw new Refusal('ERR_MISSING_FIELD', '/data/recipients');
  const orderId = state.nextId();
  const language = quotation.language.replace(/^[^_]+/, (code) => code.toLowerCase());
  const withProof = data.isPODEnabled === true;
  const entry: SandboxOrder = {
    market,
    scheduleAt,
    placedAt: state.clock.now(),
    matchedAt: undefined,
    driver: undefined,
    edited: false,
    order: {
      orderId,
      quotationId: quotation.quotationId,
      priceBreakdown: quotation.priceBreakdown,
      driverId: '',
      shareLink: `https://share.sandbox.lalamove.com?${market}${orderId}&lang=${language}&source=api_wrapper`,
      status: 'ASSIGNING_DRIVER',
      distance: { value: String(routeLength(quotation.stops)), unit: 'm' },
      stops: quotation.stops.map(({ stopId, coordinates, address }, index): OrderStop => {
        const { name = '', phone = '' } = contacts.get(stopId) ?? {};
        return {
          coordinates,
          address,
          name,
          phone: seenPhone(phone),
          ...(index > 0 && withProof && { POD: { status: 'PENDING' } }),
        };
      }),
      ...(isStringMap(data.metadata) && { metadata: data.metadata }),
    },
  };
  state.orders.set(orderId, entry);
  return { status: 201, data: entry.order };
}

/** `GET /v3/orders/:orderId`; 403 once it is older than 60 days. */
export function getOrder(call: SandboxCall): SandboxAnswer {
  const entry = orderOf(call);
  if (call.state.clock.now() - entry.placedAt > 60 * DAY_MS) throw new Refusal('LALAMOVE_FORBIDDEN');
  return { status: 200, data: entry.order };
}

/** `PATCH /v3/orders/:orderId`: once, and only while `ON_GOING`; the pick-up stays where it was. */
export function editOrder(call: SandboxCall): SandboxAnswer {
  const entry = orderOf(call);
  const { order } = entry;
  if (entry.edited || order.status !== 'ON_GOING') throw new Refusal('ERR_ORDER_EDIT');
  const stops = stopList(call.data).map((stop, index): OrderStop => {
    const { name, phone } = contact(stop, `/data/stops/${index}`);
    return { ...place(stop, `/data/stops/${index}`, call.facts), name, phone: seenPhone(phone) };
  });
  const [before, after] = [order.stops[0], stops[0]];
  if (before?.coordinates.lat !== after?.coordinates.lat || before?.coordinates.lng !== after?.coordinates.lng) {
    throw new Refusal('ERR_INVALID_FIELD', '/data/stops/0');
  }
  const metres = routeLength(stops);
  entry.edited = true;
  entry.order = {
    ...order,
    stops,
    distance: { value: String(metres), unit: 'm' },
    priceBreakdown: routePrice(metres, stops.length, order.priceBreakdown.priorityFee, call.facts),
  };
  return { status: 201, data: entry.order };
}

/** `DELETE /v3/orders/:orderId`: while a driver is sought, or within 5 minutes after the match. */
export function cancelOrder(call: SandboxCall): SandboxAnswer {
  const entry = orderOf(call);
  const { status, orderId } = entry.order;
  if (status === 'CANCELED') throw new Refusal('ERR_CANCELLATION');
  const sinceMatch = call.state.clock.now() - (entry.matchedAt ?? 0);
  const allowed = status === 'ASSIGNING_DRIVER' || (status === 'ON_GOING' && sinceMatch <= 5 * MINUTE_MS);
  if (!allowed) throw new Refusal('ERR_CANCELLATION_FORBIDDEN');
  call.state.move(orderId, 'CANCELED');
  return { status: 204 };
}

/** `POST /v3/orders/:orderId/priority-fee`: before a driver accepts; each amount replaces the last and must exceed it. */
export function addPriorityFee(call: SandboxCall): SandboxAnswer {
  const entry = orderOf(call);
  const { order } = entry;
  if (order.status !== 'ASSIGNING_DRIVER') throw new Refusal('ERR_INVALID_ORDER_STATUS');
  const priorityFee = requiredText(call.data, 'priorityFee');
  if (!/^\d+(\.\d+)?$/.test(priorityFee)) throw new Refusal('ERR_INVALID_TIPS', '/data/priorityFee');
  if (Number(priorityFee) > HIGHEST_FEE) throw new Refusal('ERR_EXCEED_MAX_TIPS', '/data/priorityFee');
  if (Number(priorityFee) <= Number(order.priceBreakdown.priorityFee ?? '0'))
    throw new Refusal('ERR_INVALID_TIPS', '/data/priorityFee');
  const price = routePrice(routeLength(order.stops), order.stops.length, priorityFee, call.facts);
  entry.order = { ...order, priceBreakdown: price };
  return { status: 200, data: entry.order };
}

/** `GET /v3/orders/:orderId/drivers/:driverId`: from an hour before pick-up until completion. */
export function getDriver(call: SandboxCall): SandboxAnswer {
  const { driver, scheduleAt, order } = driverOf(call);
  const tooEarly = call.state.clock.now() < scheduleAt - 60 * MINUTE_MS;
  if (tooEarly || order.status === 'COMPLETED') throw new Refusal('LALAMOVE_FORBIDDEN');
  return { status: 200, data: driver };
}

/** `DELETE /v3/orders/:orderId/drivers/:driverId`: from 15 minutes after the match until pick-up. */
export function changeDriver(call: SandboxCall): SandboxAnswer {
  const { order, matchedAt } = driverOf(call);
  const reason = requiredText(call.data, 'reason');
  if (!CHANGE_DRIVER_REASONS.some((known) => known === reason)) throw new Refusal('ERR_INVALID_FIELD', '/data/reason');
  const sinceMatch = call.state.clock.now() - (matchedAt ?? 0);
  if (order.status !== 'ON_GOING' || sinceMatch < 15 * MINUTE_MS) throw new Refusal('ERR_CHANGE_DRIVER');
  call.state.move(order.orderId, 'ASSIGNING_DRIVER');
  return { status: 204 };
}

function orderOf({ state, market, ids }: SandboxCall): SandboxOrder {
  const entry = state.orders.get(ids.orderId ?? '');
  if (entry?.market !== market) throw new Refusal('ERR_ORDER_NOT_FOUND');
  return entry;
}

function driverOf(call: SandboxCall): SandboxOrder {
  const entry = orderOf(call);
  if (!entry.driver || entry.driver.driverId !== call.ids.driverId) throw new Refusal('ERR_DRIVER_NOT_FOUND');
  return entry;
}
