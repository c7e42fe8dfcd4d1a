import { afterEach, describe, expect, it } from '@jest/globals';
import type { CreateQuotationDto, LalamoveService, Order, PlaceOrderDto } from 'nestjs-lalamove';
import {
  DRIVER_SCRIPTS,
  LalamoveSandbox,
  MAGIC_VALUES,
  SandboxClock,
  type DriverScript,
  type DriverScriptName,
  type DriverStep,
  type LalamoveSandboxOptions,
  type SandboxOrder,
} from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { booked, orderOf, QUOTATION } from '../support/inputs.js';
import { startLalamove } from '../support/lalamove.js';
import { START, SECOND, MINUTE, TWO_DROPS, type Moment } from './order-inputs.js';

/**
 * For each script: the statuses of the order and of the order that replaces it, the proofs of the two drop-offs at the
 * end, and whether it is paid.
 */
const COURSES: Record<DriverScriptName, { orders: string[][]; proofs: string[]; isPaid: boolean }> = {
  still: { orders: [['EXPIRED']], proofs: ['PENDING', 'PENDING'], isPaid: false },
  prompt: { orders: [['ON_GOING', 'PICKED_UP', 'COMPLETED']], proofs: ['DELIVERED', 'DELIVERED'], isPaid: true },
  signing: { orders: [['ON_GOING', 'PICKED_UP', 'COMPLETED']], proofs: ['SIGNED', 'SIGNED'], isPaid: true },
  late: { orders: [['ON_GOING', 'PICKED_UP', 'COMPLETED']], proofs: ['DELIVERED', 'DELIVERED'], isPaid: true },
  leaving: {
    orders: [['ON_GOING', 'ASSIGNING_DRIVER', 'ON_GOING', 'PICKED_UP', 'COMPLETED']],
    proofs: ['DELIVERED', 'DELIVERED'],
    isPaid: true,
  },
  rejecting: {
    orders: [['ON_GOING', 'ASSIGNING_DRIVER', 'ON_GOING', 'ASSIGNING_DRIVER', 'ON_GOING', 'REJECTED']],
    proofs: ['PENDING', 'PENDING'],
    isPaid: false,
  },
  failing: { orders: [['ON_GOING', 'PICKED_UP', 'COMPLETED']], proofs: ['FAILED', 'DELIVERED'], isPaid: true },
  replaced: {
    orders: [
      ['ON_GOING', 'CANCELED'],
      ['ON_GOING', 'PICKED_UP', 'COMPLETED'],
    ],
    proofs: ['DELIVERED', 'DELIVERED'],
    isPaid: true,
  },
};

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

  const proofsOf = ({ stops }: Order): unknown[] => stops.slice(1).map(({ POD }) => POD?.status);

  describe('follows a script by its name', () => {
    it('each of which is in the table and is a magic value', () => {
      expect(Object.keys(COURSES).sort()).toEqual(Object.keys(DRIVER_SCRIPTS).sort());
      expect(MAGIC_VALUES).toEqual(expect.arrayContaining(Object.keys(COURSES)));
    });

    const byOption = async (drivers: DriverScript): Promise<Order> => {
      await opened({ drivers });
      return place();
    };
    const byMagic = async (name: string): Promise<Order> => {
      // The sandbox's own script differs from the magic value.
      await opened({ drivers: name === 'still' ? 'prompt' : 'still' });
      return place(TWO_DROPS, { metadata: { reference: 'A-1', sandbox: name } });
    };

    describe.each([
      ["as the sandbox's own", byOption],
      ['as a magic value', byMagic],
    ])('%s', (_, placed) => {
      it.each(Object.entries(COURSES))('%s', async (name, { orders, proofs, isPaid }) => {
        const { orderId, priceBreakdown } = await placed(scriptOf(name));
        await sandbox.advance('8h');
        const clones = sandbox.orders.slice(1);
        const statuses = await Promise.all([orderId, ...clones.map((clone) => clone.orderId)].map(statusesOf));
        expect(statuses).toEqual(orders);
        const last = sandbox.orders.at(-1);
        expect(last && proofsOf(last)).toEqual(proofs);
        const { live, completed, spent } = sandbox.ledger.total;
        expect([live.length, completed.length]).toEqual([0, isPaid ? 1 : 0]);
        expect(spent).toEqual({ HKD: isPaid ? priceBreakdown.total : '0' });
      });
    });

    /**
     * The first statuses of each script with their times, in seconds. They follow from the script and from the 30
     * seconds until acceptance.
     */
    it.each<[DriverScriptName, Moment[]]>([
      ['still', [['EXPIRED', 7200]]],
      ['prompt', [['ON_GOING', 30]]],
      [
        'leaving',
        [
          ['ON_GOING', 30],
          ['ASSIGNING_DRIVER', 510],
          ['ON_GOING', 750],
        ],
      ],
      [
        'rejecting',
        [
          ['ON_GOING', 30],
          ['ASSIGNING_DRIVER', 90],
          ['ON_GOING', 120],
          ['ASSIGNING_DRIVER', 180],
          ['ON_GOING', 210],
          ['REJECTED', 270],
        ],
      ],
      [
        'replaced',
        [
          ['ON_GOING', 30],
          ['CANCELED', 390],
        ],
      ],
    ])('%s, by the clock', async (name, moments) => {
      const { orderId } = await byOption(name);
      await sandbox.advance('8h');
      expect((await progressOf(orderId)).slice(0, moments.length)).toEqual(moments);
    });

    it('late: at the pick-up 45 minutes later', async () => {
      const { orderId } = await byOption('late');
      await sandbox.advance('8h');
      const [[, accepted] = [], [, pickedUp] = []] = await progressOf(orderId);
      expect((pickedUp ?? 0) - (accepted ?? 0)).toBeGreaterThanOrEqual(45 * 60);
    });

    it('prompt: in the time that the distance needs', async () => {
      await opened({ drivers: 'prompt' });
      const [near, far] = [
        { lat: '22.2800', lng: '114.1500' },
        { lat: '22.3080', lng: '113.9185' },
      ];
      const pickUp = { coordinates: { lat: '22.2759', lng: '114.1455' }, address: 'Victoria Peak' };
      const orders = await Promise.all(
        [near, far].map((coordinates) => place({ ...QUOTATION, stops: [pickUp, { coordinates, address: 'There' }] })),
      );
      await sandbox.advance('8h');
      const [short = 0, long = 0] = await Promise.all(
        orders.map(async ({ orderId }) => {
          const [, [, pickedUp] = [], [, completed] = []] = await progressOf(orderId);
          return (completed ?? 0) - (pickedUp ?? 0);
        }),
      );
      // 24 km at 30 km/h.
      expect(long).toBeGreaterThan(40 * 60);
      expect(long).toBeLessThan(90 * 60);
      expect(short).toBeLessThan(10 * 60);
    });

    it('failing: completed although its only drop-off failed', async () => {
      await opened({ drivers: 'failing' });
      const { orderId } = await place(QUOTATION);
      await sandbox.advance('8h');
      expect(await statusesOf(orderId)).toEqual(['ON_GOING', 'PICKED_UP', 'COMPLETED']);
      expect(proofsOf((await view(orderId)).order)).toEqual(['FAILED']);
    });

    it('the one that is set when the order is placed', async () => {
      await opened();
      const still = await booked(lalamove);
      await sandbox.control.setDrivers('prompt');
      const prompt = await booked(lalamove);
      await sandbox.control.setDrivers('rejecting');
      const rejected = await booked(lalamove);
      await sandbox.advance('3h');
      const statuses = sandbox.orders.map(({ orderId, status }) => [orderId, status]);
      expect(Object.fromEntries(statuses)).toEqual({
        [still.orderId]: 'EXPIRED',
        [prompt.orderId]: 'COMPLETED',
        [rejected.orderId]: 'REJECTED',
      });
    });
  });

  it('mixed: a random script by the seed, mostly prompt', async () => {
    const mixed = async (seed: string): Promise<string[]> => {
      await opened({ drivers: 'mixed', seed });
      const orderIds: string[] = [];
      for (let count = 0; count < 24; count += 1) orderIds.push((await place()).orderId);
      await sandbox.advance('8h');
      const moments = await courses();
      const ends = new Map(sandbox.orders.map((order) => [order.orderId, proofsOf(order)]));
      return orderIds.map((orderId) => {
        const statuses = moments.get(orderId)?.map(([status]) => status) ?? [];
        return [...statuses, ...(ends.get(orderId) ?? [])].join(' ');
      });
    };
    const [first, again, other] = [await mixed('a'), await mixed('a'), await mixed('b')];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    const known = Object.values(COURSES).map(({ orders: [course = []], proofs }) => [...course, ...proofs].join(' '));
    const canceled = 'ON_GOING CANCELED PENDING PENDING';
    for (const course of [...first, ...other]) expect([...known, canceled]).toContain(course);
    for (const fares of [first, other]) {
      const prompt = fares.filter((course) => course === 'ON_GOING PICKED_UP COMPLETED DELIVERED DELIVERED');
      expect(prompt.length).toBeGreaterThan(8);
      expect(new Set(fares).size).toBeGreaterThan(2);
    }
  });

  describe('follows a list of steps', () => {
    const STEPS: DriverStep[] = [
      { do: 'accept', after: '10s' },
      { do: 'arrive', after: '5m' },
      { do: 'pick-up', after: 0 },
      { do: 'fail', stop: 2, after: '10m' },
      { do: 'deliver', stop: 1, proof: 'signature', after: '20m' },
      { do: 'complete', after: '1m 30s' },
    ];

    it('at the given times', async () => {
      await opened({ drivers: STEPS });
      const { orderId } = await place();
      await sandbox.advance('5h');
      expect(await progressOf(orderId)).toEqual([
        ['ON_GOING', 10],
        ['PICKED_UP', 310],
        ['COMPLETED', 310 + 600 + 1200 + 90],
      ]);
      const { stops } = await lalamove.getOrder(orderId);
      expect(stops.map(({ POD }) => POD)).toEqual([
        undefined,
        { status: 'SIGNED', image: expect.stringMatching(/^https:/), deliveredAt: '2026-11-22T08:35:10.00Z' },
        { status: 'FAILED' },
      ]);
      const POP = { imageUrls: [expect.stringMatching(/^https:/)], pickedUpAt: '2026-11-22T08:05:10.00Z' };
      expect(stops.map((stop) => stop.POP)).toEqual([POP, undefined, undefined]);
    });

    it('not a millisecond too early', async () => {
      await opened({ drivers: STEPS });
      const { orderId } = await place();
      await sandbox.advance(10 * SECOND - 1);
      expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'ASSIGNING_DRIVER', driverId: '' });
      await sandbox.advance(1);
      expect(await lalamove.getOrder(orderId)).toMatchObject({
        status: 'ON_GOING',
        driverId: expect.stringMatching(/./),
      });
      await sandbox.advance(5 * MINUTE - 1);
      expect((await view(orderId)).steps).toEqual(STEPS.slice(1));
      await sandbox.advance(1);
      expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'PICKED_UP' });
      expect((await view(orderId)).steps).toEqual(STEPS.slice(3));
    });

    it('from now on, if an order gets another script', async () => {
      await opened({ drivers: 'prompt' });
      const { orderId } = await place();
      await sandbox.advance('20s');
      await sandbox.control.setScript(orderId, [{ do: 'accept', after: '5m' }]);
      await sandbox.advance('5h');
      expect(await progressOf(orderId)).toEqual([['ON_GOING', 320]]);
    });

    it('and no others: without steps an order stands still', async () => {
      await opened({ drivers: [{ do: 'accept' }] });
      const { orderId } = await place();
      await sandbox.advance('30h');
      expect(await progressOf(orderId)).toEqual([['ON_GOING', 30]]);
    });

    it('for all the drop-offs that are left, one after the other', async () => {
      await opened({
        drivers: [
          { do: 'accept', after: 0 },
          { do: 'arrive', after: 0 },
          { do: 'pick-up', after: 0 },
          { do: 'deliver', after: '10m' },
        ],
      });
      const { orderId } = await place();
      const course: unknown[] = [];
      for (let minutes = 0; minutes < 30; minutes += 10) {
        await sandbox.advance('10m');
        course.push(proofsOf((await view(orderId)).order));
      }
      expect(course).toEqual([
        ['DELIVERED', 'PENDING'],
        ['DELIVERED', 'DELIVERED'],
        ['DELIVERED', 'DELIVERED'],
      ]);
    });

    it('and drops steps that do not fit any more', async () => {
      await opened({ drivers: [{ do: 'accept' }, { do: 'complete' }, { do: 'reject' }] });
      const { orderId } = await place();
      await sandbox.advance('1h');
      expect(await statusesOf(orderId)).toEqual(['ON_GOING']);
      expect((await view(orderId)).steps).toEqual([]);
    });
  });
});

function scriptOf(name: string): DriverScriptName {
  const found = Object.keys(DRIVER_SCRIPTS).find((script): script is DriverScriptName => script === name);
  if (found) return found;
  throw new TypeError(`${name} is no script.`);
}
