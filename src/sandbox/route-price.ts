import { createHash } from 'node:crypto';
import type { Coordinates, PriceBreakdown } from '../dto/quotation.js';
import type { MarketFacts } from './market-facts.js';

const EARTH_RADIUS_M = 6_371_000;

/** Where an address lies that came without coordinates: always the same place, within some 10 km of the city's centre. */
export function locate(address: string, { lat, lng }: MarketFacts): Coordinates {
  const digest = createHash('sha256').update(address).digest();
  const offset = (index: number): number => (digest.readUInt16BE(index) / 65_535 - 0.5) * 0.18;
  return { lat: (lat + offset(0)).toFixed(7), lng: (lng + offset(2)).toFixed(7) };
}

/** The length of a route along great circles, in whole metres. */
export function routeLength(stops: readonly { coordinates: Coordinates }[]): number {
  const legs = stops
    .slice(1)
    .map((stop, index) => legLength(stops[index]?.coordinates ?? stop.coordinates, stop.coordinates));
  return Math.round(legs.reduce((sum, leg) => sum + leg, 0));
}

/** What a route costs: a base of 5 km, each further metre, and a surcharge a drop-off after the first. */
export function routePrice(
  metres: number,
  stops: number,
  priorityFee: string | undefined,
  market: MarketFacts,
): PriceBreakdown {
  const amount = (value: number): number => Math.round(value * 10 ** market.decimals);
  const written = (units: number): string => (units / 10 ** market.decimals).toFixed(market.decimals);
  const base = amount(market.perKm * 5);
  const extraMileage = amount((market.perKm * metres) / 1000);
  const multiStopSurcharge = amount(market.perKm * 2) * Math.max(0, stops - 2);
  const route = base + extraMileage + multiStopSurcharge;
  const fee = priorityFee === undefined ? 0 : amount(Number(priorityFee));
  return {
    base: written(base),
    extraMileage: written(extraMileage),
    ...(multiStopSurcharge > 0 && { multiStopSurcharge: written(multiStopSurcharge) }),
    ...(priorityFee !== undefined && { priorityFee: written(fee) }),
    totalExcludePriorityFee: written(route),
    total: written(route + fee),
    currency: market.currency,
  };
}

function legLength(from: Coordinates, to: Coordinates): number {
  const radians = (degrees: string): number => (Number(degrees) * Math.PI) / 180;
  const [lat1, lat2] = [radians(from.lat), radians(to.lat)];
  const half = (a: number, b: number): number => Math.sin((b - a) / 2) ** 2;
  const chord = half(lat1, lat2) + Math.cos(lat1) * Math.cos(lat2) * half(radians(from.lng), radians(to.lng));
  return 2 * EARTH_RADIUS_M * Math.asin(Math.sqrt(chord));
}
