import { afterEach, describe, expect, it } from '@jest/globals';
import { DeliveriesHost } from './deliveries-host.js';
import { bookingOf } from '../support/sample-booking.js';
import { Journal } from './journaled-host.js';

describe('deliveries', () => {
  let host: DeliveriesHost;

  afterEach(() => host.stop());

  it('track an order from the booking to the delivery', async () => {
    host = await DeliveriesHost.start({ sandbox: { drivers: 'prompt' }, more: { providers: [Journal] } });
    const booked = await host.deliveries.book(bookingOf('A-1'));
    expect(booked).toMatchObject({ reference: 'A-1', state: 'requested', attempts: 0 });
    await host.settle();
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'assigning', attempts: 1 });
    await host.clock.advance('2h');
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'completed', attempts: 1, dueAt: undefined });
    expect(host.sandbox.ledgerFor({ reference: 'A-1' }).completed).toHaveLength(1);
    expect(host.app.get(Journal).events.map(({ type }) => type)).toEqual([
      'requested',
      'quoted',
      'booked',
      'driver_assigned',
      'on_going',
      'picked_up',
      'completed',
    ]);
    const timeline = await host.deliveries.timeline('A-1');
    expect(timeline.filter(({ source }) => source === 'webhook').length).toBeGreaterThan(4);
  });
});
