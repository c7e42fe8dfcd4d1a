import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Driver, Order } from 'nestjs-lalamove';
import { FrozenScene } from './frozen-scene.js';
import { booked, orderOf, QUOTATION } from '../support/inputs.js';
import { failureOf } from '../support/lalamove.js';
import { MINUTE, HOUR } from './time-units.js';

const DAY = 24 * HOUR;

describe('LalamoveSandbox', () => {
  const scene = new FrozenScene();

  beforeEach(() => scene.start());

  afterEach(() => scene.close());

  const refused = async (call: Promise<unknown>): Promise<unknown> => Reflect.get(await failureOf(call), 'code');

  const statusOf = async (orderId: string): Promise<string> => (await scene.lalamove.getOrder(orderId)).status;

  const move = (orderId: string, ...path: string[]): void => {
    for (const status of path) scene.sandbox.moveOrder(orderId, status);
  };

  /** An order that a driver has accepted. */
  const accepted = async (): Promise<Order> =>
    scene.sandbox.moveOrder((await booked(scene.lalamove)).orderId, 'ON_GOING');

  /** An order with this pick-up time. */
  const bookedFor = async (scheduleAt: string): Promise<Order> =>
    scene.lalamove.placeOrder(orderOf(await scene.lalamove.createQuotation({ ...QUOTATION, scheduleAt })));

  const releaseDriver = (orderId: string, times = 1): void => {
    for (let count = 0; count < times; count += 1) {
      scene.sandbox.drive(orderId, { do: 'accept' });
      scene.sandbox.drive(orderId, { do: 'reject' });
    }
  };

  describe('moves an order', () => {
    const ENDS = ['CANCELED', 'REJECTED'];
    const STATUSES = ['ASSIGNING_DRIVER', 'ON_GOING', 'PICKED_UP', 'DELIVERING', 'COMPLETED', ...ENDS, 'EXPIRED'];

    it.each([
      ['HK', 'ASSIGNING_DRIVER', [], ['ON_GOING', ...ENDS, 'EXPIRED']],
      ['HK', 'ON_GOING', ['ON_GOING'], ['PICKED_UP', 'ASSIGNING_DRIVER', ...ENDS]],
      ['HK', 'PICKED_UP', ['ON_GOING', 'PICKED_UP'], ['COMPLETED', 'ASSIGNING_DRIVER', ...ENDS]],
      ['BR', 'PICKED_UP', ['ON_GOING', 'PICKED_UP'], ['COMPLETED', 'DELIVERING', 'ASSIGNING_DRIVER', ...ENDS]],
      ['BR', 'DELIVERING', ['ON_GOING', 'PICKED_UP', 'DELIVERING'], ['COMPLETED', 'ASSIGNING_DRIVER', ...ENDS]],
      ['HK', 'COMPLETED', ['ON_GOING', 'PICKED_UP', 'COMPLETED'], []],
      ['HK', 'CANCELED', ['CANCELED'], []],
      ['HK', 'REJECTED', ['REJECTED'], []],
      ['HK', 'EXPIRED', ['EXPIRED'], []],
    ])('in %s from %s to each status that can follow, and to no other', async (market, from, path, next) => {
      const reached = async (): Promise<string> => {
        const { orderId } = await bookedIn(market);
        move(orderId, ...path);
        return orderId;
      };
      for (const status of next) {
        expect(scene.sandbox.moveOrder(await reached(), status)).toMatchObject({ status });
      }
      const orderId = await reached();
      const known = next.length === 0 ? 'that is final' : `next can be ${next.join(', ')}`;
      for (const status of [...STATUSES, 'LOST'].filter((each) => !next.includes(each))) {
        expect(() => scene.sandbox.moveOrder(orderId, status)).toThrow(
          new RangeError(`The order ${orderId} cannot go from ${from} to ${status}: ${known}.`),
        );
      }
      expect(await scene.lalamove.getOrder(orderId, { market })).toMatchObject({ status: from });
    });

    const bookedIn = async (market: string): Promise<Order> => {
      if (market === 'HK') return booked(scene.lalamove);
      const stops = [{ address: 'First street' }, { address: 'Second street' }];
      const quotation = { language: 'pt_BR', serviceType: 'LALAGO', stops };
      const { sender, recipients, ...order } = orderOf(await scene.lalamove.createQuotation(quotation, { market }));
      const phone = '+5511912345678';
      const people = recipients.map((person) => ({ ...person, phone }));
      return scene.lalamove.placeOrder({ ...order, sender: { ...sender, phone }, recipients: people }, { market });
    };

    it('to another driver with each match, and to no driver otherwise', async () => {
      const { orderId } = await booked(scene.lalamove);
      const drivers: string[] = [];
      for (const status of ['ON_GOING', 'ASSIGNING_DRIVER', 'ON_GOING', 'PICKED_UP', 'COMPLETED']) {
        drivers.push(scene.sandbox.moveOrder(orderId, status).driverId);
      }
      const [first, none, second, ...rest] = drivers;
      expect(first).toMatch(/^\d+$/);
      expect(none).toBe('');
      expect(second).toMatch(/^\d+$/);
      expect(second).not.toBe(first);
      expect(rest).toEqual([second, second]);
    });

    it('only if the order exists', () => {
      expect(() => scene.sandbox.moveOrder('1', 'ON_GOING')).toThrow(new RangeError('The sandbox has no order 1.'));
      expect(() => scene.sandbox.drive('1', { do: 'accept' })).toThrow(RangeError);
    });
  });

  it('proves a delivery if the order asked for proofs', async () => {
    const order = orderOf(await scene.lalamove.createQuotation(QUOTATION));
    const { orderId, stops } = await scene.lalamove.placeOrder({ ...order, isPODEnabled: true });
    expect(stops.map(({ POD }) => POD?.status)).toEqual([undefined, 'PENDING']);
    move(orderId, 'ON_GOING', 'PICKED_UP', 'COMPLETED');
    expect((await scene.lalamove.getOrder(orderId)).stops[1]?.POD).toMatchObject({
      status: 'DELIVERED',
      deliveredAt: '2026-11-22T08:00:00.00Z',
    });
  });

  it('serves the pictures of proofs', async () => {
    const order = orderOf(await scene.lalamove.createQuotation(QUOTATION));
    const { orderId } = await scene.lalamove.placeOrder({ ...order, isPODEnabled: true });
    move(orderId, 'ON_GOING', 'PICKED_UP', 'COMPLETED');
    const { stops } = await scene.lalamove.getOrder(orderId);
    const urls = [stops[0]?.POP?.imageUrls[0] ?? '', stops[1]?.POD?.image ?? ''];
    const pictures = await Promise.all(urls.map(async (url) => fetch(url)));
    expect(pictures.map(({ status, headers }) => [status, headers.get('content-type')])).toEqual([
      [200, 'image/png'],
      [200, 'image/png'],
    ]);
    const [pickUp, dropOff] = await Promise.all(
      pictures.map(async (picture) => Buffer.from(await picture.arrayBuffer())),
    );
    expect(dropOff?.length).toBeGreaterThan(500);
    expect(dropOff).not.toEqual(pickUp);
    const { url } = scene.sandbox;
    expect(
      await Promise.all([`${url}/proofs/..%2f.png`, `${url}/proofs/`].map(async (no) => (await fetch(no)).status)),
    ).toEqual([404, 404]);
  });

  describe('cancels an order', () => {
    it.each([
      [5 * MINUTE - 1, 'CANCELED'],
      [5 * MINUTE, 'CANCELED'],
      [5 * MINUTE + 1, 'ERR_CANCELLATION_FORBIDDEN'],
    ])('%d ms after the match: %s', async (after, outcome) => {
      const { orderId } = await accepted();
      await scene.sandbox.advance(after);
      if (outcome === 'CANCELED') {
        await scene.lalamove.cancelOrder(orderId);
        expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ status: 'CANCELED', driverId: '' });
      } else {
        expect(await failureOf(scene.lalamove.cancelOrder(orderId))).toMatchObject({
          code: outcome,
          upstreamStatus: 409,
        });
        expect(await statusOf(orderId)).toBe('ON_GOING');
      }
    });

    it('as long as there is no driver', async () => {
      const { orderId } = await booked(scene.lalamove);
      await scene.sandbox.advance(2 * HOUR - 1);
      await scene.lalamove.cancelOrder(orderId);
      expect(await statusOf(orderId)).toBe('CANCELED');
    });

    it('again, when a driver has given it back, and within 5 minutes after the last match', async () => {
      const orders = [await accepted(), await accepted()].map(({ orderId }) => orderId);
      await scene.sandbox.advance(30 * MINUTE);
      const [sought = '', matched = ''] = orders;
      for (const orderId of orders) scene.sandbox.drive(orderId, { do: 'reject' });
      await scene.lalamove.cancelOrder(sought);
      scene.sandbox.drive(matched, { do: 'accept' });
      await scene.sandbox.advance(5 * MINUTE);
      await scene.lalamove.cancelOrder(matched);
      expect(await statusOf(matched)).toBe('CANCELED');
    });

    it.each([
      ['that is on its way', ['ON_GOING', 'PICKED_UP'], 'ERR_CANCELLATION_FORBIDDEN', 409],
      ['that is completed', ['ON_GOING', 'PICKED_UP', 'COMPLETED'], 'ERR_CANCELLATION_FORBIDDEN', 409],
      ['that has expired', ['EXPIRED'], 'ERR_CANCELLATION_FORBIDDEN', 409],
      ['that is rejected', ['REJECTED'], 'ERR_CANCELLATION_FORBIDDEN', 409],
      ['that is already cancelled', ['CANCELED'], 'ERR_CANCELLATION', 422],
    ])('but not one %s', async (_, path, code, upstreamStatus) => {
      const { orderId } = await booked(scene.lalamove);
      move(orderId, ...path);
      expect(await failureOf(scene.lalamove.cancelOrder(orderId))).toMatchObject({ code, upstreamStatus });
      expect(await statusOf(orderId)).toBe(path.at(-1));
    });
  });

  describe('changes the driver', () => {
    const because = (reason: string): object => ({ reason });
    const change = (orderId: string, driverId: string, reason = 'DRIVER_LATE'): Promise<void> =>
      scene.lalamove.changeDriver(
        orderId,
        driverId,
        { reason: 'DRIVER_LATE', ...because(reason) },
        { validate: false },
      );

    it.each([
      [15 * MINUTE - 1, 'ERR_CHANGE_DRIVER'],
      [15 * MINUTE, 'ASSIGNING_DRIVER'],
      [15 * MINUTE + 1, 'ASSIGNING_DRIVER'],
      [DAY, 'ASSIGNING_DRIVER'],
    ])('%d ms after the match: %s', async (after, outcome) => {
      const { orderId, driverId } = await accepted();
      await scene.sandbox.advance(after);
      if (outcome === 'ASSIGNING_DRIVER') {
        await change(orderId, driverId);
        expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ status: outcome, driverId: '' });
      } else {
        expect(await refused(change(orderId, driverId))).toBe(outcome);
        expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ status: 'ON_GOING', driverId });
      }
    });

    it('until pick-up', async () => {
      const { orderId, driverId } = await accepted();
      await scene.sandbox.advance('15m');
      move(orderId, 'PICKED_UP');
      expect(await refused(change(orderId, driverId))).toBe('ERR_CHANGE_DRIVER');
      move(orderId, 'COMPLETED');
      expect(await refused(change(orderId, driverId))).toBe('ERR_CHANGE_DRIVER');
    });

    it('counted from the last match', async () => {
      const { orderId } = await accepted();
      await scene.sandbox.advance('14m');
      scene.sandbox.drive(orderId, { do: 'reject' });
      scene.sandbox.drive(orderId, { do: 'accept' });
      await scene.sandbox.advance(15 * MINUTE - 1);
      const { driverId } = await scene.lalamove.getOrder(orderId);
      expect(await refused(change(orderId, driverId))).toBe('ERR_CHANGE_DRIVER');
      await scene.sandbox.advance(1);
      await change(orderId, driverId);
    });

    it.each([['DRIVER_LATE'], ['DRIVER_ASKED_CHANGE'], ['DRIVER_UNRESPONSIVE'], ['DRIVER_RUDE']])(
      'for the reason %s',
      async (reason) => {
        const { orderId, driverId } = await accepted();
        await scene.sandbox.advance('15m');
        await change(orderId, driverId, reason);
        expect(await statusOf(orderId)).toBe('ASSIGNING_DRIVER');
      },
    );

    it('for no other reason, and only the driver of the order', async () => {
      const { orderId, driverId } = await accepted();
      await scene.sandbox.advance('15m');
      expect(await failureOf(change(orderId, driverId, 'DRIVER_TALL'))).toMatchObject({
        code: 'ERR_INVALID_FIELD',
        errors: [{ pointer: '/data/reason' }],
      });
      expect(await refused(change(orderId, '1'))).toBe('ERR_DRIVER_NOT_FOUND');
      expect(await statusOf(orderId)).toBe('ON_GOING');
    });
  });

  describe('shows the driver', () => {
    it.each([
      [2 * HOUR - 1, 'LALAMOVE_FORBIDDEN'],
      [2 * HOUR, 'shown'],
      [2 * HOUR + 1, 'shown'],
      [4 * HOUR, 'shown'],
    ])('of an order for in 3 hours, %d ms after the match: %s', async (after, outcome) => {
      const { orderId } = await bookedFor('2026-11-22T11:00:00Z');
      const { driverId } = scene.sandbox.moveOrder(orderId, 'ON_GOING');
      await scene.sandbox.advance(after);
      const read = scene.lalamove.getDriver(orderId, driverId);
      if (outcome === 'shown') expect(await read).toMatchObject({ driverId });
      else expect(await failureOf(read)).toMatchObject({ code: outcome, upstreamStatus: 403 });
    });

    it('earlier, if the driver is already at the pick-up', async () => {
      const { orderId } = await bookedFor('2026-11-22T11:00:00Z');
      const { driverId } = scene.sandbox.moveOrder(orderId, 'ON_GOING');
      expect(await refused(scene.lalamove.getDriver(orderId, driverId))).toBe('LALAMOVE_FORBIDDEN');
      scene.sandbox.drive(orderId, { do: 'arrive' });
      expect(await scene.lalamove.getDriver(orderId, driverId)).toMatchObject({ driverId });
    });

    it('but not one that has just accepted, if an earlier driver was at the pick-up', async () => {
      const { orderId } = await bookedFor('2026-11-22T11:00:00Z');
      for (const step of ['accept', 'arrive', 'reject', 'accept'] as const) scene.sandbox.drive(orderId, { do: step });
      const { driverId } = await scene.lalamove.getOrder(orderId);
      expect(await refused(scene.lalamove.getDriver(orderId, driverId))).toBe('LALAMOVE_FORBIDDEN');
    });

    it('until the order is completed, with a name, a phone in E.164 and a masked plate', async () => {
      const { orderId, driverId } = await accepted();
      move(orderId, 'PICKED_UP');
      expect(await scene.lalamove.getDriver(orderId, driverId)).toEqual({
        driverId,
        name: expect.stringMatching(/\S/),
        phone: expect.stringMatching(/^\+852\d{8}$/),
        plateNumber: expect.stringMatching(/^\*+.+\*$/),
        photo: '',
        coordinates: {
          lat: expect.stringMatching(/^22\.\d{7}$/),
          lng: expect.stringMatching(/^114\.\d{7}$/),
          updatedAt: '2026-11-22T08:00:00.00Z',
        },
      });
      move(orderId, 'COMPLETED');
      expect(await refused(scene.lalamove.getDriver(orderId, driverId))).toBe('LALAMOVE_FORBIDDEN');
    });

    it('of this order only: none before the match, none after a cancellation', async () => {
      const { orderId } = await booked(scene.lalamove);
      const missing = { code: 'ERR_DRIVER_NOT_FOUND', upstreamStatus: 404 };
      expect(await failureOf(scene.lalamove.getDriver(orderId, '80001'))).toMatchObject(missing);
      const { driverId } = scene.sandbox.moveOrder(orderId, 'ON_GOING');
      const { driverId: another } = await accepted();
      expect(await failureOf(scene.lalamove.getDriver(orderId, another))).toMatchObject(missing);
      await scene.lalamove.cancelOrder(orderId);
      expect(await failureOf(scene.lalamove.getDriver(orderId, driverId))).toMatchObject(missing);
    });

    it('on the way, at a position that is refreshed every 10 seconds', async () => {
      await scene.start({ drivers: [{ do: 'accept', after: '30s' }, { do: 'arrive' }] });
      const { orderId } = await booked(scene.lalamove);
      await scene.sandbox.advance('30s');
      const { driverId } = await scene.lalamove.getOrder(orderId);
      const positionAfter = async (ms: number): Promise<Driver['coordinates']> => {
        await scene.sandbox.advance(ms);
        return (await scene.lalamove.getDriver(orderId, driverId)).coordinates;
      };
      const first = await positionAfter(0);
      expect(first).toMatchObject({ updatedAt: '2026-11-22T08:00:30.00Z' });
      expect(await positionAfter(9999)).toEqual(first);
      const second = await positionAfter(1);
      expect(second).toMatchObject({ updatedAt: '2026-11-22T08:00:40.00Z' });
      expect([second?.lat, second?.lng]).not.toEqual([first?.lat, first?.lng]);
      expect(await positionAfter(9999)).toEqual(second);
      expect(await positionAfter(1)).toMatchObject({ updatedAt: '2026-11-22T08:00:50.00Z' });
    });

    it('at the pick-up, while the driver waits', async () => {
      await scene.start({ drivers: [{ do: 'accept' }, { do: 'arrive' }] });
      const { orderId, stops } = await booked(scene.lalamove);
      await scene.sandbox.advance('1h');
      const { driverId } = await scene.lalamove.getOrder(orderId);
      const { coordinates } = await scene.lalamove.getDriver(orderId, driverId);
      expect([coordinates?.lat, coordinates?.lng].map(Number)).toEqual(
        [stops[0]?.coordinates.lat, stops[0]?.coordinates.lng].map(Number),
      );
    });
  });

  describe('lets an order expire', () => {
    const expectExpiry = async (orderId: string, after: number): Promise<void> => {
      await scene.sandbox.advance(after - 1);
      expect(await statusOf(orderId)).toBe('ASSIGNING_DRIVER');
      await scene.sandbox.advance(1);
      expect(await statusOf(orderId)).toBe('EXPIRED');
    };

    it('2 hours after it was placed', async () => {
      await scene.sandbox.advance(1234);
      const { orderId } = await booked(scene.lalamove);
      await expectExpiry(orderId, 2 * HOUR);
      await scene.sandbox.advance('1d');
      expect(await statusOf(orderId)).toBe('EXPIRED');
    });

    it('2 hours after its pick-up time', async () => {
      const { orderId } = await bookedFor('2026-11-22T11:00:00Z');
      await expectExpiry(orderId, 5 * HOUR);
    });

    it('2 hours after a driver gave it back for the first time', async () => {
      const { orderId } = await booked(scene.lalamove);
      await scene.sandbox.advance('1h');
      releaseDriver(orderId);
      await expectExpiry(orderId, 2 * HOUR);
    });

    it('2 hours after the first of several gave it back', async () => {
      const { orderId } = await booked(scene.lalamove);
      await scene.sandbox.advance('1h');
      releaseDriver(orderId);
      await scene.sandbox.advance('90m');
      releaseDriver(orderId);
      await expectExpiry(orderId, 30 * MINUTE);
    });

    it.each([
      ['still within those 2 hours', 2 * HOUR - 1, 1],
      ['after them, so that another 2 hours begin', 2 * HOUR, 2 * HOUR],
      ['long after them', 5 * HOUR, 2 * HOUR],
    ])('when the next driver gives it back %s', async (_, later, left) => {
      const { orderId } = await booked(scene.lalamove);
      releaseDriver(orderId);
      scene.sandbox.drive(orderId, { do: 'accept' });
      await scene.sandbox.advance(later);
      scene.sandbox.drive(orderId, { do: 'reject' });
      await expectExpiry(orderId, left);
    });

    it('but not while it has a driver, however long, nor when it is given back', async () => {
      const { orderId } = await accepted();
      await scene.sandbox.advance('3h');
      expect(await statusOf(orderId)).toBe('ON_GOING');
      scene.sandbox.drive(orderId, { do: 'reject' });
      await expectExpiry(orderId, 2 * HOUR);
    });

    it('but not one that was accepted a millisecond before, nor one that was cancelled', async () => {
      const [{ orderId: accepts }, { orderId: cancelled }] = [
        await booked(scene.lalamove),
        await booked(scene.lalamove),
      ];
      await scene.sandbox.advance(2 * HOUR - 1);
      scene.sandbox.drive(accepts, { do: 'accept' });
      await scene.lalamove.cancelOrder(cancelled);
      await scene.sandbox.advance('1h');
      expect([await statusOf(accepts), await statusOf(cancelled)]).toEqual(['ON_GOING', 'CANCELED']);
    });
  });

  describe('rejects an order', () => {
    it.each([[1], [2], [3], [5]])('when %d drivers have given it back, and not before', async (maxRejections) => {
      await scene.start({ maxRejections });
      const { orderId } = await booked(scene.lalamove);
      for (let count = 1; count < maxRejections; count += 1) {
        releaseDriver(orderId);
        expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ status: 'ASSIGNING_DRIVER', driverId: '' });
      }
      releaseDriver(orderId);
      expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ status: 'REJECTED', driverId: '' });
      expect((await scene.sandbox.control.order(orderId)).rejections).toBe(maxRejections);
    });

    it('when 3 have by default, also with the goods on board', async () => {
      const { orderId } = await booked(scene.lalamove);
      releaseDriver(orderId, 2);
      for (const step of ['accept', 'pick-up', 'reject'] as const) scene.sandbox.drive(orderId, { do: step });
      expect(await statusOf(orderId)).toBe('REJECTED');
    });

    it.each([[1], [3]])('only if it has a driver, with maxRejections %d', async (maxRejections) => {
      await scene.start({ maxRejections });
      const { orderId } = await booked(scene.lalamove);
      releaseDriver(orderId, maxRejections - 1);
      expect(() => scene.sandbox.drive(orderId, { do: 'reject' })).toThrow(RangeError);
      expect(await statusOf(orderId)).toBe('ASSIGNING_DRIVER');
    });
  });

  it.each([
    [60 * DAY - 1, 'EXPIRED'],
    [60 * DAY, 'EXPIRED'],
    [60 * DAY + 1, 'LALAMOVE_FORBIDDEN'],
  ])('shows an order for 60 days: %d ms after it was placed it is %s', async (age, outcome) => {
    const { orderId } = await booked(scene.lalamove);
    await scene.sandbox.advance(age);
    if (outcome === 'EXPIRED') expect(await statusOf(orderId)).toBe(outcome);
    else
      expect(await failureOf(scene.lalamove.getOrder(orderId))).toMatchObject({ code: outcome, upstreamStatus: 403 });
  });
});
