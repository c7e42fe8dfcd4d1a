import { afterEach, describe, expect, it } from '@jest/globals';
import type { CreateQuotationDto, LalamoveService, Order, OrderStatus, PlaceOrderDto } from 'nestjs-lalamove';
import {
  DRIVER_SCRIPTS,
  LalamoveSandbox,
  SandboxClock,
  type LalamoveSandboxOptions,
  type SandboxOrder,
} from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { orderOf, QUOTATION } from '../support/inputs.js';
import { failureOf, startLalamove } from '../support/lalamove.js';
import { START, SECOND, MINUTE, TWO_DROPS, type Moment } from './order-inputs.js';

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
  let closers: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const close of closers.reverse()) await close();
    closers = [];
  });

  let sandbox: LalamoveSandbox;

  let lalamove: LalamoveService;

  async function opened(options: LalamoveSandboxOptions = {}, market = 'HK'): Promise<void> {
    const clock = new SandboxClock({ speed: 0, startAt: START });
    const started = await LalamoveSandbox.start({ clock, rateLimits: false, ...options });
    closers.push(() => started.stop());
    const client = await startLalamove(accountOn(started, { market }));
    closers.push(client.close);
    [sandbox, lalamove] = [started, client.lalamove];
  }

  async function place(route: CreateQuotationDto = TWO_DROPS, more: Partial<PlaceOrderDto> = {}): Promise<Order> {
    const order = orderOf(await lalamove.createQuotation(route));
    return lalamove.placeOrder({ ...order, isPODEnabled: true, ...more });
  }

  /** The statuses of each order with their times, by order id, without the first `ASSIGNING_DRIVER` that all have. */
  async function courses(): Promise<Map<string, Moment[]>> {
    const found = new Map(sandbox.orders.map(({ orderId }): [string, Moment[]] => [orderId, []]));
    for (const entry of await sandbox.control.log()) {
      if (entry.kind !== 'event' || entry.type !== 'ORDER_STATUS_CHANGED') continue;
      found.get(entry.orderId ?? '')?.push([entry.now ?? '', (Date.parse(entry.at) - Date.parse(START)) / SECOND]);
    }
    for (const moments of found.values()) expect(moments.shift()?.[0]).toBe('ASSIGNING_DRIVER');
    return found;
  }

  const progressOf = async (orderId: string): Promise<Moment[]> => (await courses()).get(orderId) ?? [];

  const statusesOf = async (orderId: string): Promise<string[]> =>
    (await progressOf(orderId)).map(([status]) => status);

  const view = (orderId: string): Promise<SandboxOrder> => sandbox.control.order(orderId);

  describe('scheduled for later', () => {
    const scheduled = (at: string): CreateQuotationDto => ({ ...TWO_DROPS, scheduleAt: at });

    it('is accepted at once, and its driver is not at the pick-up before the time', async () => {
      await opened({ drivers: [{ do: 'accept' }, { do: 'arrive' }, { do: 'pick-up', after: 0 }] });
      const { orderId } = await place(scheduled('2026-11-22T11:00:00Z'));
      await sandbox.advance('5h');
      expect(await progressOf(orderId)).toEqual([
        ['ON_GOING', 30],
        ['PICKED_UP', 3 * 3600],
      ]);
    });

    it('is delivered by a prompt driver after that', async () => {
      await opened({ drivers: 'prompt' });
      const { orderId } = await place(scheduled('2026-11-25T11:00:00Z'));
      await sandbox.advance('75h');
      expect(await statusesOf(orderId)).toEqual(['ON_GOING']);
      await sandbox.advance('5h');
      expect(await statusesOf(orderId)).toEqual(['ON_GOING', 'PICKED_UP', 'COMPLETED']);
    });

    it('does not wait for a driver who is late anyway', async () => {
      await opened({ drivers: [{ do: 'accept' }, { do: 'arrive', after: '4h' }, { do: 'pick-up', after: 0 }] });
      const { orderId } = await place(scheduled('2026-11-22T11:00:00Z'));
      await sandbox.advance('5h');
      expect(await progressOf(orderId)).toEqual([
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
      const { coordinates } = await lalamove.getDriver(orderId, driverId);
      if (coordinates) return coordinates;
      throw new Error('The driver is nowhere.');
    }

    it('who moves to the pick-up and from there to the drop-off', async () => {
      await opened({
        drivers: [
          { do: 'accept', after: 0 },
          { do: 'arrive', after: '10m' },
          { do: 'pick-up', after: 0 },
          { do: 'deliver', after: '20m' },
          { do: 'complete', after: '5m' },
        ],
      });
      const { orderId } = await place(QUOTATION);
      await sandbox.advance(0);
      const { driverId } = await lalamove.getOrder(orderId);
      const placeAfter = async (minutes: number): Promise<Coordinates> => {
        await sandbox.advance(minutes * MINUTE);
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
      await sandbox.advance('1m');
      expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'COMPLETED', driverId });
    });

    it('whose position is refreshed every 10 seconds', async () => {
      await opened({ drivers: 'prompt' });
      const { orderId } = await place(QUOTATION);
      await sandbox.advance('10m');
      const { driverId, status } = await lalamove.getOrder(orderId);
      expect(status).toBe('PICKED_UP');
      const coordinates = await whereIs(orderId, driverId);
      expect(coordinates.updatedAt).toBe('2026-11-22T08:10:00.00Z');
      await sandbox.advance(10 * SECOND - 1);
      expect(await whereIs(orderId, driverId)).toEqual(coordinates);
      await sandbox.advance(1);
      const moved = await whereIs(orderId, driverId);
      expect(moved.updatedAt).toBe('2026-11-22T08:10:10.00Z');
      expect(moved.lat).not.toBe(coordinates.lat);
    });

    it('then none, and then another one, if the first gives the order back', async () => {
      await opened();
      const { orderId } = await place();
      const drivers: string[] = [];
      for (const through of [['ON_GOING'], ['ON_GOING', 'PICKED_UP']]) {
        for (const status of through) sandbox.moveOrder(orderId, status);
        const { driverId } = await lalamove.getOrder(orderId);
        drivers.push(driverId);
        sandbox.drive(orderId, { do: 'reject' });
        expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'ASSIGNING_DRIVER', driverId: '' });
        expect((await view(orderId)).driver).toBeUndefined();
        expect(await failureOf(lalamove.getDriver(orderId, driverId))).toMatchObject({ code: 'ERR_DRIVER_NOT_FOUND' });
      }
      drivers.push(sandbox.drive(orderId, { do: 'accept' }).driverId);
      expect(new Set(drivers).size).toBe(3);
      expect(await view(orderId)).toMatchObject({ rejections: 2 });
      expect(sandbox.ledger.total.live).toEqual([orderId]);
    });

    it('who gives it back with the goods on board, by a script', async () => {
      await opened({
        drivers: [
          { do: 'accept', after: '1m' },
          { do: 'pick-up', after: '1m' },
          { do: 'reject', after: '1m' },
          { do: 'accept', after: '1m' },
          ...DRIVER_SCRIPTS.prompt.slice(1),
        ],
      });
      const { orderId } = await place();
      await sandbox.advance('8h');
      expect((await progressOf(orderId)).slice(0, 4)).toEqual([
        ['ON_GOING', 60],
        ['PICKED_UP', 120],
        ['ASSIGNING_DRIVER', 180],
        ['ON_GOING', 240],
      ]);
      expect((await statusesOf(orderId)).slice(4)).toEqual(['PICKED_UP', 'COMPLETED']);
    });
  });

  it.each([
    ['BR', 'pt_BR', 'LALAGO', '+5511912345678', ['ON_GOING', 'PICKED_UP', 'DELIVERING', 'COMPLETED']],
    ['HK', 'en_HK', 'MOTORCYCLE', '+85251234567', ['ON_GOING', 'PICKED_UP', 'COMPLETED']],
    ['TH', 'th_TH', 'MOTORCYCLE', '+66812345678', ['ON_GOING', 'PICKED_UP', 'COMPLETED']],
  ])('in %s', async (market, language, serviceType, phone, course) => {
    await opened({ drivers: 'prompt' }, market);
    const stops: CreateQuotationDto['stops'] = [{ address: 'First street' }, { address: 'Second street' }];
    const order = orderOf(await lalamove.createQuotation({ language, serviceType, stops }));
    const person = { name: 'Ada', phone };
    const { orderId } = await lalamove.placeOrder({
      ...order,
      sender: { ...order.sender, ...person },
      recipients: order.recipients.map(({ stopId }) => ({ stopId, ...person })),
    });
    await sandbox.advance('8h');
    expect(await statusesOf(orderId)).toEqual(course);
  });

  describe('continues a script in the middle', () => {
    it.each<[through: OrderStatus[], steps: number]>([
      [['ON_GOING'], 4],
      [['ON_GOING', 'PICKED_UP'], 2],
    ])('from %j, by a script that starts at the beginning', async (through, steps) => {
      await opened();
      const { orderId } = await place();
      for (const status of through) sandbox.moveOrder(orderId, status);
      expect((await sandbox.control.setScript(orderId, 'prompt')).steps).toHaveLength(steps);
      await sandbox.advance('3h');
      expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'COMPLETED' });
    });

    it('but not if the order has ended', async () => {
      await opened();
      const { orderId } = await place();
      sandbox.moveOrder(orderId, 'CANCELED');
      const refusal = await failureOf(sandbox.control.setScript(orderId, 'prompt'));
      expect(refusal.message).toBe(`The order ${orderId} is CANCELED: a script cannot move it any more.`);
    });

    it('and skips a step that its market does not have', async () => {
      await opened({ drivers: [{ do: 'accept' }, { do: 'pick-up' }, { do: 'set-off' }, { do: 'complete' }] });
      const { orderId } = await place();
      await sandbox.advance('1h');
      expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'COMPLETED' });
    });

    it('of its own, when its customer asks for another driver', async () => {
      await opened();
      const { orderId } = await place();
      await sandbox.control.setScript(orderId, 'late');
      await sandbox.advance('20m');
      const { driverId } = await lalamove.getOrder(orderId);
      await lalamove.changeDriver(orderId, driverId, { reason: 'DRIVER_LATE' });
      await sandbox.advance('3h');
      expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'COMPLETED' });
      expect((await lalamove.getOrder(orderId)).driverId).not.toBe(driverId);
    });

    it('and ends it if it does not fit, which the log reports', async () => {
      await opened({ drivers: [{ do: 'accept' }, { do: 'complete' }] });
      const { orderId } = await place();
      await sandbox.advance('1h');
      expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'ON_GOING' });
      const entries = (await sandbox.control.log()).filter(({ kind }) => kind === 'script-ended');
      const why = expect.stringMatching(/cannot go from ON_GOING to COMPLETED/);
      expect(entries).toEqual([expect.objectContaining({ orderId, step: 'complete', why })]);
    });
  });
});
