import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decide } from './decide.js';
import {
  newProgress,
  type DeliveryAttempt,
  type TrackedOrder,
  type DeliveryProgress,
  type DeliverySnapshot,
  type DuplicateOrder,
} from './delivery-progress.js';
import { DEFAULT_POLICY } from './delivery-policy.js';
import { shiftTimes } from './shift-times.js';

const DAY_MS = 86_400_000;

function duplicateAt(at: number): DuplicateOrder {
  const order: TrackedOrder = {
    ...{ orderId: '2', status: 'ON_GOING', driverId: '8', total: '', priorityFee: '', currency: '', shareLink: '' },
    ...{ statusAt: 4, readAt: at + 14, placedAt: at + 15, driverSince: at + 16 },
  };
  return { order, lastUpdateAt: at + 17, retryAt: at + 18, polls: 1, failures: 1, cancelRefused: true };
}

/** A progress that has every optional part. */
function fullProgress(at: number): DeliveryProgress & { attempt: DeliveryAttempt; order: TrackedOrder } {
  return {
    ...newProgress(at, '100'),
    quotation: { quotationId: '1', expiresAt: at + 1, total: '1', currency: 'HKD', stopIds: ['1'] },
    attempt: {
      ...{ id: '1', number: 1, quotationId: '1', outcome: 'placed' },
      ...{ quotationExpiresAt: at + 2, reservedAt: at + 3 },
    },
    order: {
      ...{
        orderId: '1',
        status: 'ON_GOING',
        driverId: '7',
        total: '1',
        priorityFee: '',
        currency: 'HKD',
        shareLink: '',
      },
      ...{ statusAt: at + 4, pricedAt: at + 5, readAt: at + 6, placedAt: at + 7, driverSince: at + 8 },
    },
    cancelAskedAt: at + 9,
    retryAt: at + 10,
    replacement: { until: at + 11, isAnnounced: true },
    lost: { since: at + 12, until: at + 13 },
    uncorrectableUntil: at + 20,
    duplicates: [duplicateAt(at)],
    unread: [{ orderId: '9', failures: 1, retryAt: at + 19 }],
  };
}

describe('shiftTimes', () => {
  it('shifts every time of our clock, and no time of Lalamove’s clock', () => {
    const at = 1_000_000;
    const before = fullProgress(at);
    const after = shiftTimes(before, 500);
    const { statusAt, pricedAt } = { statusAt: at + 4, pricedAt: at + 5 };
    const expected = fullProgress(at + 500);
    expect(after).toEqual({ ...expected, order: { ...expected.order, statusAt, pricedAt } });
    expect(before).toEqual(fullProgress(at));
  });

  it('does not add missing parts, and keeps 0 for times that are not set', () => {
    const progress = newProgress(0, undefined);
    expect(shiftTimes(progress, 500)).toEqual({ ...progress, lastUpdateAt: 500 });
    const order = { ...fullProgress(0).order, readAt: 0, driverSince: 0 };
    expect(shiftTimes({ ...fullProgress(0), order }, 500).order).toMatchObject({
      readAt: 0,
      driverSince: 0,
      placedAt: 507,
    });
  });

  it('leads to the same decision after the same time, and can be reversed', () => {
    const states = fc.constantFrom('booking', 'quoting', 'assigning', 'on_going', 'needs_attention', 'completed');
    const parts = fc.subarray([
      'quotation',
      'attempt',
      'order',
      'cancelAskedAt',
      'retryAt',
      'replacement',
      'lost',
      'duplicates',
      'unread',
    ]);
    const outcomes = fc.constantFrom('reserved', 'unknown', 'placed', 'abandoned');
    const jumps = fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS });
    fc.assert(
      fc.property(
        states,
        parts,
        outcomes,
        jumps,
        fc.integer({ min: 0, max: DAY_MS }),
        (state, some, outcome, ms, later) => {
          const at = 10 * DAY_MS;
          const full = fullProgress(at);
          const kept = Object.entries(full).filter(([name]) => name in newProgress(0, '1') || some.includes(name));
          const progress = { ...newProgress(at, '100'), ...Object.fromEntries(kept) };
          const given = progress.attempt ? { ...progress, attempt: { ...full.attempt, outcome } } : progress;
          const snapshot = (of: DeliveryProgress): DeliverySnapshot => ({
            state,
            progress: of,
            scheduleAt: undefined,
            unmatched: ['9'],
          });
          const before = decide(snapshot(given), DEFAULT_POLICY, at + later);
          const after = decide(snapshot(shiftTimes(given, ms)), DEFAULT_POLICY, at + later + ms);
          expect(after).toEqual(before.do === 'wait' ? { ...before, until: before.until + ms } : before);
          expect(shiftTimes(shiftTimes(given, ms), -ms)).toEqual(given);
        },
      ),
    );
  });
});
