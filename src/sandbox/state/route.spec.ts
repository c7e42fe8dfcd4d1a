import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MARKET_CODES, marketFacts, type MarketFacts } from './market-facts.js';
import {
  interpolate,
  cityOf,
  locate,
  metresBetween,
  optimised,
  parsePoint,
  routeLength,
  formatPoint,
  type Point,
} from './route.js';

const METRES_PER_DEGREE = (Math.PI * 6_371_000) / 180;

const points: fc.Arbitrary<Point> = fc.record({
  lat: fc.double({ min: -90, max: 90, noNaN: true }),
  lng: fc.double({ min: -180, max: 180, noNaN: true }),
});
/** Stops within the size of a city, on a grid, so that some have the same place. */
const grid = fc.record({
  lat: fc.integer({ min: 0, max: 20 }).map((step) => 22.3 + step / 100),
  lng: fc.integer({ min: 0, max: 20 }).map((step) => 114.1 + step / 100),
});
const routes = fc.array(grid, { minLength: 2, maxLength: 16 });
const stopsOf = (places: readonly Point[]): { stopId: number; coordinates: ReturnType<typeof formatPoint> }[] =>
  places.map((place, stopId) => ({ stopId, coordinates: formatPoint(place) }));
const lengthOf = (stops: ReturnType<typeof stopsOf>): number =>
  routeLength(stops.map(({ coordinates }) => coordinates));

function factsOf(market: string): MarketFacts {
  const facts = marketFacts(market);
  if (!facts) throw new TypeError(`no market ${market}`);
  return facts;
}

describe('the distance between two places', () => {
  it('is the same both ways, zero from a place to itself, and never more than half the globe', () => {
    fc.assert(
      fc.property(points, points, (a, b) => {
        const metres = metresBetween(a, b);
        expect(metres).toBeCloseTo(metresBetween(b, a), 3);
        expect(metres).toBeGreaterThanOrEqual(0);
        expect(metres).toBeLessThanOrEqual(Math.PI * 6_371_000);
        expect(metresBetween(a, a)).toBe(0);
      }),
    );
  });

  it('is as on a map', () => {
    const [peak, airport] = [
      { lat: 22.2759, lng: 114.1455 },
      { lat: 22.308, lng: 113.9185 },
    ];
    expect(metresBetween({ lat: 0, lng: 0 }, { lat: 1, lng: 0 })).toBeCloseTo(METRES_PER_DEGREE, 3);
    expect(Math.round(metresBetween(peak, airport) / 100)).toBe(236);
  });
});

describe('the length of a route', () => {
  it('is zero for a single place, and the sum of its parts', () => {
    fc.assert(
      fc.property(routes, fc.nat(), (places, cut) => {
        const all = places.map(formatPoint);
        const at = cut % all.length;
        const parts = routeLength(all.slice(0, at + 1)) + routeLength(all.slice(at));
        expect(routeLength(all.slice(0, 1))).toBe(0);
        // Each part is rounded to a metre.
        expect(Math.abs(routeLength(all) - parts)).toBeLessThanOrEqual(1.5);
      }),
    );
  });
});

describe('an optimised route', () => {
  it('has every stop of the given one once, and the same pick-up', () => {
    fc.assert(
      fc.property(routes, (places) => {
        const given = stopsOf(places);
        const route = optimised(given);
        expect(route[0]).toBe(given[0]);
        expect(new Set(route)).toEqual(new Set(given));
        expect(route).toHaveLength(given.length);
      }),
    );
  });

  it('is never longer than the given one', () => {
    fc.assert(
      fc.property(routes, (places) => {
        const given = stopsOf(places);
        expect(lengthOf(optimised(given))).toBeLessThanOrEqual(lengthOf(given));
      }),
    );
    // The route to the nearest stop each time passes the one in the west, and has to go back to it.
    const given = stopsOf([0, -0.11, 0.1, 0.3].map((east) => ({ lat: 22.3, lng: 114.1 + east })));
    expect(lengthOf(optimised(given))).toBeLessThanOrEqual(lengthOf(given));
  });

  it('goes to the near stop before the far one', () => {
    const given = stopsOf([0, 0.3, 0.2, 0.1].map((east) => ({ lat: 22.3, lng: 114 + east })));
    expect(optimised(given).map(({ stopId }) => stopId)).toEqual([0, 3, 2, 1]);
  });

  it('does not change its argument, and is empty for no stops', () => {
    const given = stopsOf([
      { lat: 22.3, lng: 114 },
      { lat: 22.3, lng: 114.2 },
      { lat: 22.3, lng: 114.1 },
    ]);
    const before = [...given];
    optimised(given);
    expect(given).toEqual(before);
    expect(optimised([])).toEqual([]);
  });
});

describe('an interpolated place', () => {
  it('starts at the first place, ends at the second, and comes nearer all the time', () => {
    const [from, to] = [
      { lat: 22.3, lng: 114.1 },
      { lat: 22.4, lng: 114.3 },
    ];
    expect(interpolate(from, to, 0)).toEqual(from);
    expect(metresBetween(interpolate(from, to, 1), to)).toBeCloseTo(0, 6);
    const left = [0, 0.25, 0.5, 0.75, 1].map((fraction) => metresBetween(interpolate(from, to, fraction), to));
    expect(left).toEqual([...left].sort((a, b) => b - a));
  });

  it('is formatted to a centimetre', () => {
    fc.assert(
      fc.property(points, (point) => {
        const { lat, lng } = formatPoint(point);
        for (const text of [lat, lng]) expect(text).toMatch(/^-?\d{1,3}\.\d{7}$/);
        expect(Math.abs(parsePoint({ lat, lng }).lat - point.lat)).toBeLessThanOrEqual(5.1e-8);
        expect(Math.abs(parsePoint({ lat, lng }).lng - point.lng)).toBeLessThanOrEqual(5.1e-8);
      }),
    );
  });
});

describe.each(MARKET_CODES)('the cities of %s', (market) => {
  const facts = factsOf(market);

  it('serve places within their radius, and none beyond it', () => {
    for (const city of facts.cities) {
      const north = (metres: number): ReturnType<typeof formatPoint> =>
        formatPoint({ lat: city.lat + metres / METRES_PER_DEGREE, lng: city.lng });
      expect(cityOf(north(0), facts)).toBe(city);
      expect(cityOf(north(city.radiusKm * 1000 - 1), facts)).toBe(city);
      expect(cityOf(north(city.radiusKm * 1000 + 1), facts)).not.toBe(city);
    }
  });

  it('share no place, so that each place has one city', () => {
    for (const city of facts.cities) {
      for (const other of facts.cities) {
        const apart = metresBetween(city, other);
        if (city !== other) expect(apart).toBeGreaterThan((city.radiusKm + other.radiusKm) * 1000);
      }
    }
  });

  it('contain every address without coordinates, always at the same place', () => {
    fc.assert(
      fc.property(fc.string(), (address) => {
        const place = locate(address, facts);
        expect(cityOf(place, facts)).toBe(facts.cities[0]);
        expect(locate(address, facts)).toEqual(place);
      }),
    );
    expect(locate('First street', facts)).not.toEqual(locate('Second street', facts));
  });
});
