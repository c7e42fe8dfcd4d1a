import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Order } from 'nestjs-lalamove';
import { BookingScene, route, UNCHECKED } from './booking-scene.js';
import { expectRefusal } from './expect-refusal.js';
import { booked, EDIT, orderOf } from '../support/inputs.js';
import { failureOf } from '../support/lalamove.js';
import { MARKETS } from './market-inputs.js';

/** A decimal string, minus one unit of its last decimal. */
function oneUnitLess(amount: string): string {
  const decimals = amount.split('.')[1]?.length ?? 0;
  return (Number(amount) - 10 ** -decimals).toFixed(decimals);
}

describe('an order of the sandbox', () => {
  const scene = new BookingScene();

  beforeEach(() => scene.start());

  afterEach(() => scene.close());

  const edit = (orderId: string, stops: readonly object[], market = 'HK'): Promise<Order> =>
    scene.lalamove.editOrder(orderId, { ...EDIT, ...route(stops) }, { ...UNCHECKED, market });

  const fee = (orderId: string, priorityFee: string, market = 'HK'): Promise<Order> =>
    scene.lalamove.addPriorityFee(orderId, { priorityFee }, { ...UNCHECKED, market });

  const balance = async (market = 'HK'): Promise<string | undefined> =>
    (await scene.sandbox.control.wallets()).find((wallet) => wallet.market === market)?.balance;

  const accepted = async (): Promise<Order> => {
    const { orderId } = await booked(scene.lalamove);
    return scene.sandbox.moveOrder(orderId, 'ON_GOING');
  };

  describe('is paid from the wallet', () => {
    it.each([['HK'], ['MY'], ['BR']])('of %s: with exactly its price, and not with one unit less', async (market) => {
      const { priceBreakdown } = await scene.placeIn(market);
      const { total, currency } = priceBreakdown;
      await scene.fill(oneUnitLess(total), market);
      await expectRefusal(scene.placeIn(market), 'ERR_INSUFFICIENT_CREDIT', undefined, 402);
      expect(await balance(market)).toBe(oneUnitLess(total));
      expect(scene.sandbox.orders).toHaveLength(1);
      await scene.fill(total, market);
      await scene.placeIn(market);
      expect(Number(await balance(market))).toBe(0);
      expect(Number(scene.sandbox.ledger.total.spent[currency])).toBeCloseTo(2 * Number(total), 6);
    });

    it('of its market only', async () => {
      await scene.fill('0', 'SG');
      await booked(scene.lalamove);
      expect(await balance('SG')).toBe('0.0');
    });

    it('with exactly the amount of a priority fee, and not with one unit less', async () => {
      const order = await booked(scene.lalamove);
      const { orderId } = order;
      for (const [amount, added] of [
        ['20', '20'],
        ['25', '5'],
      ] as const) {
        const before = await scene.lalamove.getOrder(orderId);
        await scene.fill(oneUnitLess(added));
        await expectRefusal(fee(orderId, amount), 'ERR_INSUFFICIENT_CREDIT', undefined, 402);
        expect(await scene.lalamove.getOrder(orderId)).toEqual(before);
        await scene.fill(added);
        await fee(orderId, amount);
        expect(await balance()).toBe('0');
      }
      expect(Number(scene.sandbox.ledger.total.spent.HKD)).toBe(Number(order.priceBreakdown.total) + 25);
    });

    it('with exactly the amount that an edit adds; with one unit less there is no edit', async () => {
      const { orderId, priceBreakdown } = await accepted();
      const longer = [...EDIT.stops, ...EDIT.stops.slice(1)];
      const { priceBreakdown: further } = await scene.quote({ stops: longer });
      const added = String(Number(further.total) - Number(priceBreakdown.total));
      expect(Number(added)).toBeGreaterThan(0);
      await scene.fill(oneUnitLess(added));
      await expectRefusal(edit(orderId, longer), 'ERR_INSUFFICIENT_CREDIT', undefined, 402);
      expect(await balance()).toBe(oneUnitLess(added));
      await scene.fill(added);
      expect((await edit(orderId, longer)).priceBreakdown.total).toBe(further.total);
      expect(await balance()).toBe('0');
    });

    it('and gets back what an edit saves', async () => {
      const { orderId, priceBreakdown } = await accepted();
      await scene.fill('0');
      const [pickUp, dropOff] = EDIT.stops;
      const near = { ...dropOff, coordinates: { lat: '22.28', lng: '114.15' } };
      const edited = await edit(orderId, [{ ...pickUp }, near]);
      expect(Number(edited.priceBreakdown.total)).toBeLessThan(Number(priceBreakdown.total));
      expect(Number(await balance())).toBe(Number(priceBreakdown.total) - Number(edited.priceBreakdown.total));
    });

    const reject = (orderId: string): void => {
      for (let count = 0; count < 3; count += 1) {
        scene.sandbox.drive(orderId, { do: 'accept' });
        scene.sandbox.drive(orderId, { do: 'reject' });
      }
    };

    it.each<[string, string, (orderId: string) => unknown]>([
      ['cancelled while a driver is sought', 'CANCELED', (orderId) => scene.lalamove.cancelOrder(orderId)],
      [
        'cancelled after the match',
        'CANCELED',
        (orderId) => {
          scene.sandbox.moveOrder(orderId, 'ON_GOING');
          return scene.lalamove.cancelOrder(orderId);
        },
      ],
      ['cancelled by customer service', 'CANCELED', (orderId) => scene.sandbox.drive(orderId, { do: 'cancel' })],
      ['not accepted by anybody', 'EXPIRED', () => scene.sandbox.advance('2h')],
      [
        'given back too often',
        'REJECTED',
        (orderId) => {
          reject(orderId);
        },
      ],
    ])('and is refunded, with the fee, if it is %s', async (_, status, end) => {
      const { orderId } = await booked(scene.lalamove);
      const { priceBreakdown } = await fee(orderId, '20');
      await scene.fill('0');
      await end(orderId);
      expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ status });
      expect(await balance()).toBe(priceBreakdown.total);
      expect(scene.sandbox.ledger.total).toMatchObject({ live: [], completed: [], spent: { HKD: '0' } });
    });

    it('with no refund if it is completed', async () => {
      const { orderId, priceBreakdown } = await accepted();
      await scene.fill('0');
      for (const status of ['PICKED_UP', 'COMPLETED']) scene.sandbox.moveOrder(orderId, status);
      await scene.sandbox.advance('1d');
      expect(await balance()).toBe('0');
      expect(scene.sandbox.ledger.total).toMatchObject({ completed: [orderId], spent: { HKD: priceBreakdown.total } });
    });
  });

  describe('takes a priority fee', () => {
    it('in addition to its price', async () => {
      const { orderId, priceBreakdown } = await booked(scene.lalamove);
      const { total } = priceBreakdown;
      expect(await fee(orderId, '20')).toMatchObject({
        orderId,
        status: 'ASSIGNING_DRIVER',
        priceBreakdown: { totalExcludePriorityFee: total, priorityFee: '20', total: String(Number(total) + 20) },
      });
    });

    it('that replaces the last one, and must be higher', async () => {
      const { orderId, priceBreakdown } = await booked(scene.lalamove);
      await fee(orderId, '20');
      for (const amount of ['19', '20', '20.0']) {
        await expectRefusal(fee(orderId, amount), 'ERR_INVALID_TIPS', '/data/priorityFee');
      }
      const raised = await fee(orderId, '21');
      expect(raised.priceBreakdown).toMatchObject({
        priorityFee: '21',
        total: String(Number(priceBreakdown.total) + 21),
      });
      await expect(scene.lalamove.getOrder(orderId)).resolves.toEqual(raised);
    });

    it.each([
      ['HK', '3', '2', 'ERR_EXCEED_MIN_TIPS'],
      ['HK', '600', '601', 'ERR_EXCEED_MAX_TIPS'],
      ['MY', '0.5', '0.4', 'ERR_EXCEED_MIN_TIPS'],
      ['MY', '90.0', '90.1', 'ERR_EXCEED_MAX_TIPS'],
      ['BR', '0.70', '0.69', 'ERR_EXCEED_MIN_TIPS'],
      ['BR', '140.00', '140.01', 'ERR_EXCEED_MAX_TIPS'],
    ])('within limits: in %s of %s, but not of %s', async (market, withTimeout, beyond, code) => {
      const { orderId } = await scene.placeIn(market);
      await expectRefusal(fee(orderId, beyond, market), code, '/data/priorityFee');
      expect(await fee(orderId, withTimeout, market)).toMatchObject({ priceBreakdown: { priorityFee: withTimeout } });
    });

    it.each([
      ['HK', '20.5'],
      ['HK', '0'],
      ['HK', '-20'],
      ['HK', '1e2'],
      ['HK', 'twenty'],
      ['MY', '5.55'],
      ['BR', '5.555'],
    ])('that is an amount: in %s not %j', async (market, amount) => {
      const { orderId } = await scene.placeIn(market);
      await expectRefusal(fee(orderId, amount, market), 'ERR_INVALID_TIPS', '/data/priorityFee');
    });

    it('until a driver accepts, and again when the driver has given it back', async () => {
      const { orderId } = await booked(scene.lalamove);
      await fee(orderId, '20');
      scene.sandbox.moveOrder(orderId, 'ON_GOING');
      await expectRefusal(fee(orderId, '30'), 'ERR_INVALID_ORDER_STATUS');
      scene.sandbox.drive(orderId, { do: 'reject' });
      await expectRefusal(fee(orderId, '20'), 'ERR_INVALID_TIPS', '/data/priorityFee');
      expect(await fee(orderId, '30')).toMatchObject({ priceBreakdown: { priorityFee: '30' } });
    });

    it('and keeps it after an edit', async () => {
      const { orderId } = await booked(scene.lalamove);
      await fee(orderId, '20');
      scene.sandbox.moveOrder(orderId, 'ON_GOING');
      const before = await scene.lalamove.getOrder(orderId);
      expect((await edit(orderId, EDIT.stops)).priceBreakdown).toEqual(before.priceBreakdown);
    });
  });

  describe('is edited', () => {
    const [pickUp, dropOff] = EDIT.stops;
    const KOWLOON = { ...dropOff, coordinates: { lat: '22.31', lng: '114.17' }, address: 'Kowloon', name: 'Bob' };

    it('to another route, with a new price', async () => {
      const { orderId, priceBreakdown, metadata } = await accepted();
      const { priceBreakdown: quoted, distance } = await scene.quote({ stops: [pickUp, KOWLOON, dropOff] });
      const edited = await edit(orderId, [{ ...pickUp }, KOWLOON, { ...dropOff, remarks: 'ring twice' }]);
      expect(edited).toMatchObject({ orderId, status: 'ON_GOING', metadata, distance });
      expect(edited.priceBreakdown.total).toBe(quoted.total);
      expect(Number(quoted.total)).toBeGreaterThan(Number(priceBreakdown.total));
      expect(edited.stops.map(({ address, name }) => [address, name])).toEqual([
        ['Victoria Peak', 'Shop'],
        ['Kowloon', 'Bob'],
        ['Airport', 'Ada'],
      ]);
      await expect(scene.lalamove.getOrder(orderId)).resolves.toEqual(edited);
      const { contacts } = await scene.sandbox.control.order(orderId);
      expect(contacts.map(({ remarks }) => remarks)).toEqual([undefined, undefined, 'ring twice']);
      expect(edited.remarks).toEqual(['ring twice']);
    });

    it('and loses remarks that are not repeated', async () => {
      const quotation = await scene.quote();
      const recipients = orderOf(quotation).recipients.map((person) => ({ ...person, remarks: 'ring twice' }));
      const { orderId } = await scene.place(quotation, { recipients });
      scene.sandbox.moveOrder(orderId, 'ON_GOING');
      await edit(orderId, EDIT.stops);
      expect((await scene.sandbox.control.order(orderId)).contacts[1]).not.toHaveProperty('remarks');
    });

    it('once, even if the driver changed since', async () => {
      const { orderId } = await accepted();
      await edit(orderId, [{ ...pickUp }, KOWLOON]);
      await expectRefusal(edit(orderId, EDIT.stops), 'ERR_ORDER_EDIT');
      scene.sandbox.drive(orderId, { do: 'reject' });
      scene.sandbox.drive(orderId, { do: 'accept' });
      await expectRefusal(edit(orderId, EDIT.stops), 'ERR_ORDER_EDIT');
    });

    it.each([
      ['a driver is sought', []],
      ['the goods are on board', ['ON_GOING', 'PICKED_UP']],
      ['it is completed', ['ON_GOING', 'PICKED_UP', 'COMPLETED']],
      ['it is cancelled', ['CANCELED']],
      ['it is rejected', ['ON_GOING', 'REJECTED']],
      ['it has expired', ['EXPIRED']],
    ])('but not while %s', async (_, path) => {
      const { orderId } = await booked(scene.lalamove);
      for (const status of path) scene.sandbox.moveOrder(orderId, status);
      await expectRefusal(edit(orderId, [{ ...pickUp }, KOWLOON]), 'ERR_ORDER_EDIT');
    });

    it.each([
      ['latitude', { coordinates: { lat: '22.2760', lng: '114.1455' } }],
      ['longitude', { coordinates: { lat: '22.2759', lng: '114.1456' } }],
      ['address', { address: 'Victoria Peak, HK' }],
      ['name', { name: 'Shopkeeper' }],
      ['phone', { phone: '+85221234568' }],
    ])('but never to a pick-up with another %s', async (_, change) => {
      const { orderId } = await accepted();
      await expectRefusal(edit(orderId, [{ ...pickUp, ...change }, KOWLOON]), 'ERR_INVALID_FIELD', '/data/stops/0');
      // A refused edit does not count.
      const inMoreDigits = { ...pickUp, coordinates: { lat: '22.27590', lng: '114.14550' } };
      expect(await edit(orderId, [inMoreDigits, KOWLOON])).toMatchObject({ orderId });
    });

    it.each([
      [1, 'ERR_INSUFFICIENT_STOPS'],
      [18, 'ERR_TOO_MANY_STOPS'],
    ])('but never to %d stops', async (count, code) => {
      const { orderId } = await accepted();
      const stops = [{ ...pickUp }, ...Array<object>(count - 1).fill(KOWLOON)];
      await expectRefusal(edit(orderId, stops), code, '/data/stops');
    });

    it.each([[2], [17]])('to %d stops', async (count) => {
      const { orderId } = await accepted();
      const stops = [{ ...pickUp }, ...Array<object>(count - 1).fill(KOWLOON)];
      expect((await edit(orderId, stops)).stops).toHaveLength(count);
    });

    it.each([
      ['a phone of another market', { phone: '+6591234567' }, 'ERR_INVALID_PHONE_NUMBER', '/data/stops/1/phone'],
      ['remarks of 1501 characters', { remarks: 'x'.repeat(1501) }, 'ERR_INVALID_FIELD', '/data/stops/1/remarks'],
      ['no name', { name: undefined }, 'ERR_MISSING_FIELD', '/data/stops/1/name'],
      [
        'a place outside the area',
        { coordinates: { lat: '23.1', lng: '114.1' } },
        'ERR_OUT_OF_SERVICE_AREA',
        '/data/stops/1',
      ],
    ])('but never to a drop-off with %s', async (_, change, code, pointer) => {
      const { orderId } = await accepted();
      await expectRefusal(edit(orderId, [{ ...pickUp }, { ...KOWLOON, ...change }]), code, pointer);
    });

    it('within its city', async () => {
      const { orderId, stops } = await scene.placeIn('TH');
      scene.sandbox.moveOrder(orderId, 'ON_GOING');
      const people = { name: 'Ada', phone: MARKETS.TH?.phone };
      const [from, to] = stops.map(({ coordinates, address }) => ({ ...people, coordinates, address }));
      const inPattaya = { ...people, coordinates: { lat: '12.9236', lng: '100.8825' }, address: 'Beach Road' };
      const start = { ...from, name: 'Shop' };
      const call = edit(orderId, [start, { ...to }, inPattaya], 'TH');
      await expectRefusal(call, 'ERR_OUT_OF_SERVICE_AREA', '/data/stops/2');
      expect((await edit(orderId, [start, { ...to }, { ...to }], 'TH')).stops).toHaveLength(3);
    });
  });

  it('differs from one that does not exist', async () => {
    await booked(scene.lalamove);
    for (const call of [
      scene.lalamove.getOrder('1'),
      scene.lalamove.cancelOrder('1'),
      edit('1', EDIT.stops),
      fee('1', '20'),
      scene.lalamove.getDriver('1', '2'),
      scene.lalamove.changeDriver('1', '2', { reason: 'DRIVER_LATE' }),
    ]) {
      expect(await failureOf(call)).toMatchObject({ code: 'ERR_ORDER_NOT_FOUND', upstreamStatus: 404 });
    }
  });
});
