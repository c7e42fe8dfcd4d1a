import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { RetryBudget } from './retry-budget.js';

describe('RetryBudget', () => {
  let clock: ManualClock;
  let budget: RetryBudget;

  beforeEach(() => {
    clock = new ManualClock();
    budget = new RetryBudget(clock);
  });

  /** How many retries are left; uses them all up. */
  const left = (): number => {
    let count = 0;
    while (count < 100 && budget.spend()) count += 1;
    return count;
  };
  const earn = (times: number): void => {
    for (let count = 0; count < times; count += 1) budget.earn();
  };

  it('has 20 retries at the start', () => {
    expect(left()).toBe(20);
    expect(left()).toBe(0);
  });

  it('gains one retry every ten seconds', () => {
    left();
    clock.advance(9999);
    expect(left()).toBe(0);
    clock.advance(1);
    expect(left()).toBe(1);
    clock.advance(35_000);
    expect(left()).toBe(3);
    clock.advance(5000);
    expect(left()).toBe(1);
  });

  it('gains one retry for every five successes', () => {
    left();
    earn(4);
    expect(left()).toBe(0);
    for (let count = 0; count < 10; count += 1) {
      earn(count === 0 ? 1 : 5);
      expect(left()).toBe(1);
    }
  });

  it('never holds more than 20 retries, after any number of successes and any time', () => {
    earn(1000);
    clock.advance(86_400_000);
    expect(left()).toBe(20);
    clock.advance(86_400_000);
    earn(1000);
    expect(left()).toBe(20);
  });

  it('neither loses nor gains retries if the clock is set back', () => {
    left();
    clock.advance(5000);
    expect(left()).toBe(0);
    clock = new ManualClock(clock.now() - 3_600_000);
    const setBack = new RetryBudget({ now: () => clock.now(), setTimeout: () => () => undefined });
    budget = setBack;
    expect(left()).toBe(20);
    clock = new ManualClock(clock.now() - 3_600_000);
    expect(left()).toBe(0);
    clock.advance(10_000);
    expect(left()).toBe(1);
  });

  it('allows, in any period, at most 20 retries, one every ten seconds and one for every five successes', () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 5, arbitrary: fc.constant('spend' as const) },
        { weight: 2, arbitrary: fc.constant('earn' as const) },
        { weight: 2, arbitrary: fc.integer({ min: 0, max: 30_000 }) },
      ),
      { maxLength: 300, size: 'max' },
    );
    fc.assert(
      fc.property(steps, (taken) => {
        clock = new ManualClock();
        budget = new RetryBudget(clock);
        let [spent, earned, ms] = [0, 0, 0];
        for (const step of taken) {
          if (typeof step === 'number') {
            clock.advance(step);
            ms += step;
          } else if (step === 'earn') {
            budget.earn();
            earned += 1;
          } else if (budget.spend()) {
            spent += 1;
          }
          if (spent > 20 + ms / 10_000 + earned / 5 + 1e-6) throw new Error(`${spent} were given out`);
        }
      }),
    );
  });
});
