import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { milliseconds } from './duration.js';

describe('a duration', () => {
  it.each([
    [0, 0],
    [250, 250],
    ['0s', 0],
    ['250ms', 250],
    ['90s', 90_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['60d', 5_184_000_000],
    ['1h 30m', 5_400_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    [' 2 m  5 s ', 125_000],
    ['1m 1m', 120_000],
  ])('%j is %i ms', (duration, ms) => {
    expect(milliseconds(duration)).toBe(ms);
  });

  it.each([
    [0.4, 0],
    [0.5, 1],
    ['0.0004s', 0],
    ['1.0006s', 1001],
  ])('%j is rounded to %i ms', (duration, ms) => {
    expect(milliseconds(duration)).toBe(ms);
  });

  it('is the sum of its parts', () => {
    const part = fc.nat({ max: 10_000 });
    fc.assert(
      fc.property(part, part, part, part, part, (d, h, m, s, ms) => {
        const sum = d * 86_400_000 + h * 3_600_000 + m * 60_000 + s * 1000 + ms;
        expect(milliseconds(`${d}d ${h}h ${m}m ${s}s ${ms}ms`)).toBe(sum);
      }),
    );
  });

  it.each([
    [''],
    [' '],
    ['5'],
    ['m'],
    ['5 minutes'],
    ['5M'],
    ['-5m'],
    ['5m and a bit'],
    ['1,5h'],
    ['.5h'],
    ['1e3ms'],
    [-1],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
  ])('cannot be %j', (duration) => {
    expect(() => milliseconds(duration)).toThrow(RangeError);
    expect(() => milliseconds(duration)).toThrow(/is not a duration: give ms/);
  });
});
