import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Delivery } from '../deliveries/delivery.js';
import type { DeliveryState } from '../deliveries/domain/delivery-progress.js';
import { untilState, type ReadableDeliveries } from './until-state.js';

const DELIVERY: Delivery = {
  reference: 'A-1',
  account: undefined,
  state: 'requested',
  reason: undefined,
  orderId: undefined,
  orderStatus: undefined,
  driverId: undefined,
  duplicateOrders: [],
  shareLink: undefined,
  price: undefined,
  attempts: 0,
  cancellation: 'none',
  metadata: {},
  createdAt: '2026-12-01T08:00:00.000Z',
  updatedAt: '2026-12-01T08:00:00.000Z',
  dueAt: undefined,
};

/** Reads as these states, one after the other; the last one stays. */
function reading(...states: (DeliveryState | Partial<Delivery>)[]): ReadableDeliveries {
  let reads = 0;
  return {
    get: () => {
      const state = states[Math.min(reads, states.length - 1)];
      reads += 1;
      return Promise.resolve({ ...DELIVERY, ...(typeof state === 'string' ? { state } : state) });
    },
  };
}

afterEach(() => {
  jest.useRealTimers();
});

describe('untilState', () => {
  it('returns the delivery in the state', async () => {
    const deliveries = reading('requested', 'quoting', 'assigning');
    expect(await untilState(deliveries, 'A-1', 'assigning')).toMatchObject({ state: 'assigning' });
    expect(await untilState(reading('canceled'), 'A-1', ['completed', 'canceled'])).toMatchObject({
      state: 'canceled',
    });
  });

  it('ends at once, with the reason, if the delivery has ended otherwise', async () => {
    const reason = { code: 'NO_DRIVER', message: 'No driver came.' };
    const deliveries = reading({ state: 'needs_attention', reason, orderStatus: 'EXPIRED' });
    await expect(untilState(deliveries, 'A-1', 'completed')).rejects.toThrow(
      'The delivery "A-1" is needs_attention (its order is EXPIRED): NO_DRIVER, No driver came., and not completed.',
    );
  });

  it('ends in time', async () => {
    await expect(untilState(reading('booking'), 'A-1', 'completed', { timeoutMs: 30 })).rejects.toThrow(
      'The delivery "A-1" is booking after 30 ms, and not completed. ' +
        "If it waits for time to pass, advance the sandbox's clock.",
    );
    const again = reading({ state: 'assigning', attempts: 2, orderStatus: 'ASSIGNING_DRIVER' });
    await expect(untilState(again, 'A-1', 'completed', { timeoutMs: 30 })).rejects.toThrow(
      'The delivery "A-1" is assigning (its order is ASSIGNING_DRIVER) after 30 ms, and not completed. ' +
        "It is at attempt 2, with a new order. If it waits for time to pass, advance the sandbox's clock.",
    );
  });

  it('waits in real time, also under fake timers', async () => {
    jest.useFakeTimers();
    expect(await untilState(reading('requested', 'assigning'), 'A-1', 'assigning')).toMatchObject({ reference: 'A-1' });
  });

  it('asks for the account', async () => {
    const get = jest.fn<ReadableDeliveries['get']>().mockResolvedValue({ ...DELIVERY, state: 'completed' });
    await untilState({ get }, 'A-1', 'completed', { account: 'thailand' });
    expect(get).toHaveBeenCalledWith('A-1', { account: 'thailand' });
  });
});
