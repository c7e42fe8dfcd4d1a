import type { OrderStop } from '../../api/answers/order.js';
import { tenantOf, type SandboxEvent } from '../simulation/sandbox-event.js';
import { positionOf } from '../state/couriers.js';
import { NO_DELIVERY_CODE } from '../state/delivery-code.js';
import { formatWebhookTime } from '../state/format-time.js';
import type { OrderEntry } from '../state/order-entry.js';
import type { SandboxWorld } from '../state/sandbox-world.js';
import type { Wallets } from '../state/wallets.js';

/** What the data of an event is made from. */
interface Context {
  readonly world: SandboxWorld;
  /** Formats Unix ms as the local time of the market. */
  readonly time: (unixMs: number) => string;
  readonly balance: () => object;
}

type EventOf<Type extends SandboxEvent['type']> = Extract<SandboxEvent, { type: Type }>;

/**
 * The `data` of an event, with the members that were recorded: times of the local clock marked as UTC, numbers for
 * coordinates, and `subtotal` or `subTotal`.
 */
export function webhookData(sandboxEvent: SandboxEvent, world: SandboxWorld, wallets: Wallets): object {
  const tenant = tenantOf(sandboxEvent);
  const { utcOffsetHours, currency } = world.facts(tenant);
  const time = (unixMs: number): string => formatWebhookTime(unixMs, utcOffsetHours);
  const balance = (): object => ({ currency, amount: wallets.formattedBalance(tenant) });
  const data = dataOf(sandboxEvent, { world, time, balance });
  return { ...data, updatedAt: time(world.clock.now()) };
}

function dataOf(sandboxEvent: SandboxEvent, context: Context): object {
  const { world, balance } = context;
  switch (sandboxEvent.type) {
    case 'ORDER_CREATED':
    case 'POD_STATUS_CHANGED':
      return { order: wholeOrder(sandboxEvent.entry, context) };
    case 'ORDER_STATUS_CHANGED':
      return { order: statusChange(sandboxEvent, context) };
    case 'DRIVER_ASSIGNED':
      return { ...driverAndLocation(sandboxEvent.entry, world), order: orderReference(sandboxEvent.entry, world) };
    case 'ORDER_AMOUNT_CHANGED':
      return { order: priceData(sandboxEvent.entry, world), balance: balance() };
    case 'ORDER_REPLACED':
      return { order: orderReference(sandboxEvent.entry, world), prevOrderId: sandboxEvent.prevOrderId };
    case 'ORDER_EDITED':
      return edit(sandboxEvent, context);
    case 'WALLET_BALANCE_CHANGED':
      return { balance: balance() };
    case 'POP_STATUS_CHANGED':
      return { order: proofOfPickUp(sandboxEvent, context) };
    case 'DELIVERY_CODE_STATUS_CHANGED':
      return { order: deliveryCodes(sandboxEvent.entry, world) };
  }
}

/** The members that most events of an order have. */
function summary(entry: OrderEntry, { world, time }: Context): object {
  const { order, locode, scheduleAt, placedAt } = entry;
  const { orderId, ...metadata } = orderReference(entry, world);
  return {
    orderId,
    scheduleAt: time(scheduleAt),
    shareLink: order.shareLink,
    market: locode.replace(' ', '_'),
    createdAt: time(placedAt),
    driverId: order.driverId,
    ...metadata,
  };
}

function statusChange(
  { entry, previousStatus, cancelParty, cancelReason }: EventOf<'ORDER_STATUS_CHANGED'>,
  context: Context,
): object {
  const { status } = entry.order;
  const by = { ...(cancelParty && { cancelParty }), ...(cancelReason && { cancelReason }) };
  return { ...summary(entry, context), previousStatus, status, ...by };
}

function edit({ entry, previousStops, editParty }: EventOf<'ORDER_EDITED'>, context: Context): object {
  const order = { ...summary(entry, context), status: entry.order.status, stops: entry.order.stops };
  return { order, previousData: { stops: previousStops }, editParty, editReason: '' };
}

function proofOfPickUp({ entry, imageUrls }: EventOf<'POP_STATUS_CHANGED'>, { world, time }: Context): object {
  const POP = { imageUrls, pickedUpAt: time(world.clock.now()) };
  const stops = entry.order.stops.map((_, index) => (index === 0 ? { POP } : {}));
  return { ...orderReference(entry, world), stops };
}

function deliveryCodes(entry: OrderEntry, world: SandboxWorld): object {
  const stops = entry.order.stops.map(({ delivery_code: code }) => ({ deliveryCode: code ?? NO_DELIVERY_CODE }));
  return { ...orderReference(entry, world), stops };
}

/** An order as the API returns it, except for `deliveryCode` in camel case and the local times. */
function wholeOrder({ order }: OrderEntry, { world, time }: Context): object {
  const { metadata, remarks = [], ...members } = order;
  const hasMetadata = world.settings.unknowns.metadata !== 'order-only' && metadata !== undefined;
  const stops = order.stops.map((stop) => stopData(stop, time));
  return { ...members, stops, ...(hasMetadata && { metadata }), remarks };
}

function stopData(stop: OrderStop, time: (unixMs: number) => string): object {
  const { coordinates, address, name, phone, POD, delivery_code: deliveryCode } = stop;
  return {
    coordinates,
    address,
    name,
    phone,
    ...(POD && { POD: localProof(POD, time) }),
    deliveryCode: deliveryCode ?? NO_DELIVERY_CODE,
  };
}

/** The id of an order, with its metadata if `unknowns.metadata` is `'every-event'`. */
function orderReference({ order }: OrderEntry, { settings }: SandboxWorld): { orderId: string; metadata?: object } {
  const hasMetadata = settings.unknowns.metadata === 'every-event' && order.metadata !== undefined;
  return { orderId: order.orderId, ...(hasMetadata && { metadata: order.metadata }) };
}

function driverAndLocation({ courier }: OrderEntry, world: SandboxWorld): object {
  if (!courier) return {};
  const { driverId, phone, name, plateNumber } = courier;
  const { lat, lng } = positionOf(courier, world.clock.now());
  const degrees = (value: number): number => Number(value.toFixed(7));
  return {
    driver: { driverId, phone, name, photo: '', plateNumber },
    location: { lng: degrees(lng), lat: degrees(lat) },
  };
}

function priceData(entry: OrderEntry, world: SandboxWorld): object {
  const { locode, order } = entry;
  const { currency, totalExcludePriorityFee, priorityFee = '0', total } = order.priceBreakdown;
  const spelling = world.random.below('webhooks', 2) === 0 ? 'subtotal' : 'subTotal';
  const price = { currency, [spelling]: totalExcludePriorityFee, priorityFee, totalPrice: total };
  return { ...orderReference(entry, world), market: locode.replace(' ', '_'), status: order.status, price };
}

function localProof<T extends { deliveredAt?: string }>(proof: T, time: (unixMs: number) => string): T {
  return proof.deliveredAt === undefined ? proof : { ...proof, deliveredAt: time(Date.parse(proof.deliveredAt)) };
}
