import type { City } from '../../api/answers/city.js';
import { checkCities } from './check-cities.js';
import { marketFacts, type CityFacts, type MarketFacts } from './market-facts.js';

/**
 * The facts of the markets in the option `cities`, which has the form of the answer to `GET /v3/cities`. A city that
 * the sandbox knows keeps its area. An unknown city serves every place that no other city serves.
 *
 * @throws RangeError that says what is wrong in the list, and where
 */
export function suppliedMarkets(cities: unknown): ReadonlyMap<string, MarketFacts> {
  const byMarket = new Map<string, City[]>();
  for (const city of checkCities(cities)) {
    const market = city.locode.slice(0, 2);
    byMarket.set(market, [...(byMarket.get(market) ?? []), structuredClone(city)]);
  }
  const supplied = [...byMarket].flatMap(([market, [first, ...others]]): [string, MarketFacts][] => {
    const facts = marketFacts(market);
    if (!facts || !first) return [];
    return [[market, { ...facts, cities: [factsOf(first, facts), ...others.map((city) => factsOf(city, facts))] }]];
  });
  return new Map(supplied);
}

function factsOf({ locode, name, services }: City, { cities }: MarketFacts): CityFacts {
  const [{ lat, lng }] = cities;
  const known = cities.find((city) => city.locode === locode) ?? { lat, lng, radiusKm: Number.POSITIVE_INFINITY };
  return { lat: known.lat, lng: known.lng, radiusKm: known.radiusKm, locode, name, services };
}
