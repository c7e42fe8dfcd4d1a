import { describe, expect, it } from '@jest/globals';
import { factsOf } from '../../../test/webhooks/event-samples.js';
import { readLalamoveEvent } from '../../webhooks/events/lalamove-event.js';
import { cancelSent } from '../domain/cancellation.js';
import { newProgress, type TrackedOrder } from '../domain/delivery-progress.js';
import { DEFAULT_POLICY } from '../domain/delivery-policy.js';
import type { Transition } from '../domain/transition.js';
import { webhookUpdate } from './webhook-updates.js';

const NOW = 1_000_000_000;
const ORDER: TrackedOrder = {
  ...{ orderId: '1', status: 'ON_GOING', statusAt: 0, readAt: 0, placedAt: NOW, driverId: '7', driverSince: NOW },
  ...{ total: '100', priorityFee: '', currency: 'HKD', shareLink: '' },
};

function transitionBy(eventType: string, cancelParty: unknown): Transition {
  const snapshot = cancelSent({ state: 'on_going', progress: { ...newProgress(NOW, undefined), order: ORDER } }, '1');
  const order = { orderId: '1', status: 'CANCELED', previousStatus: 'ON_GOING', driverId: '', cancelParty };
  const update = webhookUpdate(readLalamoveEvent(factsOf(eventType, { order })), { signedAt: NOW });
  return update.apply(snapshot, DEFAULT_POLICY, NOW);
}

describe('cancelParty of a webhook', () => {
  it('is used for every event type, because the type is not signed', () => {
    const byService = transitionBy('ORDER_CREATED', 'LALAMOVE_CUSTOMER_SUPPORT');
    expect(byService).toEqual(transitionBy('ORDER_STATUS_CHANGED', 'LALAMOVE_CUSTOMER_SUPPORT'));
    expect(byService.state).not.toBe('canceled');
    for (const unknown of ['', null, 7]) expect(transitionBy('ORDER_CREATED', unknown).state).toBe('canceled');
  });
});
