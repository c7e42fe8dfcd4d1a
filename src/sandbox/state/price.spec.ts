import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MARKET_CODES, marketFacts, type MarketFacts } from './market-facts.js';
import { parseAmount } from './money.js';
import { priceBreakdown, priceOf, type PricedRoute } from './price.js';
import { serviceOf, type Service } from './service-catalog.js';

function factsOf(code: string): MarketFacts {
  const facts = marketFacts(code);
  if (!facts) throw new TypeError(`no market ${code}`);
  return facts;
}

function offered(market: MarketFacts, key: string): Service {
  const service = serviceOf(market.cities[0].services, key);
  if (!service) throw new TypeError(`${market.country} has no ${key}`);
  return service;
}

/** Every service of every market. */
const offers = MARKET_CODES.map(factsOf).flatMap((market) =>
  market.cities[0].services.map(({ key }) => ({ market, service: offered(market, key) })),
);
const routes: fc.Arbitrary<PricedRoute> = fc
  .record({
    offer: fc.constantFrom(...offers),
    metres: fc.nat({ max: 200_000 }),
    stops: fc.integer({ min: 2, max: 16 }),
    specialRequests: fc.nat({ max: 5 }),
    priorityFee: fc.option(fc.nat({ max: 100_000 }), { nil: undefined }),
  })
  .map(({ offer, ...route }) => ({ ...offer, ...route }));
const HK: PricedRoute = {
  market: factsOf('HK'),
  service: offered(factsOf('HK'), 'MOTORCYCLE'),
  metres: 5000,
  stops: 2,
  specialRequests: 0,
};

describe('a price', () => {
  it('is the sum of its items in whole units, and the priority fee', () => {
    fc.assert(
      fc.property(routes, (route) => {
        const { items, route: sum, priorityFee, total } = priceOf(route);
        const amounts = Object.values(items);
        expect(amounts.every((units) => Number.isSafeInteger(units) && units >= 0)).toBe(true);
        expect(sum).toBe(amounts.reduce((all, units) => all + units, 0));
        expect(sum).toBeGreaterThan(0);
        expect([priorityFee, total]).toEqual([route.priorityFee, sum + (route.priorityFee ?? 0)]);
      }),
    );
  });

  it('never falls as the distance grows', () => {
    fc.assert(
      fc.property(routes, fc.nat({ max: 50_000 }), (route, further) => {
        expect(priceOf({ ...route, metres: route.metres + further }).total).toBeGreaterThanOrEqual(
          priceOf(route).total,
        );
      }),
    );
  });

  it.each(['stops', 'specialRequests'] as const)('grows with each of its %s', (what) => {
    fc.assert(
      fc.property(routes, (route) => {
        expect(priceOf({ ...route, [what]: route[what] + 1 }).total).toBeGreaterThan(priceOf(route).total);
      }),
    );
  });

  it.each([
    [0, '45'],
    [5000, '45'],
    [5083, '45'],
    [5084, '46'],
    [6000, '51'],
  ])('of %d m has the first 5 km in its base', (metres, total) => {
    expect(priceBreakdown(priceOf({ ...HK, metres }), HK.market).total).toBe(total);
  });

  it('has its market’s VAT on everything except the priority fee', () => {
    const market = factsOf('BR');
    const route = { market, service: offered(market, 'LALAGO'), metres: 5000, stops: 2, specialRequests: 0 };
    expect(priceOf({ ...route, priorityFee: 1000 })).toMatchObject({
      items: { base: 950, vat: 190 },
      route: 1140,
      total: 2140,
    });
  });
});

describe('a price breakdown', () => {
  it('adds up after formatting, in the currency and the decimals of its market', () => {
    fc.assert(
      fc.property(routes, (route) => {
        const { market } = route;
        const {
          currency,
          total,
          totalExcludePriorityFee = '',
          priorityFee = '0',
          ...items
        } = priceBreakdown(priceOf(route), market);
        const units = (text = ''): number => parseAmount(text, market) ?? Number.NaN;
        const sum = Object.values(items).reduce((all, text) => all + units(text), 0);
        expect(currency).toBe(market.currency);
        expect(units(totalExcludePriorityFee)).toBe(sum);
        expect(units(total)).toBe(sum + units(priorityFee));
        for (const text of [total, ...Object.values(items)]) {
          expect(text).toMatch(market.decimals === 0 ? /^\d+$/ : new RegExp(`^\\d+\\.\\d{${market.decimals}}$`));
        }
      }),
    );
  });

  it('lists the items charged, and no zero items', () => {
    const names = (more: Partial<PricedRoute>): string[] =>
      Object.keys(priceBreakdown(priceOf({ ...HK, ...more }), HK.market));
    const totals = ['totalExcludePriorityFee', 'total', 'currency'];
    expect(names({})).toEqual(['base', ...totals]);
    expect(names({ metres: 6000, stops: 3, specialRequests: 1, priorityFee: 20 })).toEqual([
      'base',
      'extraMileage',
      'multiStopSurcharge',
      'specialRequests',
      'priorityFee',
      ...totals,
    ]);
  });

  it('has the price before optimisation only if there was one', () => {
    const price = priceOf(HK);
    const before = priceOf({ ...HK, metres: 10_000, priorityFee: 5 });
    expect(priceBreakdown(price, HK.market)).not.toHaveProperty('totalBeforeOptimization');
    expect(priceBreakdown(price, HK.market, before)).toMatchObject({ totalBeforeOptimization: '75', total: '45' });
  });
});
