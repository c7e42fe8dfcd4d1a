import { afterEach, describe, expect, it } from '@jest/globals';
import type { DeliveriesHost } from '../deliveries/deliveries-host.js';
import { PLATFORMS } from '../support/host-app.js';
import { bookingOf } from '../support/sample-booking.js';
import { fetchPage, startTracking, trackingOf } from './tracking-host.js';

describe.each(PLATFORMS)('the tracking page on %s', (platform) => {
  let host: DeliveriesHost;

  afterEach(() => host.stop());

  it('shows a delivery from the booking to its end', async () => {
    host = await startTracking({ platform, sandbox: { drivers: 'still' } });
    await host.deliveries.book(bookingOf('A-1', { isPODEnabled: true }));
    await host.settle();
    const link = await trackingOf(host).linkFor('A-1');
    expect(link).toMatch(/^\/track\/[\w-]{56}$/);
    const phases: unknown[] = [];
    const see = async (): Promise<Record<string, unknown>> => {
      const { status, config } = await fetchPage(host.url + link);
      expect([status, config.kind]).toEqual([200, 'delivery']);
      const view = Object(config.view) as Record<string, unknown>;
      phases.push(view.phase);
      return view;
    };
    const { orderId = '' } = await host.deliveries.get('A-1');
    await see();
    for (const step of ['accept', 'pick-up', 'deliver', 'complete'] as const) {
      await host.sandbox.control.drive(orderId, { do: step });
      await host.settle();
      const view = await see();
      if (step === 'accept') expect(view.driver).toMatchObject({ name: expect.stringContaining('TestDriver') });
    }
    expect(phases).toEqual(['finding_driver', 'to_pick_up', 'on_the_way', 'delivered', 'delivered']);
    const view = await see();
    expect(view).toMatchObject({
      step: 3,
      recipient: { name: 'Ada', address: 'Hong Kong International Airport' },
      proof: { status: 'delivered', image: expect.any(String) },
      isOver: true,
    });
    const image = await fetch(`${host.url}${link}/proof`);
    expect([image.status, image.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect((await image.arrayBuffer()).byteLength).toBeGreaterThan(100);
  });
});
