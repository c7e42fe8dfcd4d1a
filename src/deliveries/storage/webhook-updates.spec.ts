import { describe, expect, it } from '@jest/globals';
import { factsOf } from '../../../test/webhooks/event-samples.js';
import { readLalamoveEvent } from '../../webhooks/events/lalamove-event.js';
import { cancelTried } from '../domain/cancellation.js';
import { newCourse, type CourseOrder } from '../domain/delivery-progress.js';
import { DEFAULT_POLICY } from '../domain/delivery-policy.js';
import type { Evolution } from '../domain/transition.js';
import { newsIn } from './webhook-updates.js';

const NOW = 1_000_000_000;
const ORDER: CourseOrder = {
  ...{ orderId: '1', status: 'ON_GOING', toldAt: 0, readAt: 0, placedAt: NOW, driverId: '7', driverSince: NOW },
  ...{ total: '100', priorityFee: '', currency: 'HKD', shareLink: '' },
};

function evolvedBy(eventType: string, cancelParty: unknown): Evolution {
  const standing = cancelTried({ state: 'on_going', course: { ...newCourse(NOW, undefined), order: ORDER } }, '1');
  const order = { orderId: '1', status: 'CANCELED', previousStatus: 'ON_GOING', driverId: '', cancelParty };
  const news = newsIn(readLalamoveEvent(factsOf(eventType, { order })), NOW);
  return news.evolve(standing, DEFAULT_POLICY, NOW);
}

describe('who has cancelled an order', () => {
  it('is believed whatever the type, which is not signed, says', () => {
    const byService = evolvedBy('ORDER_CREATED', 'LALAMOVE_CUSTOMER_SUPPORT');
    expect(byService).toEqual(evolvedBy('ORDER_STATUS_CHANGED', 'LALAMOVE_CUSTOMER_SUPPORT'));
    expect(byService.state).not.toBe('canceled');
    for (const nobody of ['', null, 7]) expect(evolvedBy('ORDER_CREATED', nobody).state).toBe('canceled');
  });
});
