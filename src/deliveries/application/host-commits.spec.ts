import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { recordNamed } from '../../../test/deliveries/delivery-rows.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { DeliveriesStoreException } from '../delivery.exceptions.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import { HostCommits } from './host-commits.js';

describe('HostCommits', () => {
  const record = recordNamed('A', 0);
  let clock: ManualClock;
  let looks: number;
  let stored: () => DeliveryRecord | undefined;
  let seen: number[];
  let commits: HostCommits;

  beforeEach(() => {
    clock = new ManualClock(0);
    looks = 0;
    stored = () => undefined;
    seen = [];
    const find = (): Promise<DeliveryRecord | undefined> => {
      looks += 1;
      return new Promise((resolve) => {
        resolve(stored());
      });
    };
    commits = new HostCommits({ storage: { find }, clock, committed: () => seen.push(clock.now()) });
  });

  /** Advances the clock in small steps, so that each look can end before the next one. */
  async function advance(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50);
      await setImmediate();
    }
  }

  it.each([
    [100, 250],
    [900, 1250],
    [6300, 11_250],
    [20_000, 29_250],
  ])('sees a commit after %d ms at %d ms', async (committedAt, seenAt) => {
    stored = () => (clock.now() >= committedAt ? record : undefined);
    void commits.watch(record);
    await advance(40_000);
    expect(seen).toEqual([seenAt]);
    expect(clock.waiting).toBe(0);
  });

  it('gives up after half a minute, and leaves a delivery that another transaction has booked alone', async () => {
    stored = () => ({ ...record, id: 'another id' });
    void commits.watch(record);
    await advance(60_000);
    expect([seen, looks, clock.waiting]).toEqual([[], 8, 0]);
  });

  it('goes on after an error of the database', async () => {
    stored = () => {
      if (looks < 3) throw new DeliveriesStoreException('The database is away.');
      return record;
    };
    void commits.watch(record);
    await advance(5000);
    expect(seen).toEqual([1250]);
  });

  it('leaves no timer after a stop', async () => {
    void commits.watch(record);
    void commits.watch(record);
    await advance(100);
    commits.stop();
    expect([looks, clock.waiting]).toEqual([2, 0]);
  });
});
