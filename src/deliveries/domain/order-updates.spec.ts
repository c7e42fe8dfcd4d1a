import { describe, expect, it } from '@jest/globals';
import { newProgress, type TrackedOrder, type DeliveryState } from './delivery-progress.js';
import { DEFAULT_POLICY } from './delivery-policy.js';
import type { Snapshot } from './transition.js';
import { driverUpdated, priceUpdated, readAs, replaced, statusUpdated } from './order-updates.js';

const NOW = 1_000_000_000;

function snapshot(order: Partial<TrackedOrder> = {}, state: DeliveryState = 'on_going'): Snapshot {
  const live: TrackedOrder = {
    ...{ orderId: '1', status: 'ON_GOING', statusAt: NOW, readAt: 0, placedAt: NOW, driverId: '7', driverSince: NOW },
    ...{ total: '100', priorityFee: '', currency: 'HKD', shareLink: '' },
    ...order,
  };
  return { state, progress: { ...newProgress(NOW, undefined), order: live } };
}

const update = (
  from: Snapshot,
  status: string,
  signedAt: number,
  cancelParty?: string,
): ReturnType<typeof statusUpdated> =>
  statusUpdated(from, { status, driverId: '7', cancelParty }, signedAt, DEFAULT_POLICY, NOW);

const READING = {
  orderId: '1',
  status: 'PICKED_UP',
  driverId: '7',
  total: '100',
  priorityFee: '',
  currency: 'HKD',
  shareLink: '',
};

describe('an order update', () => {
  it('is applied if it is newer, and dropped if it is older', () => {
    expect(update(snapshot(), 'PICKED_UP', NOW + 1000)).toMatchObject({
      state: 'picked_up',
      events: [{ type: 'picked_up' }],
    });
    expect(update(snapshot(), 'PICKED_UP', NOW - 1000)).toMatchObject({
      state: 'on_going',
      events: [],
      progress: { lastUpdateAt: NOW },
    });
  });

  it('requests a read if its order in time is unclear: equal times, a step back, or a read by another clock', () => {
    const doubt = { state: 'on_going', events: [], progress: { needsRead: true } };
    expect(update(snapshot(), 'PICKED_UP', NOW)).toMatchObject(doubt);
    expect(update(snapshot(), 'ASSIGNING_DRIVER', NOW + 1000)).toMatchObject(doubt);
    expect(update(snapshot({ readAt: NOW }), 'PICKED_UP', NOW + 599_999)).toMatchObject(doubt);
    expect(update(snapshot({ readAt: NOW }), 'PICKED_UP', NOW + 600_000)).toMatchObject({ state: 'picked_up' });
  });

  it('stores a status that this package does not know', () => {
    expect(update(snapshot(), 'TELEPORTING', NOW + 1000)).toMatchObject({
      state: 'on_going',
      progress: { order: { status: 'TELEPORTING' } },
    });
  });

  it('CANCELED is final if the account itself cancelled; otherwise a replacement is awaited', () => {
    expect(update(snapshot(), 'CANCELED', NOW, 'USER')).toMatchObject({
      state: 'canceled',
      events: [{ type: 'canceled' }],
    });
    const until = NOW + 3_600_000;
    expect(update(snapshot(), 'CANCELED', NOW, 'LALAMOVE_CUSTOMER_SUPPORT')).toMatchObject({
      state: 'on_going',
      progress: { replacement: { until, isAnnounced: true } },
    });
    expect(readAs(snapshot(), { ...READING, status: 'CANCELED' }, NOW, DEFAULT_POLICY, NOW)).toMatchObject({
      progress: { replacement: { until, isAnnounced: false } },
    });
  });

  it('does not leave a terminal state, except for a replacement', () => {
    for (const state of ['completed', 'canceled', 'failed'] as const) {
      const ended = snapshot({ status: 'COMPLETED' }, state);
      expect(update(ended, 'ON_GOING', NOW + 1000).state).toBe(state);
      expect(update(ended, 'CANCELED', NOW + 1000, 'USER').state).toBe(state);
      expect(readAs(ended, READING, NOW, DEFAULT_POLICY, NOW).state).toBe(state);
      expect(driverUpdated(ended, '8', NOW + 1000, NOW).events).toEqual([]);
      expect(replaced(ended, { prevOrderId: '1', orderId: '2' }, NOW)).toMatchObject({
        state: 'assigning',
        progress: { order: { orderId: '2' }, needsRead: true },
      });
      expect(replaced(ended, { prevOrderId: '3', orderId: '2' }, NOW).state).toBe(state);
    }
  });

  it('that arrives during a read requests another read', () => {
    expect(readAs(snapshot({ statusAt: NOW + 1000 }), READING, NOW, DEFAULT_POLICY, NOW)).toMatchObject({
      state: 'on_going',
      progress: { needsRead: true },
    });
    expect(readAs(snapshot(), READING, NOW, DEFAULT_POLICY, NOW)).toMatchObject({
      state: 'picked_up',
      progress: { polls: 0 },
    });
  });

  it('with another driver requests a read; one with the first driver does not', () => {
    expect(driverUpdated(snapshot(), '8', NOW + 1, NOW)).toMatchObject({ progress: { needsRead: true }, events: [] });
    expect(driverUpdated(snapshot({ driverId: '' }), '8', NOW + 1, NOW)).toMatchObject({
      events: [{ type: 'driver_assigned', driverId: '8' }],
    });
  });

  it.each(['ON_GOING', 'PICKED_UP', 'DELIVERING', 'COMPLETED', 'TELEPORTING'])(
    'of %s without a driver keeps the known driver',
    (status) => {
      const withoutDriver = { status, driverId: '' };
      const known = { progress: { order: { status, driverId: '7', driverSince: NOW } } };
      const updated = statusUpdated(snapshot(), withoutDriver, NOW + 1000, DEFAULT_POLICY, NOW + 5);
      expect(updated).toMatchObject(known);
      // A read without a driver changes nothing either, so that the polling interval grows.
      const read = readAs(updated, { ...READING, ...withoutDriver }, NOW + 1000, DEFAULT_POLICY, NOW + 9);
      if (status !== 'COMPLETED') expect(read).toMatchObject({ events: [], progress: { ...known.progress, polls: 1 } });
      const named = statusUpdated(updated, { status, driverId: '8' }, NOW + 2000, DEFAULT_POLICY, NOW + 9);
      if (status !== 'COMPLETED')
        expect(named.events).toEqual([{ type: 'driver_assigned', orderId: '1', driverId: '8' }]);
    },
  );

  it.each(['ASSIGNING_DRIVER', 'REJECTED', 'EXPIRED'])('of %s removes the driver', (status) => {
    const reading = { ...READING, status, driverId: '' };
    const free = { status, driverId: '', driverSince: 0 };
    expect(readAs(snapshot(), reading, NOW, DEFAULT_POLICY, NOW).progress.order).toMatchObject(free);
  });

  it('of a driver is dropped if it is old, causes no event twice, and requests a read if no driver is assigned', () => {
    const late = snapshot({ driverId: '' });
    expect(driverUpdated(late, '8', NOW - 1, NOW)).toEqual({ ...late, events: [] });
    const heard = { lastUpdateAt: NOW + 5, polls: 0 };
    const again = driverUpdated(snapshot(), '7', NOW + 1, NOW + 5);
    expect(again).toMatchObject({ progress: { ...heard, order: { driverId: '7', driverSince: NOW } }, events: [] });
    expect(again.progress.needsRead).toBeUndefined();
    expect(driverUpdated(snapshot({ driverId: '' }), '8', NOW, NOW + 5)).toMatchObject({
      state: 'on_going',
      progress: { ...heard, order: { driverId: '8', driverSince: NOW + 5 } },
    });
    // The driver may have left the order already.
    const free = snapshot({ status: 'ASSIGNING_DRIVER', driverId: '', driverSince: 0 }, 'assigning');
    const doubted = driverUpdated(free, '8', NOW + 1, NOW + 5);
    expect(doubted).toMatchObject({ progress: { ...heard, needsRead: true, order: { driverId: '' } }, events: [] });
  });

  it('of a price is applied in every state, and causes an event if the total changes', () => {
    const price = { totalPrice: '120', priorityFee: '20', currency: 'HKD' };
    const dearer = { type: 'price_changed', orderId: '1', total: '120', currency: 'HKD' };
    for (const state of ['assigning', 'picked_up', 'completed', 'canceled', 'needs_attention'] as const) {
      const later = priceUpdated(snapshot({}, state), price, NOW, NOW + 5);
      expect(later).toMatchObject({
        state,
        progress: { order: { total: '120', priorityFee: '20' }, lastUpdateAt: NOW + 5 },
      });
      expect(later.events).toEqual([dearer]);
      expect(priceUpdated(later, price, NOW, NOW + 6).events).toEqual([]);
    }
    const none: Snapshot = { state: 'quoting', progress: newProgress(NOW, undefined) };
    expect(priceUpdated(none, price, NOW, NOW)).toEqual({ ...none, events: [] });
    expect(driverUpdated(none, '8', NOW, NOW)).toEqual({ ...none, events: [] });
  });

  it('of a price is ordered by its signed timestamp, and requests a read if the last read is about as old', () => {
    const price = (totalPrice: string): Parameters<typeof priceUpdated>[1] => ({
      totalPrice,
      priorityFee: '',
      currency: 'HKD',
    });
    const dear = priceUpdated(snapshot(), price('140'), NOW + 2000, NOW);
    expect(priceUpdated(dear, price('120'), NOW + 1000, NOW)).toEqual({ ...dear, events: [] });
    expect(priceUpdated(dear, price('120'), NOW + 3000, NOW).progress.order).toMatchObject({ total: '120' });
    const read = snapshot({ readAt: NOW });
    const hour = 3_600_000;
    expect(priceUpdated(read, price('140'), NOW - hour, NOW)).toEqual({ ...read, events: [] });
    expect(priceUpdated(read, price('140'), NOW + 1000, NOW)).toMatchObject({
      progress: { needsRead: true, order: { total: '100', pricedAt: NOW + 1000 } },
      events: [],
    });
    expect(priceUpdated(read, price('100'), NOW + 1000, NOW).progress.needsRead).toBeUndefined();
    expect(priceUpdated(read, price('140'), NOW + hour, NOW).progress).toMatchObject({ order: { total: '140' } });
    // A delivery that has ended is not read any more.
    expect(priceUpdated(snapshot({ readAt: NOW }, 'completed'), price('140'), NOW, NOW).progress.order?.total).toBe(
      '140',
    );
  });
});
