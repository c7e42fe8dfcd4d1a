import { createHash } from 'node:crypto';
import type { Coordinates } from '../../api/answers/quotation.js';
import type { CityFacts, MarketFacts } from './market-facts.js';

const EARTH_RADIUS_M = 6_371_000;

/** Streets are about this many times longer than great circles. */
const DETOUR = 1.4;

/** A place in degrees. */
export interface Point {
  readonly lat: number;
  readonly lng: number;
}

/** Parses coordinates that are strings. */
export function parsePoint({ lat, lng }: Coordinates): Point {
  return { lat: Number(lat), lng: Number(lng) };
}

/** Formats coordinates as Lalamove does, with a precision of one centimetre. */
export function formatPoint({ lat, lng }: Point): Coordinates {
  return { lat: lat.toFixed(7), lng: lng.toFixed(7) };
}

/**
 * The coordinates of an address that was sent without any. They depend only on the address, and lie within about 10 km
 * of the centre of a city.
 */
export function locate(address: string, { cities }: MarketFacts): Coordinates {
  const { lat, lng } = cities.find(isKnown) ?? cities[0];
  const digest = createHash('sha256').update(address).digest();
  const offset = (index: number): number => (digest.readUInt16BE(index) / 65_535 - 0.5) * 0.18;
  return formatPoint({ lat: lat + offset(0), lng: lng + offset(2) });
}

/** The city that serves a place. */
export function cityOf(place: Coordinates, { cities }: MarketFacts): CityFacts | undefined {
  const near = cities.filter((city) => metresBetween(parsePoint(place), city) <= city.radiusKm * 1000);
  return near.find(isKnown) ?? near[0];
}

function isKnown({ radiusKm }: CityFacts): boolean {
  return Number.isFinite(radiusKm);
}

/** The length of a route along streets, in whole metres. */
export function routeLength(places: readonly Coordinates[]): number {
  const points = places.map(parsePoint);
  const legs = points.slice(1).map((point, index) => metresBetween(points[index] ?? point, point));
  return Math.round(legs.reduce((sum, leg) => sum + leg, 0) * DETOUR);
}

/** Reorders the drop-offs if that makes the route shorter. The pick-up stays first. */
export function optimised<T extends { coordinates: Coordinates }>(stops: readonly T[]): T[] {
  const length = (route: readonly T[]): number => routeLength(route.map(({ coordinates }) => coordinates));
  const nearest = nearestFirst(stops);
  return length(nearest) < length(stops) ? nearest : [...stops];
}

/** Reorders the drop-offs so that each is the nearest to the stop before it. */
function nearestFirst<T extends { coordinates: Coordinates }>([pickUp, ...dropOffs]: readonly T[]): T[] {
  if (!pickUp) return [];
  const route = [pickUp];
  let [here, left] = [pickUp, dropOffs];
  while (left.length > 0) {
    const from = parsePoint(here.coordinates);
    const distance = ({ coordinates }: T): number => metresBetween(from, parsePoint(coordinates));
    const nearest = left.reduce((best, stop) => (distance(stop) < distance(best) ? stop : best));
    route.push(nearest);
    [here, left] = [nearest, left.filter((stop) => stop !== nearest)];
  }
  return route;
}

/** The place on the straight line between two places; `fraction` 0 is the first. */
export function interpolate(from: Point, to: Point, fraction: number): Point {
  return { lat: from.lat + (to.lat - from.lat) * fraction, lng: from.lng + (to.lng - from.lng) * fraction };
}

/** The great-circle distance in metres. */
export function metresBetween(from: Point, to: Point): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const half = (a: number, b: number): number => Math.sin(radians(b - a) / 2) ** 2;
  const chord =
    half(from.lat, to.lat) + Math.cos(radians(from.lat)) * Math.cos(radians(to.lat)) * half(from.lng, to.lng);
  return 2 * EARTH_RADIUS_M * Math.asin(Math.sqrt(chord));
}
