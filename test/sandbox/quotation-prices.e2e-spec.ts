import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Quotation } from 'nestjs-lalamove';
import { QuotationScene } from './quotation-scene.js';
import { HONG_KONG, north, east, stops } from './quotation-stops.js';

describe('a quotation of the sandbox', () => {
  const scene = new QuotationScene();

  beforeAll(() => scene.start());

  afterAll(() => scene.close());

  const total = async (more: object, market?: string): Promise<number> =>
    Number((await scene.quote(more, market)).priceBreakdown.total);

  describe('costs', () => {
    it('the base price up to 5 km, and more with every further km', async () => {
      // Streets are longer than a straight line.
      const of = (km: number): Promise<number> =>
        total({ stops: [north(HONG_KONG, 0), north(HONG_KONG, (km * 1000) / 1.4)] });
      const prices = [await of(0), await of(4.9), await of(6), await of(7), await of(20)];
      expect(prices).toEqual([45, 45, 51, 57, 135]);
    });

    it('more with every stop, at any distance', async () => {
      const prices: number[] = [];
      for (const count of [2, 3, 4, 16]) {
        prices.push(await total({ stops: [east(0), ...Array<object>(count - 1).fill(east(1))] }));
      }
      expect(prices).toEqual([...new Set(prices)].sort((a, b) => a - b));
    });

    it('more with every special request', async () => {
      const prices = [
        await total({ specialRequests: [] }),
        await total({ specialRequests: ['CASH_ON_DELIVERY'] }),
        await total({ specialRequests: ['CASH_ON_DELIVERY', 'THERMAL_BAG_1'] }),
      ];
      expect(prices).toEqual([...new Set(prices)].sort((a, b) => a - b));
    });

    it('more in a larger vehicle', async () => {
      const prices: number[] = [];
      for (const serviceType of ['WALKER', 'MOTORCYCLE', 'VAN', 'TRUCK330', 'TRUCK550']) {
        prices.push(await total({ serviceType }));
      }
      expect(prices).toEqual([...new Set(prices)].sort((a, b) => a - b));
    });
  });

  describe('optimises a route', () => {
    const addresses = ({ stops: route }: Quotation): string[] => route.map(({ address }) => address);
    const prices = ({ priceBreakdown }: Quotation): number[] =>
      [priceBreakdown.totalBeforeOptimization, priceBreakdown.total].map(Number);

    it('only if asked to', async () => {
      const route = [east(0), east(30), east(10), east(20)];
      const asGiven = await scene.quote({ stops: route });
      const optimised = await scene.quote({ stops: route, isRouteOptimized: true });
      expect([asGiven.isRouteOptimized, optimised.isRouteOptimized]).toEqual([false, true]);
      expect(addresses(asGiven)).toEqual(['0', '30', '10', '20'].map((steps) => `${steps} steps east`));
      expect(addresses(optimised)).toEqual(['0', '10', '20', '30'].map((steps) => `${steps} steps east`));
    });

    it('and returns the price before it', async () => {
      const route = [east(0), east(30), east(10), east(20)];
      const [before, same] = prices(await scene.quote({ stops: route }));
      const [returned, lower] = prices(await scene.quote({ stops: route, isRouteOptimized: true }));
      expect([same, returned]).toEqual([before, before]);
      expect(lower).toBeLessThan(Number(before));
    });

    it('at the same price, if nothing is gained', async () => {
      const [before, after] = prices(await scene.quote({ stops: stops(5), isRouteOptimized: true }));
      expect(after).toBe(before);
    });

    it('never to a higher price, also if the next stop is not the nearest', async () => {
      const route = [east(0), east(-11), east(10), east(30)];
      const [before, after] = prices(await scene.quote({ stops: route, isRouteOptimized: true }));
      expect(after).toBeLessThanOrEqual(Number(before));
    });

    it('and keeps the id of each stop', async () => {
      const given = await scene.quote({ stops: [east(0), east(20), east(10)], isRouteOptimized: true });
      const [first, second, third] = given.stops.map(({ stopId }) => stopId);
      expect([first, third, second]).toEqual([first, second, third].sort());
    });
  });
});
