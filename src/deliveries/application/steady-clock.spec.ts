import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { SkewedClock } from '../../../test/support/skewed-clock.js';
import { SteadyClock } from './steady-clock.js';

const HOUR_MS = 3_600_000;

describe('SteadyClock', () => {
  let time: ManualClock;
  let wall: SkewedClock;
  let steady: SteadyClock;

  beforeEach(() => {
    time = new ManualClock();
    wall = new SkewedClock(time);
    steady = new SteadyClock(wall);
  });

  it.each([HOUR_MS, -HOUR_MS])('follows the monotonic clock after a jump of %d ms, until follow() is called', (ms) => {
    const start = steady.now();
    wall.skewMs = ms;
    time.advance(1000);
    expect([steady.now() - start, steady.jump()]).toEqual([1000, ms]);
    time.advance(1000);
    expect(steady.now() - start).toBe(2000);
    const undo = steady.follow();
    expect([steady.now(), steady.jump()]).toEqual([wall.now(), 0]);
    undo();
    expect([steady.now() - start, steady.jump()]).toEqual([2000, ms]);
  });

  it('adopts small differences, which are not jumps, any number of times', () => {
    for (let count = 1; count <= 10; count += 1) {
      wall.skewMs += 4000;
      expect(steady.jump()).toBe(0);
      expect(steady.now()).toBe(wall.now());
    }
  });

  it('follows the wall clock if there is no monotonic time, and reports no jump', () => {
    const alone = new SteadyClock(time);
    expect([alone.detectsJumps, steady.detectsJumps]).toEqual([false, true]);
    time.advance(HOUR_MS);
    expect([alone.now(), alone.jump()]).toEqual([time.now(), 0]);
  });
});
