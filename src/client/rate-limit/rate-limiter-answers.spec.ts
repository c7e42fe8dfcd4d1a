import { beforeEach, describe, expect, it } from '@jest/globals';
import { LATE, RateLimiterScene, START } from '../../../test/client/rate-limit/rate-limiter-scene.js';

describe('RateLimiter', () => {
  let scene: RateLimiterScene;

  beforeEach(() => {
    scene = new RateLimiterScene();
  });

  describe('learns a limit', () => {
    it.each([
      ['plain', 'ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'],
      ['plural, by API', 'ratelimits-limit-getorder', 'ratelimits-remaining-getorder', 'ratelimits-reset-getorder'],
      ['of the guide', 'ratelimit-limit-getxxx', 'ratelimit-remaining-getxxx', 'ratelimit-reset-getxxx'],
    ])('from headers in the spelling %s', (_, limit, remaining, reset) => {
      scene.answer('getOrder', 200, { [limit]: '120', [remaining]: '119', [reset]: String(START / 1000 + 1) });
      expect(scene.limitsOf('getOrder')).toMatchObject([{ intervalMs: 500, burst: 114 }]);
      expect(scene.limitsOf('getDriver')).toMatchObject([{ intervalMs: 1200 }]);
      expect(scene.limitsOf('getOrder', 'pk_test_other')).toMatchObject([{ intervalMs: 1200 }]);
    });

    it('from any answer, also a refusal; the last one counts', () => {
      scene.answer('getOrder', 404, { 'ratelimit-limit': '120' });
      scene.answer('getOrder', 429, { 'ratelimit-limit': '60' });
      expect(scene.limitsOf('getOrder')).toMatchObject([{ intervalMs: 1000, burst: 57 }]);
      scene.answer('getOrder', 500, { 'ratelimit-limit': '240' });
      expect(scene.limitsOf('getOrder')).toMatchObject([{ intervalMs: 250, burst: 228 }]);
    });

    it('but never above a budget of the host; below it if Lalamove accepts less', () => {
      scene = new RateLimiterScene({ perMinute: { getOrder: 40 } });
      scene.answer('getOrder', 200, { 'ratelimit-limit': '300' });
      expect(scene.limitsOf('getOrder')).toMatchObject([{ intervalMs: 1500, burst: 38 }]);
      scene.answer('getOrder', 200, { 'ratelimit-limit': '20' });
      expect(scene.limitsOf('getOrder')).toMatchObject([{ intervalMs: 3000, burst: 19 }]);
      scene.answer('getOrder', 200, { 'ratelimit-limit': '300' });
      expect(scene.limitsOf('getOrder')).toMatchObject([{ intervalMs: 1500, burst: 38 }]);
    });

    it('and does not change the interval between orders', () => {
      scene.answer('placeOrder', 201, { 'ratelimits-limit-postorder': '60' });
      expect(scene.limitsOf('placeOrder')).toMatchObject([{ intervalMs: 1000, burst: 57 }, { burst: 1 }]);
      expect(scene.limitsOf('placeOrder')[1]?.intervalMs).toBeCloseTo(550);
    });

    it.each([
      ['nothing', {}],
      ['a limit of none', { 'ratelimit-limit': '0', 'ratelimit-remaining': '0' }],
      ['what is no number', { 'ratelimit-limit': 'many', 'ratelimit-remaining': '3' }],
      ['what is left of an unknown limit', { 'ratelimit-remaining': '0', 'ratelimit-reset': '1795334460' }],
    ])('from headers, but not from %s', (_, headers) => {
      scene.answer('getOrder', 200, headers);
      expect(scene.limitsOf('getOrder')).toMatchObject([{ intervalMs: 1200, burst: 47 }]);
      expect(scene.store.raised).toEqual([]);
    });

    it('also for calls that wait', () => {
      scene.fill('getOrder');
      scene.take('getOrder', 'a');
      scene.answer('getOrder', 200, { 'ratelimit-limit': '10' });
      scene.clock.advance(1200);
      expect(scene.ends).toEqual([]);
      scene.clock.advance(LATE);
      // 47 calls fill 56.4 of the 60 seconds, of which 9 of 10 are used at once.
      expect(scene.ends).toEqual(['a waited 8400, at 8400', 'a done at 8400']);
    });
  });

  describe('reads how many requests are left', () => {
    it('and counts what others have used, plus one request because the number is rounded', () => {
      scene.answer('getOrder', 200, { 'ratelimit-limit': '50', 'ratelimit-remaining': '9' });
      expect(scene.store.raised).toEqual([[expect.stringMatching(/:getOrder$/), 40 * 1200]]);
      expect(scene.fill('getOrder')).toBe(7);
    });

    it('as of the time of sending: later requests are counted here', () => {
      scene.clock.advance(3000);
      scene.answer('getOrder', 200, { 'ratelimit-limit': '50', 'ratelimit-remaining': '9' }, START + 600);
      expect(scene.store.raised).toEqual([[expect.any(String), 600 + 40 * 1200]]);
    });

    it('and uses it only if it is less than its own count', () => {
      scene.fill('getOrder');
      scene.answer('getOrder', 200, { 'ratelimit-limit': '50', 'ratelimit-remaining': '49' });
      scene.take('getOrder', 'a', { withinMs: 1 });
      expect(scene.ends).toEqual(['a away for 1200 at 0']);
    });
  });

  describe('after a 429', () => {
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
    ])('obeys %s', (_, headers, pauseMs) => {
      scene.take('getOrder', 'refused');
      scene.ends.length = 0;
      scene.answer('getOrder', 429, headers);
      scene.take('getOrder', 'short', { withinMs: pauseMs });
      scene.take('getOrder', 'a');
      scene.take('getOrder', 'b');
      scene.clock.advance(LATE);
      expect(scene.ends.filter((end) => !end.includes('waited'))).toEqual([
        `short away for ${pauseMs} at 0`,
        `a done at ${pauseMs}`,
        `b done at ${pauseMs + 1200}`,
      ]);
    });

    it('rejects at once a waiting call that can no longer be served in time', () => {
      scene.fill('getOrder');
      scene.take('getOrder', 'short', { withinMs: 5000 });
      scene.take('getOrder', 'long', { withinMs: 20_000 });
      scene.answer('getOrder', 429, { 'retry-after': '10' });
      expect(scene.ends).toEqual(['short away for 10000 at 0']);
      scene.clock.advance(LATE);
      expect(scene.ends.slice(1)).toEqual(['long waited 10000, at 10000', 'long done at 10000']);
      expect(scene.clock.waiting).toBe(0);
    });

    it('and further ones, pauses each time as long as Lalamove asks', () => {
      for (let count = 1; count < 5; count += 1) {
        scene.answer('getOrder', 429, { date: '', 'retry-after': '5' });
        scene.take('getOrder', count);
        scene.clock.advance(4999);
        expect(scene.ends).toEqual([]);
        scene.clock.advance(1);
        expect(scene.ends.splice(0)).toContain(`${count} done at ${count * 5000}`);
      }
    });

    it('for each of many calls that were sent at once, pauses once', () => {
      for (let count = 0; count < 20; count += 1) scene.take('getOrder');
      for (let count = 0; count < 20; count += 1) scene.answer('getOrder', 429, {}, START);
      scene.clock.advance(100);
      for (let count = 0; count < 20; count += 1) scene.answer('getOrder', 429, {}, START);
      scene.take('getOrder', 'a');
      scene.clock.advance(LATE);
      expect(scene.ends.at(-1)).toBe('a done at 1300');
    });

    it('does not admit earlier than before', () => {
      scene.fill('getOrder');
      for (let count = 0; count < 9; count += 1) scene.take('getOrder', count);
      scene.answer('getOrder', 429, { 'retry-after': '1' });
      scene.take('getOrder', 'a', { withinMs: 1 });
      expect(scene.ends).toEqual(['a away for 12000 at 0']);
    });

    it('with orders left, pauses the limit per second', () => {
      scene.take('placeOrder', 'first');
      scene.ends.length = 0;
      scene.answer('placeOrder', 429, {
        'ratelimits-limit-postorder': '30',
        'ratelimits-remaining-postorder': '20',
        'ratelimits-reset-postorder': String(START / 1000 + 20),
      });
      for (const name of ['a', 'b', 'c']) scene.take('placeOrder', name);
      scene.clock.advance(LATE);
      expect(scene.ends.filter((end) => end.includes('done'))).toEqual([
        'a done at 1000',
        'b done at 1550',
        'c done at 2100',
      ]);
    });

    it('with no orders left, pauses the limit per minute', () => {
      scene.take('placeOrder', 'first');
      scene.ends.length = 0;
      const headers = { 'ratelimit-limit': '30', 'ratelimit-remaining': '0', 'ratelimit-reset': RESET };
      scene.answer('placeOrder', 429, headers);
      for (const name of ['a', 'b']) scene.take('placeOrder', name);
      scene.clock.advance(LATE);
      expect(scene.ends.filter((end) => end.includes('done'))).toEqual(['a done at 2000', 'b done at 4000']);
    });

    it('and further ones, doubles the pause up to a minute, until a call succeeds', () => {
      const pauses: number[] = [];
      const refuse = (): void => {
        scene.answer('getOrder', 429, {});
        const before = scene.clock.now();
        scene.take('getOrder', 'next');
        while (scene.ends.at(-1)?.startsWith('next done') !== true) scene.clock.advance(100);
        pauses.push(scene.clock.now() - before);
        scene.ends.length = 0;
        scene.clock.advance(1);
      };
      for (let count = 0; count < 8; count += 1) refuse();
      expect(pauses).toEqual([1200, 2400, 4800, 9600, 19_200, 38_400, 60_000, 60_000]);
      scene.answer('getOrder', 200, {});
      pauses.length = 0;
      refuse();
      expect(pauses).toEqual([1200]);
    });

    it('of one of several processes, pauses by a random part longer, because others were refused too', () => {
      scene = new RateLimiterScene({ processes: 2 });
      scene.answer('getOrder', 429, {});
      scene.take('getOrder', 'a');
      scene.clock.advance(LATE);
      expect(scene.ends.at(-1)).toBe(`a done at ${1200 * 2 * 1.5}`);
    });

    it('that asks for a day, retries after a minute', () => {
      scene.answer('getOrder', 429, { 'retry-after': '86400' });
      scene.take('getOrder', 'a');
      scene.clock.advance(60_000);
      expect(scene.ends).toContain('a done at 60000');
    });

    it('does not pause other operations and other keys', () => {
      scene.answer('getOrder', 429, { 'retry-after': '60' });
      scene.take('getDriver', 'another call');
      scene.take('getOrder', 'another key', { key: 'pk_test_other' });
      expect(scene.ends.filter((end) => end.includes('done'))).toHaveLength(2);
    });
  });
});
