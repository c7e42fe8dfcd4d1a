import { describe, expect, it } from '@jest/globals';
import { decide, type Action } from './decide.js';
import {
  newProgress,
  type TrackedOrder,
  type DeliveryProgress,
  type DeliverySnapshot,
  type DuplicateOrder,
} from './delivery-progress.js';
import { DEFAULT_POLICY, type DeliveryPolicy } from './delivery-policy.js';
import { placed } from './transitions.js';

const NOW = 1_000_000_000;
const MINUTE = 60_000;
const QUOTATION = { quotationId: 'q', expiresAt: NOW + 5 * MINUTE, total: '100', currency: 'HKD', stopIds: [] };
const ATTEMPT = {
  id: 'a',
  number: 1,
  quotationId: 'q',
  quotationExpiresAt: NOW,
  outcome: 'unknown',
  reservedAt: NOW,
} as const;
const ORDER: TrackedOrder = {
  ...{ orderId: '1', status: 'ASSIGNING_DRIVER', statusAt: 0, readAt: 0, placedAt: NOW, driverId: '', driverSince: 0 },
  ...{ total: '100', priorityFee: '', currency: 'HKD', shareLink: '' },
};

const DUPLICATE: DuplicateOrder = { order: { ...ORDER, orderId: '9' }, lastUpdateAt: NOW, polls: 0, failures: 0 };

function decided(
  progress: Partial<DeliveryProgress>,
  at: number,
  policy: Partial<DeliveryPolicy> = {},
  more: Partial<DeliverySnapshot> = {},
): Action {
  const snapshot: DeliverySnapshot = {
    ...{ state: 'booking', scheduleAt: undefined, unmatched: [], ...more },
    progress: { ...newProgress(NOW, undefined), ...progress },
  };
  return decide(snapshot, { ...DEFAULT_POLICY, ...policy }, at);
}

describe('decide', () => {
  it('orders a quotation until 15 s before it expires, and requests a new one after that', () => {
    const last = QUOTATION.expiresAt - 15_000;
    expect(decided({ quotation: QUOTATION }, last - 1)).toEqual({ do: 'book' });
    expect(decided({ quotation: QUOTATION }, last)).toEqual({ do: 'quote' });
    expect(decided({ quotation: QUOTATION }, last, { requote: false })).toMatchObject({
      reason: { code: 'QUOTATION_EXPIRED' },
    });
  });

  it('books at exactly maxPrice, and not at a millionth more', () => {
    expect(decided({ quotation: QUOTATION, maxPrice: '100.00' }, NOW)).toEqual({ do: 'book' });
    expect(decided({ quotation: QUOTATION, maxPrice: '99.999999' }, NOW)).toMatchObject({
      reason: { code: 'PRICE_ABOVE_MAX' },
    });
    expect(decided({ quotation: { ...QUOTATION, total: '' }, maxPrice: '1' }, NOW)).toMatchObject({ do: 'give-up' });
  });

  it('reads at once if the last update lies far in the future, but not for a small difference of clocks', () => {
    const order = { ...ORDER, status: 'ON_GOING' };
    const poll = { poll: { everySeconds: 120, maxSeconds: 1800 }, changeDriver: false } as const;
    const updatedAt = (lastUpdateAt: number): Action =>
      decided({ order, lastUpdateAt }, NOW, poll, { state: 'on_going' });
    expect(updatedAt(NOW + 24 * 60 * MINUTE)).toEqual({ do: 'read', orderId: '1' });
    expect(updatedAt(NOW + MINUTE)).toEqual({ do: 'wait', until: NOW + 3 * MINUTE });
  });

  it('spends nothing for a delivery of a restored database', () => {
    const restored = { at: NOW, attemptId: 'd.restored-1' };
    const gaveUp = { do: 'give-up', reason: { code: 'DATABASE_RESTORED' } };
    expect(decided({ restored }, NOW)).toMatchObject(gaveUp);
    expect(decided({ restored, quotation: QUOTATION }, NOW)).toMatchObject(gaveUp);
    expect(decided({ restored, cancelAskedAt: NOW }, NOW)).toMatchObject(gaveUp);
    const expired = { ...ORDER, status: 'EXPIRED' };
    expect(decided({ restored, booked: 1, order: expired }, NOW)).toMatchObject(gaveUp);
    expect(decided({ restored, booked: 1, order: expired, cancelAskedAt: NOW }, NOW)).toMatchObject(gaveUp);
    const policy = { raiseFee: [{ afterMinutes: 0, priorityFee: '20' }] };
    expect(decided({ booked: 1, order: ORDER }, NOW, policy)).toMatchObject({ do: 'raise-fee' });
    expect(decided({ restored, booked: 1, order: ORDER }, NOW, policy)).toMatchObject({ do: 'wait' });
    expect(decided({ restored, booked: 2, order: ORDER, duplicates: [DUPLICATE] }, NOW)).toMatchObject({ do: 'wait' });
    const attention = { state: 'needs_attention', unmatched: [] } as const;
    expect(decided({ restored, cancelAskedAt: NOW }, NOW, {}, attention)).toEqual({ do: 'rest' });
    expect(decided({ restored }, NOW, {}, { ...attention, unmatched: ['7'] })).toEqual({
      do: 'identify',
      orderId: '7',
    });
  });

  it('holds an unknown outcome until its quotation has expired and the wait is over', () => {
    const until = NOW + 10 * MINUTE;
    expect(decided({ attempt: ATTEMPT }, until - 1)).toEqual({ do: 'wait', until });
    expect(decided({ attempt: ATTEMPT }, until)).toMatchObject({ do: 'give-up', reason: { code: 'OUTCOME_UNKNOWN' } });
    expect(decided({ attempt: ATTEMPT }, until, { unknownOutcome: { waitMinutes: 10, then: 'rebook' } })).toEqual({
      do: 'abandon',
    });
    expect(decided({ attempt: ATTEMPT }, NOW, {}, { unmatched: ['7'] })).toEqual({ do: 'identify', orderId: '7' });
  });

  it('treats an attempt that a crash left reserved as unknown, before any other action', () => {
    const attempt = { ...ATTEMPT, outcome: 'reserved' } as const;
    expect(decided({ attempt, quotation: QUOTATION, cancelAskedAt: NOW, retryAt: NOW + 1 }, NOW)).toEqual({
      do: 'doubt',
    });
  });

  it('raises the fee at its time and within maxPrice, counted from the scheduled pick-up if there is one', () => {
    const raiseFee = [{ afterMinutes: 10, priorityFee: '20' }];
    const at = NOW + 10 * MINUTE;
    const policy = { raiseFee, poll: false } as const;
    expect(decided({ order: ORDER }, at - 1, policy)).toEqual({ do: 'wait', until: at });
    expect(decided({ order: ORDER, maxPrice: '120' }, at, policy)).toMatchObject({
      do: 'raise-fee',
      priorityFee: '20',
      step: 0,
    });
    expect(decided({ order: ORDER, maxPrice: '119.99' }, at, policy)).toEqual({ do: 'skip-fee', step: 0 });
    expect(decided({ order: { ...ORDER, priorityFee: '20' } }, at, policy)).toEqual({ do: 'skip-fee', step: 0 });
    expect(decided({ order: ORDER }, at, policy, { scheduleAt: NOW + 1 })).toEqual({ do: 'wait', until: at + 1 });
    expect(decided({ order: ORDER, feeSteps: 1 }, at, policy)).toEqual({ do: 'rest' });
  });

  it('polls with growing intervals, and not hours before a scheduled pick-up', () => {
    expect(decided({ order: ORDER }, NOW)).toEqual({ do: 'wait', until: NOW + 120_000 });
    expect(decided({ order: ORDER }, NOW + 120_000)).toEqual({ do: 'read', orderId: '1' });
    expect(decided({ order: ORDER, polls: 2 }, NOW)).toEqual({ do: 'wait', until: NOW + 480_000 });
    expect(decided({ order: ORDER, polls: 99 }, NOW)).toEqual({ do: 'wait', until: NOW + 1_800_000 });
    const scheduleAt = NOW + 600 * MINUTE;
    expect(decided({ order: ORDER }, NOW, {}, { scheduleAt })).toEqual({ do: 'wait', until: scheduleAt - 60 * MINUTE });
  });

  it('requests another driver if the matched one is late, up to maxChanges times', () => {
    const order = { ...ORDER, status: 'ON_GOING', driverId: '7', driverSince: NOW };
    const at = NOW + 45 * MINUTE;
    expect(decided({ order }, at - 1, { poll: false })).toEqual({ do: 'wait', until: at });
    expect(decided({ order }, at, { poll: false })).toEqual({ do: 'change-driver', orderId: '1', driverId: '7' });
    expect(decided({ order, driverChanges: 1 }, at, { poll: false })).toEqual({ do: 'rest' });
  });

  it.each(['REJECTED', 'EXPIRED'])('books again after %s, up to maxAttempts orders in total', (status) => {
    const order = { ...ORDER, status };
    expect(decided({ order, booked: 2 }, NOW)).toEqual({ do: 'rebook' });
    const why = status === 'REJECTED' ? 'every driver gave it back' : 'no driver has accepted it';
    const message = `The last of 3 orders ended as ${status}: ${why}.`;
    expect(decided({ order, booked: 3 }, NOW)).toEqual({ do: 'fail', reason: { code: 'NO_DRIVER', message } });
    expect(decided({ order, booked: 1 }, NOW, { rebook: false })).toMatchObject({ do: 'fail' });
    expect(decided({ order, booked: 1, cancelAskedAt: NOW }, NOW)).toEqual({ do: 'drop' });
  });

  it('waits for a replacement, then settles the cancellation', () => {
    const replacement = { until: NOW + 1, isAnnounced: true };
    const order = { ...ORDER, status: 'CANCELED' };
    expect(decided({ order, replacement }, NOW)).toEqual({ do: 'wait', until: NOW + 1 });
    expect(decided({ order, replacement }, NOW + 1)).toEqual({ do: 'settle-cancellation' });
  });

  it('does nothing in a terminal state, except for a duplicate order', () => {
    for (const state of ['completed', 'canceled', 'failed'] as const) {
      // A webhook contradicts the cancellation. Only a read can show the order's status.
      const doubted = state === 'canceled' ? { do: 'read', orderId: '1' } : { do: 'rest' };
      expect(decided({ cancelAskedAt: NOW, needsRead: true, order: ORDER }, NOW, {}, { state })).toEqual(doubted);
      expect(decided({ cancelAskedAt: NOW, order: ORDER }, NOW, {}, { state })).toEqual({ do: 'rest' });
      expect(decided({ duplicates: [DUPLICATE] }, NOW, {}, { state })).toEqual({
        do: 'cancel-duplicate',
        orderId: '9',
      });
      // The order of a refused attempt is a duplicate too.
      const progress = { ...newProgress(NOW, undefined), attempt: { ...ATTEMPT, outcome: 'refused' as const } };
      expect(placed({ state, progress }, 'a', { orderId: '9' }, NOW)).toMatchObject({
        state,
        progress: { duplicates: [{ order: { orderId: '9' } }] },
      });
    }
  });
});
