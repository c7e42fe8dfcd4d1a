import { describe, expect, it } from '@jest/globals';
import { readRateLimit } from './rate-limit-headers.js';

describe('readRateLimit', () => {
  it.each([
    ['plain', { 'ratelimit-limit': '50', 'ratelimit-remaining': '49', 'ratelimit-reset': '1655319074' }],
    [
      'plural, one set for each call',
      {
        'ratelimits-limit-postquotation': '50',
        'ratelimits-remaining-postquotation': '49',
        'ratelimits-reset-postquotation': '1655319074',
      },
    ],
    [
      "the guide's",
      {
        'ratelimit-limit-postxxx': '50',
        'ratelimit-remaining-postxxx': '49',
        'ratelimit-reset-postxxx': '1655319074',
      },
    ],
  ])('reads the spelling "%s" among other headers', (_, headers) => {
    const others = { date: 'Wed, 15 Jun 2022 18:51:12 GMT', 'content-length': '7', 'x-kong-proxy-latency': '0' };
    expect(readRateLimit({ ...others, ...headers })).toEqual({ limit: 50, remaining: 49, reset: 1_655_319_074 });
  });

  it('reads the lowest limits and the latest reset of several sets of headers', () => {
    const headers = {
      'ratelimit-limit': '300',
      'ratelimit-remaining': '7',
      'ratelimit-reset': '1655319074',
      'ratelimits-limit-getorder': '50',
      'ratelimits-remaining-getorder': '30',
      'ratelimits-reset-getorder': '1655319099',
    };
    expect(readRateLimit(headers)).toEqual({ limit: 50, remaining: 7, reset: 1_655_319_099 });
    const reversed = Object.fromEntries(Object.entries(headers).reverse());
    expect(readRateLimit(reversed)).toEqual({ limit: 50, remaining: 7, reset: 1_655_319_099 });
  });

  it('reads each member alone, including a zero', () => {
    expect(readRateLimit({ 'ratelimit-remaining': '0' })).toEqual({ remaining: 0 });
    expect(readRateLimit({ 'ratelimit-limit': '0' })).toEqual({ limit: 0 });
    expect(readRateLimit({ 'ratelimits-reset-patchweb': '1655319074' })).toEqual({ reset: 1_655_319_074 });
  });

  it.each(['', ' ', 'many', '-1', '1.5', '1e3', '0x10', '5, 6', '1234567890123456', 'NaN'])(
    'ignores the value %j',
    (text) => {
      expect(readRateLimit({ 'ratelimit-limit': text, 'ratelimit-reset': text })).toEqual({});
    },
  );

  it('ignores an invalid set of headers and reads a valid one beside it', () => {
    expect(readRateLimit({ 'ratelimit-limit': 'many', 'ratelimits-limit-getorder': '50' })).toEqual({ limit: 50 });
  });

  it.each([
    'x-ratelimit-limit',
    'ratelimit',
    'ratelimit-policy',
    'ratelimit-limits',
    'ratelimiting-limit',
    'ratelimit-limit-',
  ])('ignores the header %s', (name) => {
    expect(readRateLimit({ [name]: '50' })).toEqual({});
  });

  it('reads nothing from an answer without rate-limit headers', () => {
    expect(readRateLimit({})).toEqual({});
    expect(readRateLimit({ 'ratelimit-limit': undefined })).toEqual({});
  });
});
