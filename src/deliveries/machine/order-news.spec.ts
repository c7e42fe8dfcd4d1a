import { describe, expect, it } from '@jest/globals';
import { newCourse, type CourseOrder, type DeliveryState } from './delivery-course.js';
import { DEFAULT_POLICY } from './delivery-policy.js';
import type { Standing } from './evolve.js';
import { driverTold, readAs, replaced, told } from './order-news.js';

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
      expect(replaced(ended, '1', '2', NOW)).toMatchObject({
        state: 'assigning',
        course: { order: { orderId: '2' }, inDoubt: true },
      });
      expect(replaced(ended, '3', '2', NOW).state).toBe(state);
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
});
