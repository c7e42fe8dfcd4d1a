import type { OrderStop } from '../../api/answers/order.js';
import type { SandboxEvent } from '../simulation/sandbox-event.js';
import { tenantOf } from '../simulation/sandbox-event.js';
import type { OrderEntry } from '../state/sandbox-state.js';
import type { SandboxWorld } from '../state/sandbox-world.js';
import { positionOf } from '../state/courier-pool.js';
import { NO_DELIVERY_CODE } from '../state/order-tokens.js';
import type { Wallets } from '../state/wallets.js';
import { webhookTime } from '../state/written-time.js';

/** The `data` of an event, member by member as Lalamove was seen to send it: false-Z times, numbers for a location, either spelling of a subtotal. */
export function webhookData(
  sandboxEvent: SandboxEvent,
  world: SandboxWorld,
  wallets: Wallets,
): Record<string, unknown> {
  const tenant = tenantOf(sandboxEvent);
  const { utcOffsetHours, currency } = world.facts(tenant);
  const time = (unixMs: number): string => webhookTime(unixMs, utcOffsetHours);
  const balance = (): object => ({ currency, amount: wallets.written(tenant) });
  const updatedAt = time(world.clock.now());

  switch (sandboxEvent.type) {
    case 'ORDER_CREATED':
      return { order: wholeOrder(sandboxEvent.entry, world, time), updatedAt };
    case 'ORDER_STATUS_CHANGED': {
      const { entry, previousStatus, cancelParty, cancelReason } = sandboxEvent;
      const { status } = entry.order;
      const by = { ...(cancelParty && { cancelParty }), ...(cancelReason && { cancelReason }) };
      return { order: { ...summary(entry, world, time), previousStatus, status, ...by }, updatedAt };
    }
    case 'DRIVER_ASSIGNED':
      return { ...assigned(sandboxEvent.entry, world), order: named(sandboxEvent.entry, world), updatedAt };
    case 'ORDER_AMOUNT_CHANGED':
      return { order: repriced(sandboxEvent.entry, world), balance: balance(), updatedAt };
    case 'ORDER_REPLACED':
      return { order: named(sandboxEvent.entry, world), prevOrderId: sandboxEvent.prevOrderId, updatedAt };
    case 'ORDER_EDITED': {
      const { entry, previousStops, editParty } = sandboxEvent;
      const order = { ...summary(entry, world, time), status: entry.order.status, stops: entry.order.stops };
      return { order, previousData: { stops: previousStops }, editParty, editReason: '', updatedAt };
    }
    case 'WALLET_BALANCE_CHANGED':
      return { balance: balance(), updatedAt };
    case 'POD_STATUS_CHANGED':
      return { order: wholeOrder(sandboxEvent.entry, world, time), updatedAt };
    case 'POP_STATUS_CHANGED': {
      const { entry, imageUrls } = sandboxEvent;
      const POP = { imageUrls, pickedUpAt: updatedAt };
      const stops = entry.order.stops.map((_, index) => (index === 0 ? { POP } : {}));
      return { order: { ...named(entry, world), stops }, updatedAt };
    }
    case 'DELIVERY_CODE_STATUS_CHANGED': {
      const { entry } = sandboxEvent;
      const stops = entry.order.stops.map(({ delivery_code: code }) => ({ deliveryCode: code ?? NO_DELIVERY_CODE }));
      return { order: { ...named(entry, world), stops }, updatedAt };
    }
  }
}

/** What nearly every event of an order says of it. */
function summary(entry: OrderEntry, world: SandboxWorld, time: (unixMs: number) => string): Record<string, unknown> {
  const { order, locode, scheduleAt, placedAt } = entry;
  const { orderId, ...metadata } = named(entry, world);
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

/** An order as its answers show it, but for the spelling of its stops' codes and its local times. */
function wholeOrder({ order }: OrderEntry, world: SandboxWorld, time: (unixMs: number) => string): object {
  const { metadata, remarks = [], ...members } = order;
  const isTold = world.settings.unknowns.metadata !== 'order-only' && metadata !== undefined;
  const stops = order.stops.map((stop) => stopIn(stop, time));
  return { ...members, stops, ...(isTold && { metadata }), remarks };
}

function stopIn(stop: OrderStop, time: (unixMs: number) => string): object {
  const { coordinates, address, name, phone, POD, delivery_code: deliveryCode } = stop;
  return {
    ...{ coordinates, address, name, phone },
    ...(POD && { POD: localProof(POD, time) }),
    deliveryCode: deliveryCode ?? NO_DELIVERY_CODE,
  };
}

/** An order by its id, and its metadata where the sandbox was told to send them. */
function named({ order }: OrderEntry, { settings }: SandboxWorld): { orderId: string; metadata?: object } {
  const isTold = settings.unknowns.metadata === 'every-event' && order.metadata !== undefined;
  return { orderId: order.orderId, ...(isTold && { metadata: order.metadata }) };
}

function assigned({ courier }: OrderEntry, world: SandboxWorld): object {
  if (!courier) return {};
  const { driverId, phone, name, plateNumber } = courier;
  const { lat, lng } = positionOf(courier, world.clock.now());
  const degrees = (value: number): number => Number(value.toFixed(7));
  return {
    driver: { driverId, phone, name, photo: '', plateNumber },
    location: { lng: degrees(lng), lat: degrees(lat) },
  };
}

function repriced(entry: OrderEntry, world: SandboxWorld): object {
  const { locode, order } = entry;
  const { currency, totalExcludePriorityFee, priorityFee = '0', total } = order.priceBreakdown;
  const spelling = world.random.below('webhooks', 2) === 0 ? 'subtotal' : 'subTotal';
  const price = { currency, [spelling]: totalExcludePriorityFee, priorityFee, totalPrice: total };
  return { ...named(entry, world), market: locode.replace(' ', '_'), status: order.status, price };
}

function localProof<T extends { deliveredAt?: string }>(proof: T, time: (unixMs: number) => string): T {
  return proof.deliveredAt === undefined ? proof : { ...proof, deliveredAt: time(Date.parse(proof.deliveredAt)) };
}
