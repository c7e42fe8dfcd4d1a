import { afterEach, describe, expect, it } from '@jest/globals';
import { LalamoveService } from 'nestjs-lalamove';
import { ID, WorkerWorld } from './worker-world.js';
import { DeliveriesHost } from './deliveries-host.js';
import { bookingOf } from '../support/sample-booking.js';

const QUOTED = bookingOf('A-1').quotation;
const stop = (lat: string, lng: string, address: string): (typeof QUOTED.stops)[number] => ({
  coordinates: { lat, lng },
  address,
});

describe('a delivery with an optimised route', () => {
  let end: () => Promise<void>;

  afterEach(() => end());

  it('brings every parcel to its own address, for any precision of the coordinates', async () => {
    const host = await DeliveriesHost.start();
    end = () => host.stop();
    const homes: Record<string, ReturnType<typeof stop>> = {
      Ada: stop('22.308046912345678', '113.918512345678', 'Airport'),
      Ben: stop('22.281912345678', '114.158112345678', 'Central'),
      Cleo: stop('22.336212345678', '114.176512345678', 'Kowloon'),
    };
    const stops = [stop('22.275912345678', '114.145512345678', 'Victoria Peak'), ...Object.values(homes)];
    await host.deliveries.book(
      bookingOf('A-1', {
        quotation: { ...QUOTED, stops, isRouteOptimized: true },
        recipients: Object.keys(homes).map((name) => ({ name, phone: '+85251234567' })),
      }),
    );
    await host.settle();
    const { orderId } = await host.deliveries.get('A-1');
    const order = await host.app.get(LalamoveService).getOrder(orderId ?? '');
    const reached = order.stops.slice(1).map(({ name, address }) => `${name}: ${address}`);
    expect(reached.sort()).toEqual(['Ada: Airport', 'Ben: Central', 'Cleo: Kowloon']);
    expect(order.stops.slice(1).map(({ name }) => name)).not.toEqual(Object.keys(homes));
  });

  it('books nothing if the stops cannot be matched, and reports that', async () => {
    const world = await WorkerWorld.open();
    end = () => world.close();
    const { request } = { request: bookingOf('A') };
    const quotation = { ...request.quotation, isRouteOptimized: true };
    await world.requested({ request: { ...request, quotation } });
    await world.advance();
    expect(world.lalamove.posted).toEqual([]);
    expect(world.lalamove.called).toEqual(['createQuotation']);
    expect(await world.row()).toMatchObject({
      ...{ id: ID, state: 'needs_attention', progress: { booked: 0, reason: { code: 'STOPS_UNMATCHED' } } },
    });
  });
});
