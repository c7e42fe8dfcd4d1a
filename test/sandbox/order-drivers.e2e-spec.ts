import { afterEach, describe, expect, it } from '@jest/globals';
import type { CreateQuotationDto, OrderStatus } from 'nestjs-lalamove';
import { DRIVER_SCRIPTS } from 'nestjs-lalamove/sandbox';
import { orderOf, QUOTATION } from '../support/inputs.js';
import { failureOf } from '../support/lalamove.js';
import { SECOND, MINUTE, TWO_DROPS } from './order-inputs.js';
import { OrderScene } from './order-scene.js';

/** The distance in metres of two places that are near each other. */
function metres(from: Coordinates, to: Coordinates): number {
  const [lat, lng] = [Number(to.lat) - Number(from.lat), Number(to.lng) - Number(from.lng)];
  return Math.hypot(lat, lng * Math.cos((Number(to.lat) * Math.PI) / 180)) * 111_195;
}

interface Coordinates {
  readonly lat: number | string;
  readonly lng: number | string;
}

describe('the life of an order in a sandbox', () => {
  const scene = new OrderScene();

  afterEach(() => scene.close());

  describe('scheduled for later', () => {
    const scheduled = (at: string): CreateQuotationDto => ({ ...TWO_DROPS, scheduleAt: at });

    it('is accepted at once, and its driver is not at the pick-up before the time', async () => {
      await scene.open({ drivers: [{ do: 'accept' }, { do: 'arrive' }, { do: 'pick-up', after: 0 }] });
      const { orderId } = await scene.place(scheduled('2026-11-22T11:00:00Z'));
      await scene.sandbox.advance('5h');
      expect(await scene.progressOf(orderId)).toEqual([
        ['ON_GOING', 30],
        ['PICKED_UP', 3 * 3600],
      ]);
    });

    it('is delivered by a prompt driver after that', async () => {
      await scene.open({ drivers: 'prompt' });
      const { orderId } = await scene.place(scheduled('2026-11-25T11:00:00Z'));
      await scene.sandbox.advance('75h');
      expect(await scene.statusesOf(orderId)).toEqual(['ON_GOING']);
      await scene.sandbox.advance('5h');
      expect(await scene.statusesOf(orderId)).toEqual(['ON_GOING', 'PICKED_UP', 'COMPLETED']);
    });

    it('does not wait for a driver who is late anyway', async () => {
      await scene.open({ drivers: [{ do: 'accept' }, { do: 'arrive', after: '4h' }, { do: 'pick-up', after: 0 }] });
      const { orderId } = await scene.place(scheduled('2026-11-22T11:00:00Z'));
      await scene.sandbox.advance('5h');
      expect(await scene.progressOf(orderId)).toEqual([
        ['ON_GOING', 30],
        ['PICKED_UP', 4 * 3600 + 30],
      ]);
    });
  });

  describe('has a driver', () => {
    const [pickUp, dropOff] = [
      { lat: 22.2759, lng: 114.1455 },
      { lat: 22.308, lng: 113.9185 },
    ];

    async function whereIs(orderId: string, driverId: string): Promise<Coordinates & { updatedAt?: string }> {
      const { coordinates } = await scene.lalamove.getDriver(orderId, driverId);
      if (coordinates) return coordinates;
      throw new Error('The driver is nowhere.');
    }

    it('who moves to the pick-up and from there to the drop-off', async () => {
      await scene.open({
        drivers: [
          { do: 'accept', after: 0 },
          { do: 'arrive', after: '10m' },
          { do: 'pick-up', after: 0 },
          { do: 'deliver', after: '20m' },
          { do: 'complete', after: '5m' },
        ],
      });
      const { orderId } = await scene.place(QUOTATION);
      await scene.sandbox.advance(0);
      const { driverId } = await scene.lalamove.getOrder(orderId);
      const placeAfter = async (minutes: number): Promise<Coordinates> => {
        await scene.sandbox.advance(minutes * MINUTE);
        return whereIs(orderId, driverId);
      };
      const start = await placeAfter(0);
      expect(metres(start, pickUp)).toBeGreaterThan(100);
      expect(metres(await placeAfter(5), pickUp) / metres(start, pickUp)).toBeCloseTo(1 / 2, 3);
      expect(await placeAfter(5)).toMatchObject({ lat: '22.2759000', lng: '114.1455000' });
      // A quarter of the way, on a straight line.
      const quarter = await placeAfter(5);
      expect(metres(quarter, pickUp) / metres(dropOff, pickUp)).toBeCloseTo(1 / 4, 3);
      expect(metres(quarter, dropOff) / metres(dropOff, pickUp)).toBeCloseTo(3 / 4, 3);
      expect(metres(await placeAfter(10), dropOff) / metres(dropOff, pickUp)).toBeCloseTo(1 / 4, 3);
      expect(await placeAfter(5)).toMatchObject({ lat: '22.3080000', lng: '113.9185000' });
      expect(await placeAfter(4)).toMatchObject({ lat: '22.3080000', lng: '113.9185000' });
      await scene.sandbox.advance('1m');
      expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ status: 'COMPLETED', driverId });
    });

    it('whose position is refreshed every 10 seconds', async () => {
      await scene.open({ drivers: 'prompt' });
      const { orderId } = await scene.place(QUOTATION);
      await scene.sandbox.advance('10m');
      const { driverId, status } = await scene.lalamove.getOrder(orderId);
      expect(status).toBe('PICKED_UP');
      const coordinates = await whereIs(orderId, driverId);
      expect(coordinates.updatedAt).toBe('2026-11-22T08:10:00.00Z');
      await scene.sandbox.advance(10 * SECOND - 1);
      expect(await whereIs(orderId, driverId)).toEqual(coordinates);
      await scene.sandbox.advance(1);
      const moved = await whereIs(orderId, driverId);
      expect(moved.updatedAt).toBe('2026-11-22T08:10:10.00Z');
      expect(moved.lat).not.toBe(coordinates.lat);
    });

    it('then none, and then another one, if the first gives the order back', async () => {
      await scene.open();
      const { orderId } = await scene.place();
      const drivers: string[] = [];
      for (const through of [['ON_GOING'], ['ON_GOING', 'PICKED_UP']]) {
        for (const status of through) scene.sandbox.moveOrder(orderId, status);
        const { driverId } = await scene.lalamove.getOrder(orderId);
        drivers.push(driverId);
        scene.sandbox.drive(orderId, { do: 'reject' });
        expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ status: 'ASSIGNING_DRIVER', driverId: '' });
        expect((await scene.view(orderId)).driver).toBeUndefined();
        expect(await failureOf(scene.lalamove.getDriver(orderId, driverId))).toMatchObject({
          code: 'ERR_DRIVER_NOT_FOUND',
        });
      }
      drivers.push(scene.sandbox.drive(orderId, { do: 'accept' }).driverId);
      expect(new Set(drivers).size).toBe(3);
      expect(await scene.view(orderId)).toMatchObject({ rejections: 2 });
      expect(scene.sandbox.ledger.total.live).toEqual([orderId]);
    });

    it('who gives it back with the goods on board, by a script', async () => {
      await scene.open({
        drivers: [
          { do: 'accept', after: '1m' },
          { do: 'pick-up', after: '1m' },
          { do: 'reject', after: '1m' },
          { do: 'accept', after: '1m' },
          ...DRIVER_SCRIPTS.prompt.slice(1),
        ],
      });
      const { orderId } = await scene.place();
      await scene.sandbox.advance('8h');
      expect((await scene.progressOf(orderId)).slice(0, 4)).toEqual([
        ['ON_GOING', 60],
        ['PICKED_UP', 120],
        ['ASSIGNING_DRIVER', 180],
        ['ON_GOING', 240],
      ]);
      expect((await scene.statusesOf(orderId)).slice(4)).toEqual(['PICKED_UP', 'COMPLETED']);
    });
  });

  it.each([
    ['BR', 'pt_BR', 'LALAGO', '+5511912345678', ['ON_GOING', 'PICKED_UP', 'DELIVERING', 'COMPLETED']],
    ['HK', 'en_HK', 'MOTORCYCLE', '+85251234567', ['ON_GOING', 'PICKED_UP', 'COMPLETED']],
    ['TH', 'th_TH', 'MOTORCYCLE', '+66812345678', ['ON_GOING', 'PICKED_UP', 'COMPLETED']],
  ])('in %s', async (market, language, serviceType, phone, course) => {
    await scene.open({ drivers: 'prompt' }, market);
    const stops: CreateQuotationDto['stops'] = [{ address: 'First street' }, { address: 'Second street' }];
    const order = orderOf(await scene.lalamove.createQuotation({ language, serviceType, stops }));
    const person = { name: 'Ada', phone };
    const { orderId } = await scene.lalamove.placeOrder({
      ...order,
      sender: { ...order.sender, ...person },
      recipients: order.recipients.map(({ stopId }) => ({ stopId, ...person })),
    });
    await scene.sandbox.advance('8h');
    expect(await scene.statusesOf(orderId)).toEqual(course);
  });

  describe('continues a script in the middle', () => {
    it.each<[through: OrderStatus[], steps: number]>([
      [['ON_GOING'], 4],
      [['ON_GOING', 'PICKED_UP'], 2],
    ])('from %j, by a script that starts at the beginning', async (through, steps) => {
      await scene.open();
      const { orderId } = await scene.place();
      for (const status of through) scene.sandbox.moveOrder(orderId, status);
      expect((await scene.sandbox.control.setScript(orderId, 'prompt')).steps).toHaveLength(steps);
      await scene.sandbox.advance('3h');
      expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ status: 'COMPLETED' });
    });

    it('but not if the order has ended', async () => {
      await scene.open();
      const { orderId } = await scene.place();
      scene.sandbox.moveOrder(orderId, 'CANCELED');
      const refusal = await failureOf(scene.sandbox.control.setScript(orderId, 'prompt'));
      expect(refusal.message).toBe(`The order ${orderId} is CANCELED: a script cannot move it any more.`);
    });

    it('and skips a step that its market does not have', async () => {
      await scene.open({ drivers: [{ do: 'accept' }, { do: 'pick-up' }, { do: 'set-off' }, { do: 'complete' }] });
      const { orderId } = await scene.place();
      await scene.sandbox.advance('1h');
      expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ status: 'COMPLETED' });
    });

    it('of its own, when its customer asks for another driver', async () => {
      await scene.open();
      const { orderId } = await scene.place();
      await scene.sandbox.control.setScript(orderId, 'late');
      await scene.sandbox.advance('20m');
      const { driverId } = await scene.lalamove.getOrder(orderId);
      await scene.lalamove.changeDriver(orderId, driverId, { reason: 'DRIVER_LATE' });
      await scene.sandbox.advance('3h');
      expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ status: 'COMPLETED' });
      expect((await scene.lalamove.getOrder(orderId)).driverId).not.toBe(driverId);
    });

    it('and ends it if it does not fit, which the log reports', async () => {
      await scene.open({ drivers: [{ do: 'accept' }, { do: 'complete' }] });
      const { orderId } = await scene.place();
      await scene.sandbox.advance('1h');
      expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ status: 'ON_GOING' });
      const entries = (await scene.sandbox.control.log()).filter(({ kind }) => kind === 'script-ended');
      const why = expect.stringMatching(/cannot go from ON_GOING to COMPLETED/);
      expect(entries).toEqual([expect.objectContaining({ orderId, step: 'complete', why })]);
    });
  });
});
