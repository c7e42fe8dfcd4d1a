import { describe, expect, it } from '@jest/globals';
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
  ])('does not believe %s', (_, headers) => {
    expect(readRetryAfter(headers, NOW)).toBeUndefined();
  });
});
