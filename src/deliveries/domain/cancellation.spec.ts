import { describe, expect, it } from '@jest/globals';
import { cancelAsked, canceled, cancellationSettled, cancelRefused, cancelSent } from './cancellation.js';
import { decide } from './decide.js';
import { newProgress, type TrackedOrder, type DeliveryProgress, type DeliveryState } from './delivery-progress.js';
import { DEFAULT_POLICY } from './delivery-policy.js';
import type { Transition, Snapshot } from './transition.js';
import { readAs, statusUpdated } from './order-updates.js';

const NOW = 1_000_000_000;
const DAY_MS = 86_400_000;
const ENDS = ['completed', 'canceled', 'failed'] as const;
const ORDER: TrackedOrder = {
  ...{ orderId: '1', status: 'ON_GOING', statusAt: 0, readAt: 0, placedAt: NOW, driverId: '7', driverSince: NOW },
  ...{ total: '100', priorityFee: '', currency: 'HKD', shareLink: '' },
};
const READING = { ...ORDER, status: 'CANCELED', driverId: '' };

function snapshot(progress: Partial<DeliveryProgress> = {}, state: DeliveryState = 'on_going'): Snapshot {
  return { state, progress: { ...newProgress(NOW, undefined), order: ORDER, ...progress } };
}

const action = ({ state, progress }: Transition, now = NOW): ReturnType<typeof decide> =>
  decide({ state, progress, scheduleAt: undefined, unmatched: [] }, DEFAULT_POLICY, now);

describe('a cancellation', () => {
  it('is requested once, comes before a pending retry, and keeps the state until the order is cancelled', () => {
    const asked = cancelAsked(snapshot({ retryAt: NOW + 1000 }), NOW);
    expect(asked).toMatchObject({ state: 'on_going', events: [{ type: 'cancel_requested' }] });
    expect(action(asked)).toEqual({ do: 'cancel', orderId: '1' });
    const again = cancelAsked(asked, NOW + 1);
    expect(again).toEqual({ state: asked.state, progress: asked.progress, events: [] });
  });

  it('of an order clears everything that was pending', () => {
    const done = canceled(
      snapshot(
        {
          ...{ failures: 3, retryAt: NOW + 1, needsRead: true, replacement: { until: NOW + 1, isAnnounced: true } },
          reason: { code: 'LALAMOVE_AWAY', message: '' },
        },
        'needs_attention',
      ),
    );
    expect(done).toEqual({
      state: 'canceled',
      progress: { ...newProgress(NOW, undefined), order: { ...ORDER, status: 'CANCELED' } },
      events: [{ type: 'canceled', orderId: '1' }],
    });
  });

  it('of a delivery without an order ends in canceled', () => {
    const done = canceled(snapshot({ order: undefined }, 'quoting'));
    expect(done).toMatchObject({ state: 'canceled', progress: { order: undefined } });
    expect(done.events).toEqual([{ type: 'canceled', orderId: undefined }]);
  });

  it.each(['REJECTED', 'EXPIRED'])('keeps the status %s of an order that has ended by itself', (status) => {
    expect(canceled(snapshot({ order: { ...ORDER, status } }, 'assigning'))).toMatchObject({
      state: 'canceled',
      progress: { order: { status } },
    });
  });

  it.each(ENDS)('does not change a delivery that is %s', (state) => {
    const before = snapshot({}, state);
    const nothing = { ...before, events: [] };
    expect(cancelAsked(before, NOW)).toEqual(nothing);
    expect(canceled(before)).toEqual(nothing);
  });

  it('explains CANCELED for the order that was sent the cancellation, and for no other order', () => {
    const tried = cancelSent(snapshot(), '1');
    expect(tried.events).toEqual([]);
    const read = (from: Snapshot): Transition => readAs(from, READING, 0, DEFAULT_POLICY, NOW);
    expect(read(tried)).toMatchObject({ state: 'canceled', events: [{ type: 'canceled', orderId: '1' }] });
    expect(read(cancelSent(snapshot(), '2'))).toMatchObject({ state: 'on_going', progress: { replacement: {} } });
  });

  it('that is refused lets the delivery go on, is not repeated, and does not explain a later CANCELED', () => {
    const asked = cancelSent(cancelAsked(snapshot({ failures: 2 }), NOW), '1');
    const refused = cancelRefused(asked, '1', 'ERR_CANCELLATION_FORBIDDEN');
    expect(refused).toMatchObject({ state: 'on_going', progress: { failures: 0, cancelAskedAt: NOW } });
    expect(refused.events).toEqual([{ type: 'cancel_refused', orderId: '1', code: 'ERR_CANCELLATION_FORBIDDEN' }]);
    // Only a read can show the order's current status.
    expect(action(refused)).toEqual({ do: 'read', orderId: '1' });
    const goingOn = readAs(refused, { ...READING, ...ORDER }, 0, DEFAULT_POLICY, NOW);
    expect(action(goingOn)).toMatchObject({ do: 'wait' });
    const elsewhere = readAs(refused, READING, 0, DEFAULT_POLICY, NOW);
    expect(elsewhere).toMatchObject({ state: 'on_going', progress: { replacement: { isAnnounced: false } } });
  });

  it('that was refused is sent again after the order has lost its driver', () => {
    const refused = cancelRefused(cancelAsked(snapshot(), NOW), '1', 'ERR_CANCELLATION_FORBIDDEN');
    const lost = { status: 'ASSIGNING_DRIVER', driverId: '' };
    const free = readAs(refused, { ...READING, ...lost }, 0, DEFAULT_POLICY, NOW);
    expect(action(free)).toEqual({ do: 'cancel', orderId: '1' });
  });

  it.each([
    ['CANCELED_UNEXPLAINED', 'nobody announced', false],
    ['REPLACEMENT_MISSING', 'customer service announced', true],
  ])('leads to needs_attention with %s if %s it and no replacement came', (code, _, isAnnounced) => {
    const waiting = isAnnounced
      ? statusUpdated(
          snapshot(),
          { status: 'CANCELED', driverId: '', cancelParty: 'LALAMOVE_CUSTOMER_SUPPORT' },
          NOW,
          DEFAULT_POLICY,
          NOW,
        )
      : readAs(snapshot(), READING, 0, DEFAULT_POLICY, NOW);
    // A cancellation that was requested meanwhile changes nothing, because a replacing order may exist.
    for (const from of [waiting, cancelAsked(waiting, NOW)]) {
      const settled = cancellationSettled(from);
      expect(settled).toMatchObject({
        state: 'needs_attention',
        progress: { replacement: undefined, reason: { code } },
      });
      expect(settled.events).toMatchObject([{ type: 'needs_attention', reason: { code } }]);
      // The package looks for its webhooks for a day.
      expect(action(settled)).toEqual({ do: 'wait', until: NOW + 300_000 });
      expect(action(settled, NOW + DAY_MS)).toEqual({ do: 'rest' });
    }
  });
});
