import { beforeEach, describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import type { Subscription } from 'rxjs';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { OPERATION_TABLE, type LalamoveOperation } from '../../api/operation-table.js';
import type { RateLimit } from './leaky-bucket.js';
import { InMemoryRateLimitStore, type LalamoveRateLimitStore } from './rate-limit.store.js';
import { NoSlot, RateLimiter, type RateLimitOptions } from './rate-limiter.js';

const START = Date.parse('2026-11-22T08:00:00Z');
const KEY = 'pk_test_public';
const LATE = 3_600_000;
const DATE = new Date(START).toUTCString();

/** The budgets of Lalamove's guide (`lalamove-api.md` §2); where it names none, those of its other writing calls. */
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
const isOperation = (name: string): name is LalamoveOperation => Object.hasOwn(OPERATION_TABLE, name);
const OPERATIONS = Object.keys(OPERATION_TABLE).filter(isOperation);

/** A store that notes what it is asked. */
class NotingStore extends InMemoryRateLimitStore {
  readonly asked: (readonly RateLimit[])[] = [];
  readonly raised: [key: string, afterMs: number][] = [];

  override take(limits: readonly RateLimit[], now: number, ahead: number): number {
    this.asked.push(limits);
    return super.take(limits, now, ahead);
  }

  override raise(limit: RateLimit, emptyAt: number): void {
    this.raised.push([limit.key, emptyAt - START]);
    super.raise(limit, emptyAt);
  }
}

/** What a call asks for beside its name. */
interface Asked {
  readonly key?: string;
  readonly withinMs?: number;
  readonly signal?: AbortSignal;
}

describe('RateLimiter', () => {
  let clock: ManualClock;
  let store: NotingStore;
  let limiter: RateLimiter;
  let ends: string[];
  let failures: unknown[];

  beforeEach(() => {
    open();
  });

  function open(options: Partial<RateLimitOptions> = {}): void {
    clock = new ManualClock(START);
    store = new NotingStore();
    [ends, failures] = [[], []];
    limiter = new RateLimiter({ budgets: 'sandbox', store, ...options }, clock, (error) => failures.push(error));
  }

  /** Asks for a slot; notes what came of it, and after how many ms. */
  function take(operation: LalamoveOperation, name: string | number = '', asked: Asked = {}): Subscription {
    const { key = KEY, withinMs = LATE, signal } = asked;
    const at = (what: string): number => ends.push(`${name} ${what} at ${clock.now() - START}`.trim());
    return limiter.take(key, operation, clock.now() + withinMs, signal).subscribe({
      next: (waited) => at(`waited ${waited},`),
      complete: () => at('done'),
      error: (error: unknown) => {
        if (error instanceof NoSlot) at(error.waitMs === undefined ? 'given up' : `away for ${error.waitMs}`);
        else at(String(error));
      },
    });
  }

  /** Takes slots until there are none. */
  function fill(operation: LalamoveOperation): number {
    const before = ends.length;
    for (let count = 0; count < 1000 && !ends.at(-1)?.startsWith('fill away'); count += 1) {
      take(operation, 'fill', { withinMs: 1 });
    }
    const filled = ends.slice(before).filter((end) => end.startsWith('fill done')).length;
    ends.length = before;
    return filled;
  }

  const answer = (
    operation: LalamoveOperation,
    status: number,
    headers: Record<string, string>,
    sentAt = clock.now(),
  ): void => {
    limiter.observe(KEY, operation, { status, headers: { date: DATE, ...headers } }, sentAt);
  };

  /** The limits that the next call of the kind is held to. */
  const limitsOf = (operation: LalamoveOperation, key = KEY): readonly RateLimit[] => {
    take(operation, 'asked', { key }).unsubscribe();
    return store.asked.at(-1) ?? [];
  };

  describe('gives slots', () => {
    it('at once, and says that nobody waited', () => {
      take('getOrder');
      expect(ends).toEqual(['waited 0, at 0', 'done at 0']);
      expect(clock.waiting).toBe(0);
    });

    it('after a while, and says how long it was', () => {
      fill('getOrder');
      take('getOrder', 'a');
      take('getOrder', 'b');
      expect(clock.waiting).toBe(1);
      clock.advance(LATE);
      expect(ends).toEqual(['a waited 1200, at 1200', 'a done at 1200', 'b waited 2400, at 2400', 'b done at 2400']);
      expect(clock.waiting).toBe(0);
    });

    it.each(OPERATIONS)('of %s, for 95 % of its budget at once and then at its rate', (operation) => {
      for (const [budgets, perMinute] of [
        ['sandbox', BUDGETS[operation][0]],
        ['production', BUDGETS[operation][1]],
      ] as const) {
        open({ budgets });
        const [minute, ...others] = limitsOf(operation);
        expect(minute).toMatchObject({ intervalMs: 60_000 / perMinute, burst: Math.floor(perMinute * 0.95) });
        expect(others.map(({ intervalMs, burst }) => [Math.round(intervalMs), burst])).toEqual(
          operation === 'placeOrder' ? [[550, 1]] : [],
        );
      }
    });

    it('of each call and of each key apart', () => {
      fill('getOrder');
      take('getDriver', 'another call');
      take('getOrder', 'another key', { key: 'pk_test_other' });
      take('getOrder', 'same');
      expect(ends.filter((end) => end.includes('done'))).toEqual(['another call done at 0', 'another key done at 0']);
    });

    it('under names that tell no key', () => {
      const names = [...limitsOf('placeOrder'), ...limitsOf('placeOrder', 'pk_test_other')].map(({ key }) => key);
      expect(new Set(names).size).toBe(4);
      for (const name of names) expect(name).toMatch(/^placeOrder:[\w-]{16}(:second)?$/);
      expect(names.join(' ')).not.toContain('pk_test');
    });

    it('by budgets of the host, and orders as far apart as it says', () => {
      open({ perMinute: { getOrder: 75, placeOrder: 0.5 }, ordersPerSecond: 0.5 });
      expect(limitsOf('getOrder')).toMatchObject([{ intervalMs: 800, burst: 71 }]);
      expect(limitsOf('getDriver')).toMatchObject([{ intervalMs: 1200, burst: 47 }]);
      expect(limitsOf('placeOrder')).toMatchObject([{ intervalMs: 120_000, burst: 1 }, { burst: 1 }]);
      expect(limitsOf('placeOrder')[1]?.intervalMs).toBeCloseTo(2200);
    });

    it('in this process, where no store is named', () => {
      limiter = new RateLimiter({ budgets: 'sandbox' }, clock, (error) => failures.push(error));
      expect(fill('createQuotation')).toBe(28);
      expect(store.asked).toEqual([]);
    });
  });

  describe('turns away', () => {
    it('at once whoever would wait beyond its deadline, and tells the wait', () => {
      expect(fill('createQuotation')).toBe(28);
      take('createQuotation', 'a', { withinMs: 5000 });
      take('createQuotation', 'b', { withinMs: 5000 });
      take('createQuotation', 'c', { withinMs: 5000 });
      expect(ends).toEqual(['c away for 6000 at 0']);
    });

    it('by the longer of two waits', () => {
      take('placeOrder', 'first');
      take('placeOrder', 'a', { withinMs: 551 });
      take('placeOrder', 'b', { withinMs: 551 });
      expect(ends.at(-1)).toBe('b away for 1100 at 0');
      clock.advance(550);
      expect(ends.at(-1)).toBe('a done at 550');
    });
  });

  describe('heeds a signal', () => {
    it('that has fired already, and takes no slot', () => {
      take('getOrder', 'a', { signal: AbortSignal.abort() });
      expect(ends).toEqual(['a given up at 0']);
      expect(store.asked).toEqual([]);
    });

    it('that fires while it waits: at once, and the next one gets the place', () => {
      fill('getOrder');
      const controller = new AbortController();
      take('getOrder', 'a', { signal: controller.signal });
      take('getOrder', 'b');
      clock.advance(1000);
      controller.abort();
      expect(ends).toEqual(['a given up at 1000']);
      clock.advance(LATE);
      expect(ends.slice(1)).toEqual(['b waited 1200, at 1200', 'b done at 1200']);
    });

    it('and leaves no timer behind where nobody else waits', () => {
      fill('getOrder');
      const controller = new AbortController();
      take('getOrder', 'a', { signal: controller.signal });
      expect(clock.waiting).toBe(1);
      controller.abort();
      expect(clock.waiting).toBe(0);
    });

    it('as many calls as have it, and none of them any longer than it waits', () => {
      fill('getOrder');
      const { signal } = new AbortController();
      for (let count = 0; count < 30; count += 1) take('getOrder', count, { signal });
      expect(getEventListeners(signal, 'abort')).toHaveLength(30);
      clock.advance(LATE);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      fill('getOrder');
      take('getOrder', 'away', { signal, withinMs: 1 });
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });

    it('or that nobody listens any more', () => {
      fill('getOrder');
      const waiting = take('getOrder', 'a');
      take('getOrder', 'b');
      waiting.unsubscribe();
      clock.advance(LATE);
      expect(ends).toEqual(['b waited 1200, at 1200', 'b done at 1200']);
      expect(clock.waiting).toBe(0);
    });
  });

  describe('learns a limit', () => {
    it.each([
      ['plain', 'ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'],
      ['plural, by API', 'ratelimits-limit-getorder', 'ratelimits-remaining-getorder', 'ratelimits-reset-getorder'],
      ['as the guide has it', 'ratelimit-limit-getxxx', 'ratelimit-remaining-getxxx', 'ratelimit-reset-getxxx'],
    ])('from headers in the spelling %s', (_, limit, remaining, reset) => {
      answer('getOrder', 200, { [limit]: '120', [remaining]: '119', [reset]: String(START / 1000 + 1) });
      expect(limitsOf('getOrder')).toMatchObject([{ intervalMs: 500, burst: 114 }]);
      expect(limitsOf('getDriver')).toMatchObject([{ intervalMs: 1200 }]);
      expect(limitsOf('getOrder', 'pk_test_other')).toMatchObject([{ intervalMs: 1200 }]);
    });

    it('from any answer, also a refusal, and by the last one', () => {
      answer('getOrder', 404, { 'ratelimit-limit': '120' });
      answer('getOrder', 429, { 'ratelimit-limit': '60' });
      expect(limitsOf('getOrder')).toMatchObject([{ intervalMs: 1000, burst: 57 }]);
      answer('getOrder', 500, { 'ratelimit-limit': '240' });
      expect(limitsOf('getOrder')).toMatchObject([{ intervalMs: 250, burst: 228 }]);
    });

    it('but never above a budget of the host, and below it where Lalamove takes less', () => {
      open({ perMinute: { getOrder: 40 } });
      answer('getOrder', 200, { 'ratelimit-limit': '300' });
      expect(limitsOf('getOrder')).toMatchObject([{ intervalMs: 1500, burst: 38 }]);
      answer('getOrder', 200, { 'ratelimit-limit': '20' });
      expect(limitsOf('getOrder')).toMatchObject([{ intervalMs: 3000, burst: 19 }]);
      answer('getOrder', 200, { 'ratelimit-limit': '300' });
      expect(limitsOf('getOrder')).toMatchObject([{ intervalMs: 1500, burst: 38 }]);
    });

    it('and keeps orders as far apart as before', () => {
      answer('placeOrder', 201, { 'ratelimits-limit-postorder': '60' });
      expect(limitsOf('placeOrder')).toMatchObject([{ intervalMs: 1000, burst: 57 }, { burst: 1 }]);
      expect(limitsOf('placeOrder')[1]?.intervalMs).toBeCloseTo(550);
    });

    it.each([
      ['nothing', {}],
      ['a limit of none', { 'ratelimit-limit': '0', 'ratelimit-remaining': '0' }],
      ['what is no number', { 'ratelimit-limit': 'many', 'ratelimit-remaining': '3' }],
      ['what is left of an unknown limit', { 'ratelimit-remaining': '0', 'ratelimit-reset': '1795334460' }],
    ])('from headers, but not from %s', (_, headers) => {
      answer('getOrder', 200, headers);
      expect(limitsOf('getOrder')).toMatchObject([{ intervalMs: 1200, burst: 47 }]);
      expect(store.raised).toEqual([]);
    });

    it('for those who wait, too', () => {
      fill('getOrder');
      take('getOrder', 'a');
      answer('getOrder', 200, { 'ratelimit-limit': '10' });
      clock.advance(1200);
      expect(ends).toEqual([]);
      clock.advance(LATE);
      // 47 calls fill 56.4 of the 60 seconds, of which 9 of 10 are used at once.
      expect(ends).toEqual(['a waited 8400, at 8400', 'a done at 8400']);
    });
  });

  describe('is told what is left', () => {
    it('and counts what others have used, to one request that may be but half there', () => {
      answer('getOrder', 200, { 'ratelimit-limit': '50', 'ratelimit-remaining': '9' });
      expect(store.raised).toEqual([[expect.stringMatching(/^getOrder:/), 40 * 1200]]);
      expect(fill('getOrder')).toBe(7);
    });

    it('as of the sending: what was sent since then is counted here', () => {
      clock.advance(3000);
      answer('getOrder', 200, { 'ratelimit-limit': '50', 'ratelimit-remaining': '9' }, START + 600);
      expect(store.raised).toEqual([[expect.any(String), 600 + 40 * 1200]]);
    });

    it('and believes it only where it is less than it thought', () => {
      fill('getOrder');
      answer('getOrder', 200, { 'ratelimit-limit': '50', 'ratelimit-remaining': '49' });
      take('getOrder', 'a', { withinMs: 1 });
      expect(ends).toEqual(['a away for 1200 at 0']);
    });
  });

  describe('is refused with 429', () => {
    const RESET = String(START / 1000 + 60);

    it.each([
      ['Retry-After in seconds', { 'retry-after': '7' }, 7000],
      ['Retry-After as a date', { 'retry-after': new Date(START + 7000).toUTCString() }, 7000],
      ['Retry-After-Ms', { 'retry-after-ms': '6500' }, 7000],
      [
        'a bucket that is full',
        { 'ratelimit-limit': '50', 'ratelimit-remaining': '0', 'ratelimit-reset': RESET },
        2000,
      ],
      [
        'a bucket that has run over',
        { 'ratelimit-limit': '50', 'ratelimit-remaining': '0', 'ratelimit-reset': String(START / 1000 + 65) },
        7000,
      ],
      [
        'a window that ends',
        { 'ratelimit-limit': '50', 'ratelimit-remaining': '0', 'ratelimit-reset': String(START / 1000 + 7) },
        7000,
      ],
      ['nothing', {}, 1200],
    ])('and heeds %s', (_, headers, pauseMs) => {
      take('getOrder', 'refused');
      ends.length = 0;
      answer('getOrder', 429, headers);
      take('getOrder', 'short', { withinMs: pauseMs });
      take('getOrder', 'a');
      take('getOrder', 'b');
      clock.advance(LATE);
      expect(ends.filter((end) => !end.includes('waited'))).toEqual([
        `short away for ${pauseMs} at 0`,
        `a done at ${pauseMs}`,
        `b done at ${pauseMs + 1200}`,
      ]);
    });

    it('and turns away at once who waits and cannot be served in time any more', () => {
      fill('getOrder');
      take('getOrder', 'short', { withinMs: 5000 });
      take('getOrder', 'long', { withinMs: 20_000 });
      answer('getOrder', 429, { 'retry-after': '10' });
      expect(ends).toEqual(['short away for 10000 at 0']);
      clock.advance(LATE);
      expect(ends.slice(1)).toEqual(['long waited 10000, at 10000', 'long done at 10000']);
      expect(clock.waiting).toBe(0);
    });

    it('again and again, and pauses as long as it is told to each time', () => {
      for (let count = 1; count < 5; count += 1) {
        answer('getOrder', 429, { date: '', 'retry-after': '5' });
        take('getOrder', count);
        clock.advance(4999);
        expect(ends).toEqual([]);
        clock.advance(1);
        expect(ends.splice(0)).toContain(`${count} done at ${count * 5000}`);
      }
    });

    it('many times for what was sent at once, and pauses once for all of it', () => {
      for (let count = 0; count < 20; count += 1) take('getOrder');
      for (let count = 0; count < 20; count += 1) answer('getOrder', 429, {}, START);
      clock.advance(100);
      for (let count = 0; count < 20; count += 1) answer('getOrder', 429, {}, START);
      take('getOrder', 'a');
      clock.advance(LATE);
      expect(ends.at(-1)).toBe('a done at 1300');
    });

    it('and comes back no sooner for it', () => {
      fill('getOrder');
      for (let count = 0; count < 9; count += 1) take('getOrder', count);
      answer('getOrder', 429, { 'retry-after': '1' });
      take('getOrder', 'a', { withinMs: 1 });
      expect(ends).toEqual(['a away for 12000 at 0']);
    });

    it('with orders left, by the limit of the second: that is what waits a second', () => {
      take('placeOrder', 'first');
      ends.length = 0;
      answer('placeOrder', 429, {
        'ratelimits-limit-postorder': '30',
        'ratelimits-remaining-postorder': '20',
        'ratelimits-reset-postorder': String(START / 1000 + 20),
      });
      for (const name of ['a', 'b', 'c']) take('placeOrder', name);
      clock.advance(LATE);
      expect(ends.filter((end) => end.includes('done'))).toEqual([
        'a done at 1000',
        'b done at 1550',
        'c done at 2100',
      ]);
    });

    it('with none left, by the limit of the minute', () => {
      take('placeOrder', 'first');
      ends.length = 0;
      const headers = { 'ratelimit-limit': '30', 'ratelimit-remaining': '0', 'ratelimit-reset': RESET };
      answer('placeOrder', 429, headers);
      for (const name of ['a', 'b']) take('placeOrder', name);
      clock.advance(LATE);
      expect(ends.filter((end) => end.includes('done'))).toEqual(['a done at 2000', 'b done at 4000']);
    });

    it('again and again, and pauses twice as long each time, a minute at the most, until one gets through', () => {
      const pauses: number[] = [];
      const refuse = (): void => {
        answer('getOrder', 429, {});
        const before = clock.now();
        take('getOrder', 'next');
        while (ends.at(-1)?.startsWith('next done') !== true) clock.advance(100);
        pauses.push(clock.now() - before);
        ends.length = 0;
        clock.advance(1);
      };
      for (let count = 0; count < 8; count += 1) refuse();
      expect(pauses).toEqual([1200, 2400, 4800, 9600, 19_200, 38_400, 60_000, 60_000]);
      answer('getOrder', 200, {});
      pauses.length = 0;
      refuse();
      expect(pauses).toEqual([1200]);
    });

    it('by a gateway that says a day: asks again after a minute', () => {
      answer('getOrder', 429, { 'retry-after': '86400' });
      take('getOrder', 'a');
      clock.advance(60_000);
      expect(ends).toContain('a done at 60000');
    });

    it('for one call and key, and leaves the others alone', () => {
      answer('getOrder', 429, { 'retry-after': '60' });
      take('getDriver', 'another call');
      take('getOrder', 'another key', { key: 'pk_test_other' });
      expect(ends.filter((end) => end.includes('done'))).toHaveLength(2);
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
    ])('because it %s, says so and goes on', async (_, raise) => {
      const near = new InMemoryRateLimitStore();
      open({ store: { take: (...asked) => near.take(...asked), raise } });
      answer('getOrder', 200, { 'ratelimit-limit': '50', 'ratelimit-remaining': '0' });
      answer('getOrder', 429, { 'retry-after': '5' });
      await new Promise(setImmediate);
      expect(failures).toEqual([FAILURE, FAILURE]);
      take('getOrder', 'a');
      expect(ends.at(-1)).toBe('a done at 0');
    });
  });

  describe('knows so many limits', () => {
    /** Asks for a slot of each of 10 000 other keys. */
    const othersCome = (): void => {
      for (let index = 0; index < 10_000; index += 1) take('getCities', '', { key: `pk_test_${index}` });
      ends.length = 0;
    };

    it('and forgets the one used longest ago', () => {
      answer('getOrder', 200, { 'ratelimit-limit': '120' });
      answer('getDriver', 200, { 'ratelimit-limit': '120' });
      for (let index = 0; index < 9998; index += 1) take('getCities', '', { key: `pk_test_${index}` });
      expect(limitsOf('getOrder')).toMatchObject([{ intervalMs: 500 }]);
      take('getCities', '', { key: 'pk_test_one_more' });
      expect(limitsOf('getOrder')).toMatchObject([{ intervalMs: 500 }]);
      expect(limitsOf('getDriver')).toMatchObject([{ intervalMs: 1200 }]);
    });

    it('but none that somebody waits for', () => {
      // One that forgets less than the limiter does.
      store = new NotingStore(20_000);
      limiter = new RateLimiter({ budgets: 'sandbox', store }, clock, (error) => failures.push(error));
      fill('getOrder');
      take('getOrder', 'waits');
      othersCome();
      take('getOrder', 'later');
      expect(clock.waiting).toBe(1);
      clock.advance(LATE);
      expect(ends.filter((end) => end.includes('done'))).toEqual(['waits done at 1200', 'later done at 2400']);
    });
  });
});
