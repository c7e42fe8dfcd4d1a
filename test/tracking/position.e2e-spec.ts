import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import { DeliveryNotFoundException } from 'nestjs-lalamove/deliveries';
import type { DriverStep } from 'nestjs-lalamove/sandbox';
import type { DeliveriesHost } from '../deliveries/deliveries-host.js';
import { PLATFORMS } from '../support/host-app.js';
import { bookingOf } from '../support/sample-booking.js';
import { fetchPage, startTracking, trackingOf } from './tracking-host.js';
import { until } from '../support/until.js';

describe.each(PLATFORMS)('deliveries.position on %s', (platform) => {
  let host: DeliveriesHost;

  afterEach(() => host.stop());

  async function start(): Promise<void> {
    host = await startTracking({ platform, sandbox: { drivers: 'still' } });
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
  }

  async function drive(step: DriverStep): Promise<void> {
    const { orderId = '' } = await host.deliveries.get('A-1');
    await host.sandbox.control.drive(orderId, step);
    await host.settle();
  }

  async function place(lat: number, lng: number): Promise<void> {
    const { orderId = '' } = await host.deliveries.get('A-1');
    await host.sandbox.control.placeDriver(orderId, { lat, lng });
  }

  /** How often the driver was read. */
  async function reads(): Promise<number> {
    return (await host.sandbox.control.requests()).filter(({ operation }) => operation === 'getDriver').length;
  }

  it('reads the driver only under way, once for all callers, and at most every 10 seconds', async () => {
    await start();
    expect(await host.deliveries.position('A-1')).toBeUndefined();
    expect(await reads()).toBe(0);
    await drive({ do: 'accept' });
    await place(22.29, 114.02);
    const all = await Promise.all(Array.from({ length: 50 }, () => host.deliveries.position('A-1')));
    expect(new Set(all.map((position) => JSON.stringify(position))).size).toBe(1);
    expect(await reads()).toBe(1);
    await host.clock.advance('9s');
    await host.deliveries.position('A-1');
    expect(await reads()).toBe(1);
    await host.clock.advance('11s');
    expect(await host.deliveries.position('A-1')).toMatchObject({ lat: 22.29, lng: 114.02 });
    expect(await reads()).toBe(2);
    await drive({ do: 'pick-up' });
    await drive({ do: 'complete' });
    expect(await host.deliveries.position('A-1')).toBeUndefined();
    expect(await reads()).toBe(2);
  });

  it('keeps the last known position, with its age, while Lalamove fails', async () => {
    await start();
    await drive({ do: 'accept' });
    const known = await host.deliveries.position('A-1');
    expect(known).toBeDefined();
    host.sandbox.addFault({ call: 'getDriver', work: 'skipped', answer: { status: 500, body: '' }, times: 3 });
    await host.clock.advance('3m');
    expect(await host.deliveries.position('A-1')).toEqual(known);
    // The failure counts as a read: Lalamove is not asked again at once.
    const count = await reads();
    await host.deliveries.position('A-1');
    expect(await reads()).toBe(count);
  });

  it('does not mix up drivers: after a replacement the old position is gone', async () => {
    await start();
    await drive({ do: 'accept' });
    expect(await host.deliveries.position('A-1')).toBeDefined();
    await drive({ do: 'reject' });
    expect(await host.deliveries.position('A-1')).toBeUndefined();
    await drive({ do: 'accept' });
    host.sandbox.addFault({ call: 'getDriver', work: 'skipped', answer: { status: 500, body: '' } });
    expect(await host.deliveries.position('A-1')).toBeUndefined();
  });

  it('throws for a delivery that does not exist', async () => {
    await start();
    await expect(host.deliveries.position('nothing')).rejects.toThrow(DeliveryNotFoundException);
  });

  it('is read by the page only while somebody looks, once for all viewers', async () => {
    await start();
    await drive({ do: 'accept' });
    await drive({ do: 'pick-up' });
    await host.clock.advance('1m');
    expect(await reads()).toBe(0);
    const link = `${host.url}${await trackingOf(host).linkFor('A-1')}`;
    const streams = await Promise.all(Array.from({ length: 8 }, () => fetch(`${link}/live`)));
    expect(streams.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    await fetchPage(link);
    expect(await reads()).toBe(1);
    await host.clock.advance('11s');
    await until(async () => (await reads()) === 2);
    for (const { body } of streams) await body?.cancel();
    // Nobody looks any more.
    await host.clock.advance('0s');
    await setTimeout(200);
    const before = await reads();
    await host.clock.advance('5m');
    await setTimeout(3500);
    expect(await reads()).toBe(before);
  });
});
