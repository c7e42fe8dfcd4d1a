import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readRetryAfter } from './retry-after.js';

const NOW = Date.parse('2022-06-15T18:51:12Z');

describe('readRetryAfter', () => {
  it.each([
    ['seconds', { 'retry-after': '7' }, 7],
    ['zero seconds', { 'retry-after': '0' }, 0],
    ['a fraction, rounded up', { 'retry-after': '1.2' }, 2],
    ['a date', { 'retry-after': 'Wed, 15 Jun 2022 18:51:42 GMT' }, 30],
    ['a date that has passed', { 'retry-after': 'Wed, 15 Jun 2022 18:50:42 GMT' }, 0],
    ['a reset in the plain spelling', { 'ratelimit-reset': '1655319074' }, 2],
    ['a reset in the plural spelling, one for each call', { 'ratelimits-reset-postquotation': '1655319075' }, 3],
    ["a reset in the guide's spelling", { 'ratelimit-reset-postorder': '1655319076' }, 4],
    [
      'the latest of several resets',
      { 'ratelimit-reset': '1655319074', 'ratelimits-reset-postorder': '1655319080' },
      8,
    ],
    ['Retry-After before a reset', { 'retry-after': '5', 'ratelimit-reset': '1655319074' }, 5],
    ['milliseconds, rounded up', { 'retry-after-ms': '1500' }, 2],
    ['zero milliseconds', { 'retry-after-ms': '0' }, 0],
    ['milliseconds before seconds, which are less exact', { 'retry-after-ms': '900', 'retry-after': '7' }, 1],
    ['seconds if the milliseconds are invalid', { 'retry-after-ms': 'soon', 'retry-after': '7' }, 7],
    ['a reset if Retry-After is invalid', { 'retry-after': 'soon', 'ratelimit-reset': '1655319074' }, 2],
    ['a reset that has passed', { 'ratelimit-reset': '1655319070' }, 0],
  ])('reads %s', (_, headers, seconds) => {
    expect(readRetryAfter(headers, NOW)).toBe(seconds);
  });

  it('counts from the Date header of the answer, so that a wrong local clock has no effect', () => {
    const headers = { date: 'Wed, 15 Jun 2022 18:51:12 GMT', 'ratelimit-reset': '1655319075' };
    expect(readRetryAfter(headers, NOW + 600_000)).toBe(3);
  });

  it.each([
    ['nothing', {}],
    ['invalid values', { 'retry-after': 'soon', 'ratelimit-reset': 'x' }],
    ['a negative number', { 'retry-after': '-5' }],
    ['a list', { 'retry-after': '5, 6' }],
    ['a word and a number', { 'retry-after': 'Abc 5' }],
    ['a wait of more than a day', { 'retry-after': '99999999' }],
    ['a reset in milliseconds', { 'ratelimit-reset': '1655319075000' }],
    ['a wait of more than a day in milliseconds', { 'retry-after-ms': '99999999999' }],
    ['a word and milliseconds', { 'retry-after-ms': 'Abc 5' }],
    ['the requests left, without a reset', { 'ratelimit-limit': '50', 'ratelimit-remaining': '0' }],
  ])('ignores %s', (_, headers) => {
    expect(readRetryAfter(headers, NOW)).toBeUndefined();
  });

  describe('with all three rate-limit headers', () => {
    const limitHeaders = (limit: number, remaining: number, afterSeconds: number): Record<string, string> => ({
      'ratelimit-limit': String(limit),
      'ratelimit-remaining': String(remaining),
      'ratelimit-reset': String(NOW / 1000 + afterSeconds),
    });

    it.each([
      ['a full bucket, which accepts the next request one drop later', limitHeaders(50, 0, 60), 2],
      ['a bucket of smaller drops', limitHeaders(300, 0, 60), 1],
      ['a bucket of larger drops', limitHeaders(30, 0, 60), 2],
      ['a bucket that has leaked less than one drop', limitHeaders(30, 0, 58), 2],
      ['a bucket that is over its limit', limitHeaders(50, 0, 65), 7],
      ['a bucket that is over its limit by a whole minute', limitHeaders(30, 0, 120), 62],
      ['a window that ends in 30 seconds', limitHeaders(50, 0, 30), 30],
      ['a window that ends in 1 second', limitHeaders(300, 0, 1), 1],
      ['a window that has ended', limitHeaders(50, 0, -5), 0],
      ['1 second if requests are left: the limit of a second has no headers', limitHeaders(30, 29, 2), 1],
      ['1 second if one request is left', limitHeaders(30, 1, 58), 1],
      ['the reset if the limit is zero', limitHeaders(0, 0, 30), 30],
    ])('reads %s', (_, headers, seconds) => {
      expect(readRetryAfter(headers, NOW)).toBe(seconds);
    });

    it('reads the reset alone if no header says how many requests are left', () => {
      const { 'ratelimit-reset': reset, 'ratelimit-limit': limit } = limitHeaders(50, 0, 60);
      expect(readRetryAfter({ 'ratelimit-reset': reset, 'ratelimit-limit': limit }, NOW)).toBe(60);
      expect(readRetryAfter({ 'ratelimit-reset': reset, 'ratelimit-remaining': '0' }, NOW)).toBe(60);
    });

    it('never retries too early, and at most three seconds too late, for any rounding of the times', () => {
      const limits = fc.constantFrom(30, 50, 100, 300);
      fc.assert(
        fc.property(limits, fc.nat({ max: 999 }), fc.nat({ max: 60_000 }), (limit, ms, overflowMs) => {
          const now = NOW + ms;
          const drop = 60_000 / limit;
          // The request was refused, so the bucket has no room for another drop.
          const emptyAt = now + 60_000 - drop + 1 + overflowMs;
          const freeIn = (emptyAt + drop - 60_000 - now) / 1000;
          const headers = {
            date: new Date(now).toUTCString(),
            'ratelimit-limit': String(limit),
            'ratelimit-remaining': '0',
            'ratelimit-reset': String(Math.ceil(emptyAt / 1000)),
          };
          const wait = readRetryAfter(headers, 0) ?? Number.NaN;
          if (!(wait >= freeIn && wait <= freeIn + 3)) throw new Error(`${wait} s instead of ${freeIn}`);
        }),
      );
    });
  });
});
