import type { Driver } from '../../api/answers/driver.js';
import { interpolate, metresBetween, parsePoint, formatPoint, type Point } from './route.js';
import type { Courier, OrderEntry } from './order-entry.js';
import type { SandboxWorld } from './sandbox-world.js';
import { formatTime } from './format-time.js';

/** How often the API refreshes a courier's position (API v3, "Get driver details"). */
const REFRESH_MS = 10_000;

/** How far from the pick-up a courier can be when accepting, in degrees. */
const NEAR = 0.02;

/** The country code and a mobile number, by market. Each `#` becomes a random digit. */
const MOBILES: Readonly<Record<string, string>> = {
  AE: '+97150#######',
  BR: '+551191#######',
  HK: '+85261######',
  ID: '+62812#######',
  JP: '+81901#######',
  MX: '+5255########',
  MY: '+6012#######',
  PH: '+63917#######',
  SA: '+96650#######',
  SG: '+6581######',
  TH: '+6681#######',
  TW: '+8869########',
  VN: '+8490#######',
};

/** A new courier at a random position near the pick-up of an order. */
export function newCourier(world: SandboxWorld, { tenant, order }: OrderEntry): Courier {
  world.state.lastCourier += 1;
  const chance = (limit: number): number => world.random.below('drivers', limit);
  const digits = (form: string): string => form.replace(/#/g, () => String(chance(10)));
  const phone = digits(MOBILES[tenant.market] ?? '+85261######');
  const pickUp = parsePoint(order.stops[0]?.coordinates ?? { lat: '0', lng: '0' });
  const offset = (): number => (chance(2001) / 1000 - 1) * NEAR;
  const start = { lat: pickUp.lat + offset(), lng: pickUp.lng + offset(), at: world.clock.now() };
  return {
    driverId: String(world.state.lastCourier),
    name: `TestDriver ${phone.slice(-5)}`,
    phone,
    plateNumber: `VP${String(1_000_000 + chance(9_000_000))}`,
    way: { from: start, to: start },
  };
}

/** The position of a courier. */
export function positionOf({ way: { from, to } }: Courier, now: number): Point {
  if (now >= to.at) return { lat: to.lat, lng: to.lng };
  return interpolate(from, to, Math.max(0, (now - from.at) / (to.at - from.at)));
}

/** Moves a courier from the current position to a place, with arrival at a given time. */
export function moveTo(courier: Courier, place: Point, at: number, now: number): void {
  courier.way = {
    from: { ...positionOf(courier, now), at: now },
    to: { lat: place.lat, lng: place.lng, at: Math.max(at, now) },
  };
}

/** The travel time to a place in ms: 30 km/h in a straight line, and at least a minute. */
export function travelTime(from: Point, to: Point): number {
  return Math.max(60_000, Math.round((metresBetween(from, to) / 30_000) * 3_600_000));
}

/**
 * A courier as `GET /v3/orders/:id/drivers/:driverId` returns it: with a masked plate, and a position that is refreshed
 * every 10 seconds.
 */
export function driverView(courier: Courier, now: number): Driver {
  const refreshedAt = Math.max(courier.way.from.at, Math.floor(now / REFRESH_MS) * REFRESH_MS);
  return {
    driverId: courier.driverId,
    name: courier.name,
    phone: courier.phone,
    plateNumber: `**${courier.plateNumber.slice(2, -1)}*`,
    photo: '',
    coordinates: { ...formatPoint(positionOf(courier, refreshedAt)), updatedAt: formatTime(refreshedAt) },
  };
}
