import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readRetryAfter } from './retry-after.js';

const NOW = Date.parse('2022-06-15T18:51:12Z');

describe('readRetryAfter', () => {
  it.each([
    ['seconds', { 'retry-after': '7' }, 7],
    ['no seconds', { 'retry-after': '0' }, 0],
    ['a fraction, rounded up', { 'retry-after': '1.2' }, 2],
    ['a date', { 'retry-after': 'Wed, 15 Jun 2022 18:51:42 GMT' }, 30],
    ['a date that has passed', { 'retry-after': 'Wed, 15 Jun 2022 18:50:42 GMT' }, 0],
    ['a reset in the plain spelling', { 'ratelimit-reset': '1655319074' }, 2],
    ['a reset in the plural, one family per API', { 'ratelimits-reset-postquotation': '1655319075' }, 3],
    ["a reset in the guide's spelling", { 'ratelimit-reset-postorder': '1655319076' }, 4],
    [
      'the latest of several resets',
      { 'ratelimit-reset': '1655319074', 'ratelimits-reset-postorder': '1655319080' },
      8,
    ],
    ['Retry-After before a reset', { 'retry-after': '5', 'ratelimit-reset': '1655319074' }, 5],
    ['milliseconds, rounded up', { 'retry-after-ms': '1500' }, 2],
    ['no milliseconds', { 'retry-after-ms': '0' }, 0],
    [
      'milliseconds before seconds, which say the same less exactly',
      { 'retry-after-ms': '900', 'retry-after': '7' },
      1,
    ],
    ['seconds where the milliseconds are junk', { 'retry-after-ms': 'soon', 'retry-after': '7' }, 7],
    ['a reset where Retry-After is junk', { 'retry-after': 'soon', 'ratelimit-reset': '1655319074' }, 2],
    ['a reset that has passed', { 'ratelimit-reset': '1655319070' }, 0],
  ])('reads %s', (_, headers, seconds) => {
    expect(readRetryAfter(headers, NOW)).toBe(seconds);
  });

  it("counts from the answer's own date, so that a skewed clock does no harm", () => {
    const headers = { date: 'Wed, 15 Jun 2022 18:51:12 GMT', 'ratelimit-reset': '1655319075' };
    expect(readRetryAfter(headers, NOW + 600_000)).toBe(3);
  });

  it.each([
    ['nothing', {}],
    ['junk', { 'retry-after': 'soon', 'ratelimit-reset': 'x' }],
    ['a negative number', { 'retry-after': '-5' }],
    ['a list', { 'retry-after': '5, 6' }],
    ['a word and a number', { 'retry-after': 'Abc 5' }],
    ['a wait that nobody means', { 'retry-after': '99999999' }],
    ['a reset in milliseconds', { 'ratelimit-reset': '1655319075000' }],
    ['a wait in milliseconds that nobody means', { 'retry-after-ms': '99999999999' }],
    ['a word and milliseconds', { 'retry-after-ms': 'Abc 5' }],
    ['what is left, without a reset', { 'ratelimit-limit': '50', 'ratelimit-remaining': '0' }],
  ])('does not believe %s', (_, headers) => {
    expect(readRetryAfter(headers, NOW)).toBeUndefined();
  });

  describe('with all three rate-limit headers', () => {
    const told = (limit: number, remaining: number, afterSeconds: number): Record<string, string> => ({
      'ratelimit-limit': String(limit),
      'ratelimit-remaining': String(remaining),
      'ratelimit-reset': String(NOW / 1000 + afterSeconds),
    });

    it.each([
      ['a bucket that is full, which lets the next one in a drop later', told(50, 0, 60), 2],
      ['a bucket of smaller drops', told(300, 0, 60), 1],
      ['a bucket of larger drops', told(30, 0, 60), 2],
      ['a bucket that has leaked for not quite a drop', told(30, 0, 58), 2],
      ['a bucket that has run over', told(50, 0, 65), 7],
      ['a bucket that has run over by a whole minute', told(30, 0, 120), 62],
      ['a window that ends in a while', told(50, 0, 30), 30],
      ['a window that ends soon', told(300, 0, 1), 1],
      ['a window that has ended', told(50, 0, -5), 0],
      ['a second, where requests are left: its limit has no headers', told(30, 29, 2), 1],
      ['a second, where one request is left', told(30, 1, 58), 1],
      ['the reset, where the limit is none', told(0, 0, 30), 30],
    ])('reads %s', (_, headers, seconds) => {
      expect(readRetryAfter(headers, NOW)).toBe(seconds);
    });

    it('reads the reset alone where nothing says how many are left', () => {
      const { 'ratelimit-reset': reset, 'ratelimit-limit': limit } = told(50, 0, 60);
      expect(readRetryAfter({ 'ratelimit-reset': reset, 'ratelimit-limit': limit }, NOW)).toBe(60);
      expect(readRetryAfter({ 'ratelimit-reset': reset, 'ratelimit-remaining': '0' }, NOW)).toBe(60);
    });

    it('never comes back to a bucket too early, and at most three seconds too late, however its times are rounded', () => {
      const limits = fc.constantFrom(30, 50, 100, 300);
      fc.assert(
        fc.property(limits, fc.nat({ max: 999 }), fc.nat({ max: 60_000 }), (limit, ms, overflowMs) => {
          const now = NOW + ms;
          const drop = 60_000 / limit;
          // Refused, and so too full by something for another drop.
          const emptyAt = now + 60_000 - drop + 1 + overflowMs;
          const freeIn = (emptyAt + drop - 60_000 - now) / 1000;
          const headers = {
            date: new Date(now).toUTCString(),
            'ratelimit-limit': String(limit),
            'ratelimit-remaining': '0',
            'ratelimit-reset': String(Math.ceil(emptyAt / 1000)),
          };
          const wait = readRetryAfter(headers, 0) ?? Number.NaN;
          if (!(wait >= freeIn && wait <= freeIn + 3)) throw new Error(`${wait} s in place of ${freeIn}`);
        }),
      );
    });
  });
});
