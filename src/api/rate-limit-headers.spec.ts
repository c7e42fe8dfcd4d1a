import { describe, expect, it } from '@jest/globals';
import { readRateLimit } from './rate-limit-headers.js';

describe('readRateLimit', () => {
  it.each([
    ['plain', { 'ratelimit-limit': '50', 'ratelimit-remaining': '49', 'ratelimit-reset': '1655319074' }],
    [
      'plural, one family per API',
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
  ])('reads the spelling %s, among other headers', (_, headers) => {
    const others = { date: 'Wed, 15 Jun 2022 18:51:12 GMT', 'content-length': '7', 'x-kong-proxy-latency': '0' };
    expect(readRateLimit({ ...others, ...headers })).toEqual({ limit: 50, remaining: 49, reset: 1_655_319_074 });
  });

  it('reads of several families the least that is left, the smallest limit and the latest reset', () => {
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

  it('reads each member by itself, also a zero', () => {
    expect(readRateLimit({ 'ratelimit-remaining': '0' })).toEqual({ remaining: 0 });
    expect(readRateLimit({ 'ratelimit-limit': '0' })).toEqual({ limit: 0 });
    expect(readRateLimit({ 'ratelimits-reset-patchweb': '1655319074' })).toEqual({ reset: 1_655_319_074 });
  });

  it.each(['', ' ', 'many', '-1', '1.5', '1e3', '0x10', '5, 6', '1234567890123456', 'NaN'])(
    'does not believe %j',
    (text) => {
      expect(readRateLimit({ 'ratelimit-limit': text, 'ratelimit-reset': text })).toEqual({});
    },
  );

  it('does not believe a family that is junk, but another one beside it', () => {
    expect(readRateLimit({ 'ratelimit-limit': 'many', 'ratelimits-limit-getorder': '50' })).toEqual({ limit: 50 });
  });

  it.each([
    'x-ratelimit-limit',
    'ratelimit',
    'ratelimit-policy',
    'ratelimit-limits',
    'ratelimiting-limit',
    'ratelimit-limit-',
  ])('does not take %s for one of them', (name) => {
    expect(readRateLimit({ [name]: '50' })).toEqual({});
  });

  it('reads nothing where there is nothing', () => {
    expect(readRateLimit({})).toEqual({});
    expect(readRateLimit({ 'ratelimit-limit': undefined })).toEqual({});
  });
});
