import { describe, expect, it } from '@jest/globals';
import { newCourse, type CourseOrder, type DeliveryState } from './delivery-progress.js';
import { DEFAULT_POLICY } from './delivery-policy.js';
import type { Standing } from './transition.js';
import { driverTold, priceTold, readAs, replaced, told } from './order-updates.js';

const NOW = 1_000_000_000;

function standing(order: Partial<CourseOrder> = {}, state: DeliveryState = 'on_going'): Standing {
  const live: CourseOrder = {
    ...{ orderId: '1', status: 'ON_GOING', toldAt: NOW, readAt: 0, placedAt: NOW, driverId: '7', driverSince: NOW },
    ...{ total: '100', priorityFee: '', currency: 'HKD', shareLink: '' },
    ...order,
  };
  return { state, course: { ...newCourse(NOW, undefined), order: live } };
}

const tell = (from: Standing, status: string, signedAt: number, cancelParty?: string): ReturnType<typeof told> =>
  told(from, { status, driverId: '7', cancelParty }, signedAt, DEFAULT_POLICY, NOW);

const READING = {
  orderId: '1',
  status: 'PICKED_UP',
  driverId: '7',
  total: '100',
  priorityFee: '',
  currency: 'HKD',
  shareLink: '',
};

describe('news of an order', () => {
  it('hold where they are later, and are dropped where they are earlier', () => {
    expect(tell(standing(), 'PICKED_UP', NOW + 1000)).toMatchObject({
      state: 'picked_up',
      events: [{ type: 'picked_up' }],
    });
    expect(tell(standing(), 'PICKED_UP', NOW - 1000)).toMatchObject({
      state: 'on_going',
      events: [],
      course: { heardAt: NOW },
    });
  });

  it('want a read where they cannot be ordered: a tie, a step back, a read by another clock', () => {
    const doubt = { state: 'on_going', events: [], course: { inDoubt: true } };
    expect(tell(standing(), 'PICKED_UP', NOW)).toMatchObject(doubt);
    expect(tell(standing(), 'ASSIGNING_DRIVER', NOW + 1000)).toMatchObject(doubt);
    expect(tell(standing({ readAt: NOW }), 'PICKED_UP', NOW + 599_999)).toMatchObject(doubt);
    expect(tell(standing({ readAt: NOW }), 'PICKED_UP', NOW + 600_000)).toMatchObject({ state: 'picked_up' });
  });

  it('let a status pass that is newer than this package', () => {
    expect(tell(standing(), 'TELEPORTING', NOW + 1000)).toMatchObject({
      state: 'on_going',
      course: { order: { status: 'TELEPORTING' } },
    });
  });

  it('are final where the account itself cancelled, and wait for a replacement where it did not', () => {
    expect(tell(standing(), 'CANCELED', NOW, 'USER')).toMatchObject({
      state: 'canceled',
      events: [{ type: 'canceled' }],
    });
    const until = NOW + 3_600_000;
    expect(tell(standing(), 'CANCELED', NOW, 'LALAMOVE_CUSTOMER_SUPPORT')).toMatchObject({
      state: 'on_going',
      course: { replacement: { until, told: true } },
    });
    expect(readAs(standing(), { ...READING, status: 'CANCELED' }, NOW, DEFAULT_POLICY, NOW)).toMatchObject({
      course: { replacement: { until, told: false } },
    });
  });

  it('lead out of no end, but for a replacement', () => {
    for (const state of ['completed', 'canceled', 'failed'] as const) {
      const ended = standing({ status: 'COMPLETED' }, state);
      expect(tell(ended, 'ON_GOING', NOW + 1000).state).toBe(state);
      expect(tell(ended, 'CANCELED', NOW + 1000, 'USER').state).toBe(state);
      expect(readAs(ended, READING, NOW, DEFAULT_POLICY, NOW).state).toBe(state);
      expect(driverTold(ended, '8', NOW + 1000, NOW).events).toEqual([]);
      expect(replaced(ended, { prevOrderId: '1', orderId: '2' }, NOW)).toMatchObject({
        state: 'assigning',
        course: { order: { orderId: '2' }, inDoubt: true },
      });
      expect(replaced(ended, { prevOrderId: '3', orderId: '2' }, NOW).state).toBe(state);
    }
  });

  it('that came while a read was under way want another one', () => {
    expect(readAs(standing({ toldAt: NOW + 1000 }), READING, NOW, DEFAULT_POLICY, NOW)).toMatchObject({
      state: 'on_going',
      course: { inDoubt: true },
    });
    expect(readAs(standing(), READING, NOW, DEFAULT_POLICY, NOW)).toMatchObject({
      state: 'picked_up',
      course: { polls: 0 },
    });
  });

  it('of another driver want a read, and those of the first one do not', () => {
    expect(driverTold(standing(), '8', NOW + 1, NOW)).toMatchObject({ course: { inDoubt: true }, events: [] });
    expect(driverTold(standing({ driverId: '' }), '8', NOW + 1, NOW)).toMatchObject({
      events: [{ type: 'driver_assigned', driverId: '8' }],
    });
  });

  it.each(['ON_GOING', 'PICKED_UP', 'DELIVERING', 'COMPLETED', 'TELEPORTING'])(
    'of %s that name no driver leave the one that is known',
    (status) => {
      const news = { status, driverId: '' };
      const known = { course: { order: { status, driverId: '7', driverSince: NOW } } };
      const heard = told(standing(), news, NOW + 1000, DEFAULT_POLICY, NOW + 5);
      expect(heard).toMatchObject(known);
      // A read that names none is no news either: polls grow as seldom as they were.
      const read = readAs(heard, { ...READING, ...news }, NOW + 1000, DEFAULT_POLICY, NOW + 9);
      if (status !== 'COMPLETED') expect(read).toMatchObject({ events: [], course: { ...known.course, polls: 1 } });
      const named = told(heard, { status, driverId: '8' }, NOW + 2000, DEFAULT_POLICY, NOW + 9);
      if (status !== 'COMPLETED')
        expect(named.events).toEqual([{ type: 'driver_assigned', orderId: '1', driverId: '8' }]);
    },
  );

  it.each(['ASSIGNING_DRIVER', 'REJECTED', 'EXPIRED'])('of %s take the driver away', (status) => {
    const reading = { ...READING, status, driverId: '' };
    const free = { status, driverId: '', driverSince: 0 };
    expect(readAs(standing(), reading, NOW, DEFAULT_POLICY, NOW).course.order).toMatchObject(free);
  });

  it('of a driver are dropped where they are late, tell nothing again, and are doubted where the order has none', () => {
    const late = standing({ driverId: '' });
    expect(driverTold(late, '8', NOW - 1, NOW)).toEqual({ ...late, events: [] });
    const heard = { heardAt: NOW + 5, polls: 0 };
    const again = driverTold(standing(), '7', NOW + 1, NOW + 5);
    expect(again).toMatchObject({ course: { ...heard, order: { driverId: '7', driverSince: NOW } }, events: [] });
    expect(again.course.inDoubt).toBeUndefined();
    expect(driverTold(standing({ driverId: '' }), '8', NOW, NOW + 5)).toMatchObject({
      state: 'on_going',
      course: { ...heard, order: { driverId: '8', driverSince: NOW + 5 } },
    });
    // He may have given the order back already.
    const free = standing({ status: 'ASSIGNING_DRIVER', driverId: '', driverSince: 0 }, 'assigning');
    const doubted = driverTold(free, '8', NOW + 1, NOW + 5);
    expect(doubted).toMatchObject({ course: { ...heard, inDoubt: true, order: { driverId: '' } }, events: [] });
  });

  it('of a price hold in every state, and are told of where the total is another', () => {
    const price = { totalPrice: '120', priorityFee: '20', currency: 'HKD' };
    const dearer = { type: 'price_changed', orderId: '1', total: '120', currency: 'HKD' };
    for (const state of ['assigning', 'picked_up', 'completed', 'canceled', 'needs_attention'] as const) {
      const later = priceTold(standing({}, state), price, NOW, NOW + 5);
      expect(later).toMatchObject({ state, course: { order: { total: '120', priorityFee: '20' }, heardAt: NOW + 5 } });
      expect(later.events).toEqual([dearer]);
      expect(priceTold(later, price, NOW, NOW + 6).events).toEqual([]);
    }
    const none: Standing = { state: 'quoting', course: newCourse(NOW, undefined) };
    expect(priceTold(none, price, NOW, NOW)).toEqual({ ...none, events: [] });
    expect(driverTold(none, '8', NOW, NOW)).toEqual({ ...none, events: [] });
  });

  it('of prices hold by their signed timestamps, and are read where a read is as old', () => {
    const price = (totalPrice: string): Parameters<typeof priceTold>[1] => ({
      totalPrice,
      priorityFee: '',
      currency: 'HKD',
    });
    const dear = priceTold(standing(), price('140'), NOW + 2000, NOW);
    expect(priceTold(dear, price('120'), NOW + 1000, NOW)).toEqual({ ...dear, events: [] });
    expect(priceTold(dear, price('120'), NOW + 3000, NOW).course.order).toMatchObject({ total: '120' });
    const read = standing({ readAt: NOW });
    const hour = 3_600_000;
    expect(priceTold(read, price('140'), NOW - hour, NOW)).toEqual({ ...read, events: [] });
    expect(priceTold(read, price('140'), NOW + 1000, NOW)).toMatchObject({
      course: { inDoubt: true, order: { total: '100', pricedAt: NOW + 1000 } },
      events: [],
    });
    expect(priceTold(read, price('100'), NOW + 1000, NOW).course.inDoubt).toBeUndefined();
    expect(priceTold(read, price('140'), NOW + hour, NOW).course).toMatchObject({ order: { total: '140' } });
    // Who has ended is not read any more.
    expect(priceTold(standing({ readAt: NOW }, 'completed'), price('140'), NOW, NOW).course.order?.total).toBe('140');
  });
});
