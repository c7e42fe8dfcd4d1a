import { afterEach, describe, expect, it } from '@jest/globals';
import type { Order } from 'nestjs-lalamove';
import {
  DRIVER_SCRIPTS,
  MAGIC_VALUES,
  type DriverScript,
  type DriverScriptName,
  type DriverStep,
} from 'nestjs-lalamove/sandbox';
import { booked, QUOTATION } from '../support/inputs.js';
import { SECOND, MINUTE, TWO_DROPS, type Moment } from './order-inputs.js';
import { OrderScene, proofsOf } from './order-scene.js';

/**
 * For each script: the statuses of the order and of the order that replaces it, the proofs of the two drop-offs at the
 * end, and whether it is paid.
 */
const COURSES: Record<DriverScriptName, { orders: string[][]; proofs: string[]; isPaid: boolean }> = {
  still: { orders: [['EXPIRED']], proofs: ['PENDING', 'PENDING'], isPaid: false },
  prompt: { orders: [['ON_GOING', 'PICKED_UP', 'COMPLETED']], proofs: ['DELIVERED', 'DELIVERED'], isPaid: true },
  quick: { orders: [['ON_GOING', 'PICKED_UP', 'COMPLETED']], proofs: ['DELIVERED', 'DELIVERED'], isPaid: true },
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
  const scene = new OrderScene();

  afterEach(() => scene.close());

  describe('follows a script by its name', () => {
    it('each of which is in the table and is a magic value', () => {
      expect(Object.keys(COURSES).sort()).toEqual(Object.keys(DRIVER_SCRIPTS).sort());
      expect(MAGIC_VALUES).toEqual(expect.arrayContaining(Object.keys(COURSES)));
    });

    const byOption = async (drivers: DriverScript): Promise<Order> => {
      await scene.open({ drivers });
      return scene.place();
    };
    const byMagic = async (name: string): Promise<Order> => {
      // The sandbox's own script differs from the magic value.
      await scene.open({ drivers: name === 'still' ? 'prompt' : 'still' });
      return scene.place(TWO_DROPS, { metadata: { reference: 'A-1', sandbox: name } });
    };

    describe.each([
      ["as the sandbox's own", byOption],
      ['as a magic value', byMagic],
    ])('%s', (_, placed) => {
      it.each(Object.entries(COURSES))('%s', async (name, { orders, proofs, isPaid }) => {
        const { orderId, priceBreakdown } = await placed(scriptOf(name));
        await scene.sandbox.advance('8h');
        const clones = scene.sandbox.orders.slice(1);
        const statuses = await Promise.all(
          [orderId, ...clones.map((clone) => clone.orderId)].map((id) => scene.statusesOf(id)),
        );
        expect(statuses).toEqual(orders);
        const last = scene.sandbox.orders.at(-1);
        expect(last && proofsOf(last)).toEqual(proofs);
        const { live, completed, spent } = scene.sandbox.ledger.total;
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
      await scene.sandbox.advance('8h');
      expect((await scene.progressOf(orderId)).slice(0, moments.length)).toEqual(moments);
    });

    it('late: at the pick-up 45 minutes later', async () => {
      const { orderId } = await byOption('late');
      await scene.sandbox.advance('8h');
      const [[, accepted] = [], [, pickedUp] = []] = await scene.progressOf(orderId);
      expect((pickedUp ?? 0) - (accepted ?? 0)).toBeGreaterThanOrEqual(45 * 60);
    });

    it('prompt: in the time that the distance needs', async () => {
      await scene.open({ drivers: 'prompt' });
      const [near, far] = [
        { lat: '22.2800', lng: '114.1500' },
        { lat: '22.3080', lng: '113.9185' },
      ];
      const pickUp = { coordinates: { lat: '22.2759', lng: '114.1455' }, address: 'Victoria Peak' };
      const orders = await Promise.all(
        [near, far].map((coordinates) =>
          scene.place({ ...QUOTATION, stops: [pickUp, { coordinates, address: 'There' }] }),
        ),
      );
      await scene.sandbox.advance('8h');
      const [short = 0, long = 0] = await Promise.all(
        orders.map(async ({ orderId }) => {
          const [, [, pickedUp] = [], [, completed] = []] = await scene.progressOf(orderId);
          return (completed ?? 0) - (pickedUp ?? 0);
        }),
      );
      // 24 km at 30 km/h.
      expect(long).toBeGreaterThan(40 * 60);
      expect(long).toBeLessThan(90 * 60);
      expect(short).toBeLessThan(10 * 60);
    });

    it('failing: completed although its only drop-off failed', async () => {
      await scene.open({ drivers: 'failing' });
      const { orderId } = await scene.place(QUOTATION);
      await scene.sandbox.advance('8h');
      expect(await scene.statusesOf(orderId)).toEqual(['ON_GOING', 'PICKED_UP', 'COMPLETED']);
      expect(proofsOf((await scene.view(orderId)).order)).toEqual(['FAILED']);
    });

    it('the one that is set when the order is placed', async () => {
      await scene.open();
      const still = await booked(scene.lalamove);
      await scene.sandbox.control.setDrivers('prompt');
      const prompt = await booked(scene.lalamove);
      await scene.sandbox.control.setDrivers('rejecting');
      const rejected = await booked(scene.lalamove);
      await scene.sandbox.advance('3h');
      const statuses = scene.sandbox.orders.map(({ orderId, status }) => [orderId, status]);
      expect(Object.fromEntries(statuses)).toEqual({
        [still.orderId]: 'EXPIRED',
        [prompt.orderId]: 'COMPLETED',
        [rejected.orderId]: 'REJECTED',
      });
    });
  });

  it('mixed: a random script by the seed, mostly prompt', async () => {
    const mixed = async (seed: string): Promise<string[]> => {
      await scene.open({ drivers: 'mixed', seed });
      const orderIds: string[] = [];
      for (let count = 0; count < 24; count += 1) orderIds.push((await scene.place()).orderId);
      await scene.sandbox.advance('8h');
      const moments = await scene.courses();
      const ends = new Map(scene.sandbox.orders.map((order) => [order.orderId, proofsOf(order)]));
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
      await scene.open({ drivers: STEPS });
      const { orderId } = await scene.place();
      await scene.sandbox.advance('5h');
      expect(await scene.progressOf(orderId)).toEqual([
        ['ON_GOING', 10],
        ['PICKED_UP', 310],
        ['COMPLETED', 310 + 600 + 1200 + 90],
      ]);
      const { stops } = await scene.lalamove.getOrder(orderId);
      expect(stops.map(({ POD }) => POD)).toEqual([
        undefined,
        { status: 'SIGNED', image: expect.stringMatching(/^http:.*png$/), deliveredAt: '2026-11-22T08:35:10.00Z' },
        { status: 'FAILED' },
      ]);
      const POP = { imageUrls: [expect.stringMatching(/^http:.*png$/)], pickedUpAt: '2026-11-22T08:05:10.00Z' };
      expect(stops.map((stop) => stop.POP)).toEqual([POP, undefined, undefined]);
    });

    it('not a millisecond too early', async () => {
      await scene.open({ drivers: STEPS });
      const { orderId } = await scene.place();
      await scene.sandbox.advance(10 * SECOND - 1);
      expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ status: 'ASSIGNING_DRIVER', driverId: '' });
      await scene.sandbox.advance(1);
      expect(await scene.lalamove.getOrder(orderId)).toMatchObject({
        status: 'ON_GOING',
        driverId: expect.stringMatching(/./),
      });
      await scene.sandbox.advance(5 * MINUTE - 1);
      expect((await scene.view(orderId)).steps).toEqual(STEPS.slice(1));
      await scene.sandbox.advance(1);
      expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ status: 'PICKED_UP' });
      expect((await scene.view(orderId)).steps).toEqual(STEPS.slice(3));
    });

    it('from now on, if an order gets another script', async () => {
      await scene.open({ drivers: 'prompt' });
      const { orderId } = await scene.place();
      await scene.sandbox.advance('20s');
      await scene.sandbox.control.setScript(orderId, [{ do: 'accept', after: '5m' }]);
      await scene.sandbox.advance('5h');
      expect(await scene.progressOf(orderId)).toEqual([['ON_GOING', 320]]);
    });

    it('and no others: without steps an order stands still', async () => {
      await scene.open({ drivers: [{ do: 'accept' }] });
      const { orderId } = await scene.place();
      await scene.sandbox.advance('30h');
      expect(await scene.progressOf(orderId)).toEqual([['ON_GOING', 30]]);
    });

    it('for all the drop-offs that are left, one after the other', async () => {
      await scene.open({
        drivers: [
          { do: 'accept', after: 0 },
          { do: 'arrive', after: 0 },
          { do: 'pick-up', after: 0 },
          { do: 'deliver', after: '10m' },
        ],
      });
      const { orderId } = await scene.place();
      const course: unknown[] = [];
      for (let minutes = 0; minutes < 30; minutes += 10) {
        await scene.sandbox.advance('10m');
        course.push(proofsOf((await scene.view(orderId)).order));
      }
      expect(course).toEqual([
        ['DELIVERED', 'PENDING'],
        ['DELIVERED', 'DELIVERED'],
        ['DELIVERED', 'DELIVERED'],
      ]);
    });

    it('and drops steps that do not fit any more', async () => {
      await scene.open({ drivers: [{ do: 'accept' }, { do: 'complete' }, { do: 'reject' }] });
      const { orderId } = await scene.place();
      await scene.sandbox.advance('1h');
      expect(await scene.statusesOf(orderId)).toEqual(['ON_GOING']);
      expect((await scene.view(orderId)).steps).toEqual([]);
    });
  });
});

function scriptOf(name: string): DriverScriptName {
  const found = Object.keys(DRIVER_SCRIPTS).find((script): script is DriverScriptName => script === name);
  if (found) return found;
  throw new TypeError(`${name} is no script.`);
}
