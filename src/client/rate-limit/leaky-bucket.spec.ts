import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { afterOne, emptyAtFor, waitFor, type RateLimit } from './leaky-bucket.js';

const START = Date.parse('2026-11-22T08:00:00Z');
/** The tolerance for rounding: sums of thirds of a second are not exact. */
const ROUNDING = 1e-2;

/** Budgets: requests a minute, and how many of them at once. */
const LIMITS: fc.Arbitrary<RateLimit> = fc
  .tuple(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 40 }))
  .map(([perMinute, burst]) => ({ key: 'a', intervalMs: 60_000 / perMinute, burst }));
/** Limits with times in whole ms, so that a time can be compared exactly. */
const WHOLE_LIMITS: fc.Arbitrary<RateLimit> = fc
  .tuple(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 1, max: 40 }))
  .map(([intervalMs, burst]) => ({ key: 'a', intervalMs, burst }));
/** The pauses between calls: mostly none, or shorter than the interval of a slot; sometimes a long one. */
const PAUSES = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 200 }) },
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 120_000 }) },
  ),
  { minLength: 1, maxLength: 120, size: 'max' },
);

/** The times at which calls are admitted or refused at once, after each pause. */
function served(
  limit: RateLimit,
  pauses: readonly number[],
): { admitted: number[]; refused: number[]; emptyAt: number } {
  const [admitted, refused]: [number[], number[]] = [[], []];
  let [now, emptyAt] = [START, 0];
  for (const pause of pauses) {
    now += pause;
    if (waitFor(limit, emptyAt, now) > 0) {
      refused.push(now);
    } else {
      admitted.push(now);
      emptyAt = afterOne(limit, emptyAt, now);
    }
  }
  return { admitted, refused, emptyAt };
}

/** How many calls a limit may admit in so many ms, including the last one. */
const most = ({ intervalMs, burst }: RateLimit, windowMs: number): number =>
  burst + Math.floor((windowMs + ROUNDING) / intervalMs);

describe('a rate limit', () => {
  it('admits at most its burst, and what leaks during the period, in any period', () => {
    fc.assert(
      fc.property(LIMITS, PAUSES, (limit, pauses) => {
        const { admitted } = served(limit, pauses);
        for (const [first, from] of admitted.entries()) {
          for (let last = first; last < admitted.length; last += 1) {
            const windowMs = (admitted[last] ?? 0) - from;
            if (last - first + 1 > most(limit, windowMs)) throw new Error(`${last - first + 1} within ${windowMs} ms`);
          }
        }
      }),
    );
  });

  it('refuses no call if there was room', () => {
    fc.assert(
      fc.property(LIMITS, PAUSES, (limit, pauses) => {
        const { admitted, refused } = served(limit, pauses);
        for (const at of refused) {
          const before = admitted.filter((time) => time <= at);
          const isFull = before.some(
            (from, index) => before.length - index + 1 > most(limit, at - from - 2 * ROUNDING),
          );
          if (!isFull) throw new Error(`refused after ${at - START} ms`);
        }
      }),
    );
  });

  it('returns the exact ms at which the next call is admitted, also for a place in a queue', () => {
    fc.assert(
      fc.property(WHOLE_LIMITS, PAUSES, fc.nat({ max: 60 }), (limit, pauses, ahead) => {
        const now = START + pauses.reduce((sum, pause) => sum + pause, 0);
        let { emptyAt } = served(limit, pauses);
        const told = now + waitFor(limit, emptyAt, now, ahead);
        let time = now;
        for (let index = 0; index < ahead; index += 1) {
          time += waitFor(limit, emptyAt, time);
          emptyAt = afterOne(limit, emptyAt, time);
        }
        expect(waitFor(limit, emptyAt, told)).toBe(0);
        if (told > time) expect(waitFor(limit, emptyAt, told - 1)).toBe(1);
        else expect(told).toBe(now);
      }),
    );
  });

  it('never delays a call by more than 1 ms because of rounding, with any interval', () => {
    fc.assert(
      fc.property(LIMITS, PAUSES, (limit, pauses) => {
        const now = START + pauses.reduce((sum, pause) => sum + pause, 0);
        const { emptyAt } = served(limit, pauses);
        const wait = Math.ceil(waitFor(limit, emptyAt, now));
        expect(waitFor(limit, emptyAt, now + wait)).toBeLessThan(ROUNDING);
        if (wait > 0) expect(waitFor(limit, emptyAt, now + wait - 1)).toBeGreaterThan(0);
      }),
    );
  });

  it('admits at most its burst after any pause', () => {
    const limit = { key: 'a', intervalMs: 600, burst: 95 };
    const afterADay = served(limit, [...Array<number>(95).fill(0), 86_400_000, ...Array<number>(99).fill(0)]);
    expect(afterADay.admitted).toHaveLength(190);
    expect(afterADay.refused).toHaveLength(5);
  });

  it('calculates the level at which the next call is admitted at a given time', () => {
    fc.assert(
      fc.property(WHOLE_LIMITS, fc.nat({ max: 600_000 }), (limit, wait) => {
        expect(waitFor(limit, emptyAtFor(limit, START + wait), START)).toBe(wait);
      }),
    );
  });
});
