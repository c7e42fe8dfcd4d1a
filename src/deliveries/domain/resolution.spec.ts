import { describe, expect, it } from '@jest/globals';
import {
  newProgress,
  type DeliveryAttempt,
  type DeliveryProgress,
  type DeliveryState,
  type TrackedOrder,
} from './delivery-progress.js';
import { isCorrectable, isCorrectedSince, resolvedByCorrecting, resolvedByRebooking } from './resolution.js';
import type { Snapshot } from './transition.js';

const ATTEMPT: DeliveryAttempt = {
  ...{ id: 'a', number: 1, quotationId: '1', quotationExpiresAt: 0 },
  ...{ outcome: 'refused', reservedAt: 0 },
};
const ORDER: TrackedOrder = {
  ...{ orderId: '7', status: 'ASSIGNING_DRIVER', statusAt: 0, readAt: 0, placedAt: 0, driverId: '', driverSince: 0 },
  ...{ total: '10', priorityFee: '', currency: 'HKD', shareLink: '' },
};
const waiting = (progress: Partial<DeliveryProgress>, state: DeliveryState = 'needs_attention'): Snapshot => ({
  state,
  progress: { ...newProgress(0, undefined), attempt: ATTEMPT, ...progress },
});
const duplicate = { order: ORDER, polls: 0, lastUpdateAt: 0, failures: 0 };

describe('isCorrectable', () => {
  it.each<[string, Partial<DeliveryProgress>]>([
    ['nothing was placed', { attempt: undefined }],
    ['the order was refused', {}],
    ['the order was rejected by drivers', { order: { ...ORDER, status: 'REJECTED' } }],
    ['this app has cancelled the order', { order: { ...ORDER, status: 'CANCELED' }, cancelSent: '7' }],
    ['no order of a given up attempt can turn up any more', { lost: { since: 0, until: 1 } }],
    ['no clone can turn up any more', { uncorrectableUntil: 1 }],
  ])('is true if %s', (_, progress) => {
    expect(isCorrectable(waiting(progress), 1)).toBe(true);
  });

  it.each<[string, Partial<DeliveryProgress>]>([
    ['an outcome is unknown', { attempt: { ...ATTEMPT, outcome: 'unknown' } }],
    ['an attempt is being posted', { attempt: { ...ATTEMPT, outcome: 'reserved' } }],
    ['the order is live', { order: ORDER }],
    ['a duplicate order is live', { duplicates: [duplicate] }],
    ['nobody knows who has cancelled the order', { order: { ...ORDER, status: 'CANCELED' } }],
    ['the policy has given an attempt up', { lost: { since: 0, until: 1, unknown: 1 } }],
    ['a person has confirmed lately that an attempt has no order', { lost: { since: 0, until: 2, unknown: 0 } }],
    ['a person has confirmed lately that there is no clone', { uncorrectableUntil: 2 }],
    [
      'a clone of a cancelled duplicate may be active',
      { duplicates: [{ ...duplicate, order: { ...ORDER, status: 'CANCELED' } }] },
    ],
    ['the database was restored', { restored: { at: 0, attemptId: 'r' } }],
  ])('is false if %s', (_, progress) => {
    expect(isCorrectable(waiting(progress), 1)).toBe(false);
  });

  it.each<DeliveryState>(['requested', 'quoting', 'booking', 'assigning', 'completed', 'canceled', 'failed'])(
    'is false for a delivery that is %s',
    (state) => {
      expect(isCorrectable(waiting({}, state), 1)).toBe(false);
    },
  );
});

describe('resolvedByRebooking', () => {
  it.each<[string, Partial<DeliveryProgress>]>([
    ['of an order that somebody else cancelled', { order: { ...ORDER, status: 'CANCELED' } }],
    ['of a duplicate', { duplicates: [{ ...duplicate, order: { ...ORDER, status: 'CANCELED' } }] }],
    ['of an attempt', { attempt: { ...ATTEMPT, outcome: 'unknown' } }],
    ['of a restored database', { restored: { at: 1, attemptId: 'r' } }],
  ])('allows no correction for a day, because an order may turn up: %s', (_, before) => {
    const { progress } = resolvedByRebooking(waiting(before), 1);
    const again: Snapshot = { state: 'needs_attention', progress: { ...progress, attempt: ATTEMPT } };
    expect(isCorrectable(again, 86_000_000)).toBe(false);
    expect(isCorrectable(again, 86_500_000)).toBe(true);
  });
});

describe('resolvedByCorrecting', () => {
  const correct = (snapshot: Snapshot, hashes: string[]): ReturnType<typeof resolvedByCorrecting> =>
    resolvedByCorrecting(snapshot, { fields: ['/sender/phone'], by: 'clerk-7', hashes }, 0, '90');

  it('books again without the old quotation, and says what was corrected', () => {
    const quotation = { quotationId: '1', expiresAt: 9e15, total: '10', currency: 'HKD', stopIds: [] };
    expect(correct(waiting({ quotation, reason: { code: 'ERR_X', message: 'x' } }), ['1', '2'])).toMatchObject({
      state: 'quoting',
      progress: { quotation: undefined, reason: undefined, corrected: ['1', '2'], maxPrice: '90' },
      events: [
        { type: 'corrected', fields: ['/sender/phone'], by: 'clerk-7' },
        { type: 'rebooking', because: 'RESOLVED' },
      ],
    });
  });

  it('is noticed by what was asked for the old request, also if it takes a correction back', () => {
    const once = correct(waiting({}), ['1', '2']);
    const { progress } = once;
    const back = correct({ state: 'needs_attention', progress }, ['2', '1']);
    expect(isCorrectedSince(waiting({}), waiting({ polls: 3 }))).toBe(false);
    expect(isCorrectedSince(waiting({}), once)).toBe(true);
    expect(isCorrectedSince(once, back)).toBe(true);
  });
});
