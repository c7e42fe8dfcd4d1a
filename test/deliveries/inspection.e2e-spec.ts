import { afterEach, describe, expect, it } from '@jest/globals';
import { DELIVERIES_INSPECTION, type DeliveriesInspection } from '../../src/deliveries/inspection.js';
import { failureOf } from '../support/lalamove.js';
import { bookingOf } from '../support/sample-booking.js';
import { DeliveriesHost } from './deliveries-host.js';

describe('what operators see of deliveries', () => {
  let host: DeliveriesHost;

  afterEach(() => host.stop());

  const inspection = (): DeliveriesInspection => host.app.get(DELIVERIES_INSPECTION, { strict: false });

  /** Books deliveries one second after the other. */
  async function book(...references: readonly string[]): Promise<void> {
    for (const [index, reference] of references.entries()) {
      const phone = `+8525123${4500 + index}`;
      await host.deliveries.book(bookingOf(reference, { recipients: [{ name: `Ada ${index}`, phone }] }));
      await host.settle();
      await host.clock.advance('1s');
    }
  }

  const referencesOf = ({ deliveries }: { deliveries: readonly { reference: string }[] }): string[] =>
    deliveries.map(({ reference }) => reference);

  it('is listed page by page, the newest first, also in several states', async () => {
    host = await DeliveriesHost.start();
    await book('A-1', 'A-2', 'A-3', 'A-4', 'A-5');
    await host.deliveries.cancel('A-2');
    await host.deliveries.cancel('A-4');
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await inspection().newest({ states: ['assigning', 'canceled'], cursor, limit: 2 });
      pages.push(referencesOf(page));
      ({ cursor } = page);
    } while (cursor !== undefined);
    expect(pages).toEqual([['A-5', 'A-4'], ['A-3', 'A-2'], ['A-1']]);
    expect(referencesOf(await inspection().newest({ states: ['canceled'], limit: 50 }))).toEqual(['A-4', 'A-2']);
    expect(referencesOf(await inspection().newest({ account: 'none', limit: 50 }))).toEqual([]);
    const [newest] = (await inspection().newest({ limit: 1 })).deliveries;
    expect(newest).toMatchObject({ reference: 'A-5', state: 'assigning', recipients: ['Ada 4'] });
    expect(await failureOf(inspection().newest({ cursor: 'x', limit: 1 }))).toMatchObject({
      name: 'InvalidDeliveryException',
    });
  });

  it('is found by a part of the reference, the order, and the end of a phone number', async () => {
    host = await DeliveriesHost.start();
    await book('A-1', 'A_2', 'B%3', 'Ö-4');
    const found = async (text: string): Promise<string[]> =>
      referencesOf(await inspection().search(text, { limit: 10 }));
    expect(await found('a-1')).toEqual(['A-1']);
    expect(await found('_')).toEqual(['A_2']);
    expect(await found('%')).toEqual(['B%3']);
    expect(await found('Ö')).toEqual(['Ö-4']);
    expect(await found('4501')).toEqual(['A_2']);
    expect(await found('5123 4502')).toEqual(['B%3']);
    // The end of a coordinate, and no phone number.
    expect(await found('2759')).toEqual([]);
    const { orderId = '' } = await host.deliveries.get('A-1');
    expect(await found(orderId)).toEqual(['A-1']);
    expect(await found('   ')).toEqual([]);
    expect(await inspection().search('nothing', { limit: 10 })).toEqual({
      deliveries: [],
      unreadable: [],
      looked: 4,
      isComplete: true,
    });
    expect(await inspection().search('A', { limit: 1, maxLooked: 1 })).toMatchObject({ looked: 4 });
  });

  it('is found although its row cannot be read', async () => {
    host = await DeliveriesHost.start();
    await book('A-1', 'A-2');
    const { orderId = '' } = await host.deliveries.get('A-1');
    await host.deliveries.database
      .withTables<{ deliveries: { reference: string; progress: string } }>()
      .updateTable('deliveries')
      .set({ progress: '{"steps":[]}' })
      .where('reference', '=', 'A-1')
      .execute();
    for (const text of ['a-1', orderId])
      expect(await inspection().search(text, { limit: 10 })).toMatchObject({
        deliveries: [],
        unreadable: [{ reference: 'A-1' }],
      });
  });

  it('is shown with its stops, attempts and webhooks, until it is forgotten', async () => {
    host = await DeliveriesHost.start();
    await book('A-1');
    const { orderId = '' } = await host.deliveries.get('A-1');
    for (const status of ['ON_GOING', 'PICKED_UP', 'COMPLETED']) host.sandbox.moveOrder(orderId, status);
    await host.settle();
    const shown = await inspection().details('A-1', undefined);
    expect(shown).toMatchObject({
      delivery: { reference: 'A-1', state: 'completed', recipients: ['Ada 0'] },
      stops: [{ name: 'Shop' }, { name: 'Ada 0', phone: '+85251234500', coordinates: { lat: expect.any(Number) } }],
      serviceType: 'MOTORCYCLE',
      attempts: [{ number: 1, outcome: 'placed', orderId, currency: 'HKD' }],
    });
    const webhooks = shown.timeline.filter(({ source }) => source === 'webhook');
    expect(webhooks.length).toBeGreaterThan(2);
    for (const { payload } of webhooks) expect(JSON.parse(payload ?? '')).toMatchObject({ order: { orderId } });
    expect(shown.timeline.map(({ id }) => id)).toEqual([...shown.timeline.map(({ id }) => id)].sort((a, b) => a - b));

    await host.deliveries.forget('A-1');
    const forgotten = await inspection().details('A-1', undefined);
    expect(forgotten.stops).toBeUndefined();
    expect(forgotten.delivery.recipients).toBeUndefined();
    expect(JSON.stringify(forgotten)).not.toContain('Ada');
    expect(await failureOf(inspection().details('A-2', undefined))).toMatchObject({
      code: 'LALAMOVE_DELIVERY_NOT_FOUND',
    });
  });

  it('is shown where Lalamove has found its addresses, if it was booked without coordinates', async () => {
    host = await DeliveriesHost.start();
    const stops = [{ address: 'Victoria Peak' }, { address: 'Hong Kong Airport' }];
    await host.deliveries.book(bookingOf('A-1', { quotation: { serviceType: 'MOTORCYCLE', stops } }));
    await host.settle();
    const { orderId = '' } = await host.deliveries.get('A-1');
    const found = host.sandbox.orders.find((order) => order.orderId === orderId)?.stops;
    const shown = await inspection().details('A-1', undefined);
    expect(shown.stops).toMatchObject(stops);
    expect(shown.stops?.map(({ coordinates }) => coordinates)).toEqual(
      found?.map(({ coordinates: { lat, lng } }) => ({ lat: Number(lat), lng: Number(lng) })),
    );
    expect(found).toHaveLength(2);
  });

  it('can be followed by the ids of the stored events', async () => {
    host = await DeliveriesHost.start();
    expect(await inspection().lastEventId()).toBe(0);
    await book('A-1');
    const last = await inspection().lastEventId();
    await host.deliveries.cancel('A-1', { by: 'clerk-7' });
    const since = await inspection().eventsSince(last, 100);
    expect(since.map(({ type, reference }) => [type, reference])).toEqual(
      expect.arrayContaining([
        ['cancel_requested', 'A-1'],
        ['canceled', 'A-1'],
      ]),
    );
    expect(since.every(({ id }) => id > last)).toBe(true);
    expect(await inspection().eventsSince(await inspection().lastEventId(), 100)).toEqual([]);
  });

  it('has the balance of the wallet as the last webhook said', async () => {
    host = await DeliveriesHost.start();
    expect(await inspection().wallets()).toEqual([]);
    await host.sandbox.control.setBalance({ market: 'HK' }, '5000');
    await book('A-1', 'A-2');
    await host.clock.advance('1m');
    const [real] = await host.sandbox.control.wallets();
    const [wallet, ...others] = await inspection().wallets();
    expect(others).toEqual([]);
    expect(wallet).toMatchObject({ account: undefined, currency: 'HKD', at: expect.stringMatching(/^2026-12-01T/) });
    expect(Number(wallet?.amount)).toBe(Number(real?.balance));
  });

  it('says who has cancelled and who has decided', async () => {
    host = await DeliveriesHost.start();
    await host.sandbox.control.setBalance({ market: 'HK' }, '0');
    await book('A-1', 'A-2');
    await host.sandbox.control.setBalance({ market: 'HK' }, '5000');
    await host.deliveries.resolve('A-1', { rebook: true, by: 'clerk-7' });
    await host.settle();
    await host.deliveries.resolve('A-2', { cancel: true, by: 'clerk-8' });
    await host.deliveries.cancel('A-1', { by: 'clerk-9' });
    const who = async (reference: string): Promise<object[]> =>
      (await host.deliveries.timeline(reference)).flatMap((entry) =>
        entry.source === 'delivery' && 'by' in entry.event ? [entry.event] : [],
      );
    expect(await who('A-1')).toMatchObject([
      { type: 'resolved', how: 'rebook', by: 'clerk-7', state: 'quoting' },
      { type: 'cancel_requested', by: 'clerk-9' },
    ]);
    expect(await who('A-2')).toMatchObject([{ type: 'resolved', how: 'cancel', by: 'clerk-8', state: 'canceled' }]);
    for (const by of ['', 'a\nb', 7, '\ud800']) {
      const refused = host.deliveries.cancel('A-2', { by: by as string });
      expect(await failureOf(refused)).toMatchObject({ errors: [{ pointer: '/by' }] });
    }
  });
});
