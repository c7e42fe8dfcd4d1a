import { beforeEach, describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { LATE, RateLimiterScene, RecordingStore } from '../../../test/client/rate-limit/rate-limiter-scene.js';
import { ENDPOINTS, type LalamoveOperation } from '../../api/endpoints.js';
import { InMemoryRateLimitStore, type LalamoveRateLimitStore } from './rate-limit.store.js';

/** The budgets of Lalamove's guide; calls that it does not name have the budget of the other writing calls. */
const BUDGETS: Readonly<Record<LalamoveOperation, readonly [sandbox: number, production: number]>> = {
  createQuotation: [30, 100],
  getQuotation: [50, 300],
  placeOrder: [30, 100],
  getOrder: [50, 300],
  editOrder: [30, 100],
  cancelOrder: [30, 100],
  addPriorityFee: [30, 100],
  getDriver: [50, 300],
  changeDriver: [30, 100],
  getCities: [50, 300],
  setWebhookUrl: [30, 100],
};
const isOperation = (name: string): name is LalamoveOperation => Object.hasOwn(ENDPOINTS, name);
const OPERATIONS = Object.keys(ENDPOINTS).filter(isOperation);

describe('RateLimiter', () => {
  let scene: RateLimiterScene;

  beforeEach(() => {
    scene = new RateLimiterScene();
  });

  describe('gives slots', () => {
    it('at once, and reports a wait of 0', () => {
      scene.take('getOrder');
      expect(scene.ends).toEqual(['waited 0, at 0', 'done at 0']);
      expect(scene.clock.waiting).toBe(0);
    });

    it('after a wait, and reports the wait', () => {
      scene.fill('getOrder');
      scene.take('getOrder', 'a');
      scene.take('getOrder', 'b');
      expect(scene.clock.waiting).toBe(1);
      scene.clock.advance(LATE);
      expect(scene.ends).toEqual([
        'a waited 1200, at 1200',
        'a done at 1200',
        'b waited 2400, at 2400',
        'b done at 2400',
      ]);
      expect(scene.clock.waiting).toBe(0);
    });

    it.each(OPERATIONS)('of %s, at once up to 95 % of its budget, and then at its rate', (operation) => {
      for (const [budgets, perMinute] of [
        ['sandbox', BUDGETS[operation][0]],
        ['production', BUDGETS[operation][1]],
      ] as const) {
        scene = new RateLimiterScene({ budgets });
        const [minute, ...others] = scene.limitsOf(operation);
        expect(minute).toMatchObject({ intervalMs: 60_000 / perMinute, burst: Math.floor(perMinute * 0.95) });
        expect(others.map(({ intervalMs, burst }) => [Math.round(intervalMs), burst])).toEqual(
          operation === 'placeOrder' ? [[550, 1]] : [],
        );
      }
    });

    it('of each operation and of each key separately', () => {
      scene.fill('getOrder');
      scene.take('getDriver', 'another call');
      scene.take('getOrder', 'another key', { key: 'pk_test_other' });
      scene.take('getOrder', 'same');
      expect(scene.ends.filter((end) => end.includes('done'))).toEqual([
        'another call done at 0',
        'another key done at 0',
      ]);
    });

    it('under names that do not contain the key', () => {
      const names = [...scene.limitsOf('placeOrder'), ...scene.limitsOf('placeOrder', 'pk_test_other')].map(
        ({ key }) => key,
      );
      expect(new Set(names).size).toBe(4);
      for (const name of names) expect(name).toMatch(/^[\w-]{16}:placeOrder(:second)?$/);
      expect(names.join(' ')).not.toContain('pk_test');
    });

    it('by budgets of the host, and with its interval between orders', () => {
      scene = new RateLimiterScene({ perMinute: { getOrder: 75, placeOrder: 0.5 }, ordersPerSecond: 0.5 });
      expect(scene.limitsOf('getOrder')).toMatchObject([{ intervalMs: 800, burst: 71 }]);
      expect(scene.limitsOf('getDriver')).toMatchObject([{ intervalMs: 1200, burst: 47 }]);
      expect(scene.limitsOf('placeOrder')).toMatchObject([{ intervalMs: 120_000, burst: 1 }, { burst: 1 }]);
      expect(scene.limitsOf('placeOrder')[1]?.intervalMs).toBeCloseTo(2200);
    });

    it('by its share of the budgets, if several processes count for themselves', () => {
      scene = new RateLimiterScene({ processes: 4, perMinute: { getCities: 2 } });
      expect(scene.limitsOf('getOrder')).toMatchObject([{ intervalMs: 4800, burst: 11 }]);
      expect(scene.limitsOf('getCities')).toMatchObject([{ intervalMs: 120_000, burst: 1 }]);
      expect(scene.limitsOf('placeOrder')).toMatchObject([{ intervalMs: 8000, burst: 7 }, { burst: 1 }]);
      expect(scene.limitsOf('placeOrder')[1]?.intervalMs).toBeCloseTo(2200);
      scene.answer('getOrder', 200, { 'ratelimit-limit': '300' });
      expect(scene.limitsOf('getOrder')).toMatchObject([{ intervalMs: 800, burst: 71 }]);
    });

    it('by the whole budgets in a store that counts for several processes', () => {
      const near = new RecordingStore();
      const store: LalamoveRateLimitStore = {
        take: (...asked) => near.take(...asked),
        raise: (limit, emptyAt) => {
          near.raise(limit, emptyAt);
        },
      };
      scene = new RateLimiterScene({ processes: 4, store }, near);
      expect(scene.limitsOf('getOrder')).toMatchObject([{ intervalMs: 1200, burst: 47 }]);
    });

    it('in this process by default', () => {
      scene = new RateLimiterScene({ store: undefined });
      expect(scene.fill('createQuotation')).toBe(28);
      expect(scene.store.asked).toEqual([]);
    });
  });

  describe('rejects', () => {
    it('at once a call that would wait beyond its deadline, with the wait', () => {
      expect(scene.fill('createQuotation')).toBe(28);
      scene.take('createQuotation', 'a', { withinMs: 5000 });
      scene.take('createQuotation', 'b', { withinMs: 5000 });
      scene.take('createQuotation', 'c', { withinMs: 5000 });
      expect(scene.ends).toEqual(['c away for 6000 at 0']);
    });

    it('by the longer of two waits', () => {
      scene.take('placeOrder', 'first');
      scene.take('placeOrder', 'a', { withinMs: 551 });
      scene.take('placeOrder', 'b', { withinMs: 551 });
      expect(scene.ends.at(-1)).toBe('b away for 1100 at 0');
      scene.clock.advance(550);
      expect(scene.ends.at(-1)).toBe('a done at 550');
    });
  });

  describe('obeys a signal', () => {
    it('that fired before the call, and takes no slot', () => {
      scene.take('getOrder', 'a', { signal: AbortSignal.abort() });
      expect(scene.ends).toEqual(['a given up at 0']);
      expect(scene.store.asked).toEqual([]);
    });

    it('that fires while the call waits: at once, and the next one gets its place', () => {
      scene.fill('getOrder');
      const controller = new AbortController();
      scene.take('getOrder', 'a', { signal: controller.signal });
      scene.take('getOrder', 'b');
      scene.clock.advance(1000);
      controller.abort();
      expect(scene.ends).toEqual(['a given up at 1000']);
      scene.clock.advance(LATE);
      expect(scene.ends.slice(1)).toEqual(['b waited 1200, at 1200', 'b done at 1200']);
    });

    it('and leaves no timer if no other call waits', () => {
      scene.fill('getOrder');
      const controller = new AbortController();
      scene.take('getOrder', 'a', { signal: controller.signal });
      expect(scene.clock.waiting).toBe(1);
      controller.abort();
      expect(scene.clock.waiting).toBe(0);
    });

    it('of many calls, with a listener for each only while it waits', () => {
      scene.fill('getOrder');
      const { signal } = new AbortController();
      for (let count = 0; count < 30; count += 1) scene.take('getOrder', count, { signal });
      expect(getEventListeners(signal, 'abort')).toHaveLength(30);
      scene.clock.advance(LATE);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      scene.fill('getOrder');
      scene.take('getOrder', 'away', { signal, withinMs: 1 });
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });

    it('and an unsubscription', () => {
      scene.fill('getOrder');
      const waiting = scene.take('getOrder', 'a');
      scene.take('getOrder', 'b');
      waiting.unsubscribe();
      scene.clock.advance(LATE);
      expect(scene.ends).toEqual(['b waited 1200, at 1200', 'b done at 1200']);
      expect(scene.clock.waiting).toBe(0);
    });
  });

  describe('with a store that cannot be corrected', () => {
    const FAILURE = new Error('no connection');

    it.each<[string, LalamoveRateLimitStore['raise']]>([
      [
        'throws',
        () => {
          throw FAILURE;
        },
      ],
      ['rejects', () => Promise.reject(FAILURE)],
    ])('because it %s, reports the failure and continues', async (_, raise) => {
      const near = new InMemoryRateLimitStore();
      scene = new RateLimiterScene({ store: { take: (...asked) => near.take(...asked), raise } });
      scene.answer('getOrder', 200, { 'ratelimit-limit': '50', 'ratelimit-remaining': '0' });
      scene.answer('getOrder', 429, { 'retry-after': '5' });
      await new Promise(setImmediate);
      expect(scene.failures).toEqual([FAILURE, FAILURE]);
      scene.take('getOrder', 'a');
      expect(scene.ends.at(-1)).toBe('a done at 0');
    });
  });

  describe('holds at most 10 000 limits', () => {
    /** Takes a slot of each of 10 000 other keys. */
    const othersCome = (): void => {
      for (let index = 0; index < 10_000; index += 1) scene.take('getCities', '', { key: `pk_test_${index}` });
      scene.ends.length = 0;
    };

    it('and drops the least recently used one', () => {
      scene.answer('getOrder', 200, { 'ratelimit-limit': '120' });
      scene.answer('getDriver', 200, { 'ratelimit-limit': '120' });
      for (let index = 0; index < 9998; index += 1) scene.take('getCities', '', { key: `pk_test_${index}` });
      expect(scene.limitsOf('getOrder')).toMatchObject([{ intervalMs: 500 }]);
      scene.take('getCities', '', { key: 'pk_test_one_more' });
      expect(scene.limitsOf('getOrder')).toMatchObject([{ intervalMs: 500 }]);
      expect(scene.limitsOf('getDriver')).toMatchObject([{ intervalMs: 1200 }]);
    });

    it('but never drops one with waiting calls', () => {
      // A store with a higher capacity than the one in scene.limiter.
      scene = new RateLimiterScene({}, new RecordingStore(20_000));
      scene.fill('getOrder');
      scene.take('getOrder', 'waits');
      othersCome();
      scene.take('getOrder', 'later');
      expect(scene.clock.waiting).toBe(1);
      scene.clock.advance(LATE);
      expect(scene.ends.filter((end) => end.includes('done'))).toEqual(['waits done at 1200', 'later done at 2400']);
    });
  });
});
