import { afterEach, describe, expect, it } from '@jest/globals';
import type { CreateQuotationDto, LalamoveService, Order, OrderStatus, PlaceOrderDto } from 'nestjs-lalamove';
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
import { failureOf, startLalamove } from '../support/lalamove.js';
import { WebhookReceiver, withTimeout } from '../webhooks/webhook-receiver.js';

const START = '2026-11-22T08:00:00Z';
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** A route with two drop-offs. */
const TWO_DROPS: CreateQuotationDto = {
  ...QUOTATION,
  stops: [...QUOTATION.stops, { coordinates: { lat: '22.3193', lng: '114.1694' }, address: 'Nathan Road' }],
};

/** A step of an order's way: its status, and when it came to that, in seconds from the start. */
type Moment = [status: string, seconds: number];

/** For each script: how an order fares, and then the clone that takes its place; the proofs of the two drop-offs at the end; whether it is paid. */
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

/** Steps that a status does not allow, and why. */
const FORBIDDEN: [through: OrderStatus[], step: DriverStep, why: RegExp][] = [
  [[], { do: 'reject' }, /ASSIGNING_DRIVER/],
  [[], { do: 'arrive' }, /\(ASSIGNING_DRIVER\) does not allow this: no courier is on the way to its pick-up/],
  [[], { do: 'pick-up' }, /from ASSIGNING_DRIVER to PICKED_UP: next can be ON_GOING, CANCELED/],
  [[], { do: 'deliver' }, /\(ASSIGNING_DRIVER\) does not allow this: its goods are not on board/],
  [[], { do: 'complete' }, /from ASSIGNING_DRIVER to COMPLETED/],
  [['ON_GOING'], { do: 'accept' }, /from ON_GOING to ON_GOING: next can be PICKED_UP/],
  [['ON_GOING'], { do: 'fail', stop: 1 }, /its goods are not on board/],
  [['ON_GOING'], { do: 'complete' }, /from ON_GOING to COMPLETED/],
  [['ON_GOING', 'PICKED_UP'], { do: 'arrive' }, /no courier is on the way/],
  [['ON_GOING', 'PICKED_UP'], { do: 'set-off' }, /from PICKED_UP to DELIVERING: next can be COMPLETED/],
  [['ON_GOING', 'PICKED_UP'], { do: 'deliver', stop: 3 }, /it has no drop-off 3/],
  [['ON_GOING', 'PICKED_UP', 'COMPLETED'], { do: 'deliver' }, /\(COMPLETED\) does not allow this/],
  [['ON_GOING', 'PICKED_UP', 'COMPLETED'], { do: 'fail' }, /\(COMPLETED\) does not allow this/],
  [['ON_GOING', 'PICKED_UP', 'COMPLETED'], { do: 'cancel' }, /from COMPLETED to CANCELED: that is final/],
  [['ON_GOING', 'PICKED_UP', 'COMPLETED'], { do: 'replace' }, /from COMPLETED to CANCELED: that is final/],
  [['CANCELED'], { do: 'accept' }, /from CANCELED to ON_GOING: that is final/],
  [['CANCELED'], { do: 'replace' }, /from CANCELED to CANCELED: that is final/],
  [['REJECTED'], { do: 'reject' }, /REJECTED/],
  [['EXPIRED'], { do: 'cancel' }, /from EXPIRED to CANCELED/],
];

/** Steps that are none, as they would come from outside. */
const BAD_STEPS: [step: unknown, why: RegExp][] = [
  [{}, /is no step of a driver: give { "do": … } with one of accept, reject, arrive/],
  [{ do: 'fly' }, /is no step of a driver/],
  [{ do: 'accept', after: 'soon' }, /"soon" is no length of time/],
  [{ do: 'deliver', stop: 0 }, /1 is the first drop-off, not 0/],
  [{ do: 'fail', stop: 1.5 }, /not 1.5/],
  [{ do: 'deliver', proof: 'selfie' }, /proof of a step must be one of photo, signature, not selfie/],
  [{ do: 'replace', gap: -1 }, /-1 is no length of time/],
  [{ do: 'cancel', by: 'NOBODY' }, /NOBODY/],
  [{ do: 'cancel', reason: 5 }, /reason/],
  [{ do: 'deliver', gap: '1m' }, /The step deliver has no gap: it can have do, after, stop, proof/],
  [{ do: 'accept', aftr: '1m' }, /The step accept has no aftr/],
];

/** Metres between two places, near enough to each other. */
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

  /** When each order came to which status, by its id, after the first that all are told to have: `ASSIGNING_DRIVER`. */
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
    it('of which every one is in the table, and a magic value', () => {
      expect(Object.keys(COURSES).sort()).toEqual(Object.keys(DRIVER_SCRIPTS).sort());
      expect(MAGIC_VALUES).toEqual(expect.arrayContaining(Object.keys(COURSES)));
    });

    const byOption = async (drivers: DriverScript): Promise<Order> => {
      await opened({ drivers });
      return place();
    };
    const byMagic = async (name: string): Promise<Order> => {
      // Of another mind than the sandbox's own drivers.
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

    /** The first moments of each course, in seconds: what a script says itself, and that orders are accepted in 30 seconds. */
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

    it('late: three quarters of an hour later at the pick-up', async () => {
      const { orderId } = await byOption('late');
      await sandbox.advance('8h');
      const [[, accepted] = [], [, pickedUp] = []] = await progressOf(orderId);
      expect((pickedUp ?? 0) - (accepted ?? 0)).toBeGreaterThanOrEqual(45 * 60);
    });

    it('prompt: in as much time as the way takes', async () => {
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

    it('failing: completed although its only drop-off has failed', async () => {
      await opened({ drivers: 'failing' });
      const { orderId } = await place(QUOTATION);
      await sandbox.advance('8h');
      expect(await statusesOf(orderId)).toEqual(['ON_GOING', 'PICKED_UP', 'COMPLETED']);
      expect(proofsOf((await view(orderId)).order)).toEqual(['FAILED']);
    });

    it('one after the other, as drivers are told for orders to come', async () => {
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

  it('follows one of the scripts where they are mixed: mostly a prompt one, and all by the seed', async () => {
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

  describe("follows steps of one's own", () => {
    const STEPS: DriverStep[] = [
      { do: 'accept', after: '10s' },
      { do: 'arrive', after: '5m' },
      { do: 'pick-up', after: 0 },
      { do: 'fail', stop: 2, after: '10m' },
      { do: 'deliver', stop: 1, proof: 'signature', after: '20m' },
      { do: 'complete', after: '1m 30s' },
    ];

    it('at the times that they name', async () => {
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

    it('not a millisecond earlier', async () => {
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

    it('from now on, where an order is given another script', async () => {
      await opened({ drivers: 'prompt' });
      const { orderId } = await place();
      await sandbox.advance('20s');
      await sandbox.control.setScript(orderId, [{ do: 'accept', after: '5m' }]);
      await sandbox.advance('5h');
      expect(await progressOf(orderId)).toEqual([['ON_GOING', 320]]);
    });

    it('and no others: the drivers of an order without any stand still', async () => {
      await opened({ drivers: [{ do: 'accept' }] });
      const { orderId } = await place();
      await sandbox.advance('30h');
      expect(await progressOf(orderId)).toEqual([['ON_GOING', 30]]);
    });

    it('all the drop-offs that are left, one after the other', async () => {
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

    it('that fit no more: they are dropped, and nothing breaks', async () => {
      await opened({ drivers: [{ do: 'accept' }, { do: 'complete' }, { do: 'reject' }] });
      const { orderId } = await place();
      await sandbox.advance('1h');
      expect(await statusesOf(orderId)).toEqual(['ON_GOING']);
      expect((await view(orderId)).steps).toEqual([]);
    });
  });

  describe('for later', () => {
    const scheduled = (at: string): CreateQuotationDto => ({ ...TWO_DROPS, scheduleAt: at });

    it('is accepted at once, and its driver is at the pick-up not before the time', async () => {
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

    it('does not wait for a driver who is late as it is', async () => {
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

    it('who comes to the pick-up, and goes from there to the drop-off', async () => {
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
      // A quarter of the way, on the straight line.
      const quarter = await placeAfter(5);
      expect(metres(quarter, pickUp) / metres(dropOff, pickUp)).toBeCloseTo(1 / 4, 3);
      expect(metres(quarter, dropOff) / metres(dropOff, pickUp)).toBeCloseTo(3 / 4, 3);
      expect(metres(await placeAfter(10), dropOff) / metres(dropOff, pickUp)).toBeCloseTo(1 / 4, 3);
      expect(await placeAfter(5)).toMatchObject({ lat: '22.3080000', lng: '113.9185000' });
      expect(await placeAfter(4)).toMatchObject({ lat: '22.3080000', lng: '113.9185000' });
      await sandbox.advance('1m');
      expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'COMPLETED', driverId });
    });

    it('whose place is refreshed every 10 seconds', async () => {
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

    it('or none again, and then another one, where the first gives it back', async () => {
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

  describe('ends by itself', () => {
    it.each<[string, DriverScript, string | undefined, number]>([
      ['2 hours after it was placed', 'still', undefined, 2 * HOUR],
      ['2 hours after its pick-up time', 'still', '2026-11-22T10:30:00Z', 4.5 * HOUR],
      [
        '2 hours after its first rejection, whatever came of a second one',
        [
          { do: 'accept', after: '50m' },
          { do: 'reject', after: '10m' },
          { do: 'accept', after: '30m' },
          { do: 'reject', after: '10m' },
        ],
        undefined,
        3 * HOUR,
      ],
    ])('EXPIRED %s, and is paid back', async (_, drivers, scheduleAt, ms) => {
      await opened({ drivers });
      const { orderId } = await place({ ...TWO_DROPS, ...(scheduleAt !== undefined && { scheduleAt }) });
      await sandbox.advance(ms - 1);
      expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'ASSIGNING_DRIVER' });
      expect(sandbox.ledger.total).toMatchObject({ live: [orderId] });
      await sandbox.advance(1);
      expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'EXPIRED', driverId: '' });
      expect(sandbox.ledger.total).toMatchObject({ live: [], spent: { HKD: '0' } });
    });

    it('not at all, where a driver accepts in the last second', async () => {
      await opened({ drivers: [{ do: 'accept', after: 2 * HOUR - SECOND }] });
      const { orderId } = await place();
      await sandbox.advance('8h');
      expect(await statusesOf(orderId)).toEqual(['ON_GOING']);
    });

    it.each([
      [1, ['ON_GOING', 'REJECTED']],
      [2, ['ON_GOING', 'ASSIGNING_DRIVER', 'ON_GOING', 'REJECTED']],
    ])('REJECTED after %d drivers gave it back, and is paid back', async (maxRejections, course) => {
      await opened({ drivers: 'rejecting', maxRejections });
      const { orderId } = await place();
      await sandbox.advance('1h');
      expect(await statusesOf(orderId)).toEqual(course);
      expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'REJECTED', driverId: '' });
      expect(sandbox.ledger.total).toMatchObject({ live: [], spent: { HKD: '0' } });
    });

    it('COMPLETED with a stop that failed', async () => {
      await opened();
      const { orderId } = await place();
      for (const step of ['accept', 'pick-up'] as const) sandbox.drive(orderId, { do: step });
      sandbox.drive(orderId, { do: 'fail', stop: 1 });
      sandbox.drive(orderId, { do: 'deliver', stop: 2, proof: 'signature' });
      const { status, stops } = sandbox.drive(orderId, { do: 'complete' });
      expect(status).toBe('COMPLETED');
      expect(stops.map(({ POD }) => POD?.status)).toEqual([undefined, 'FAILED', 'SIGNED']);
    });
  });

  describe('is replaced by customer service', () => {
    /** Every webhook in its order, and the couriers on the road while it was received. */
    async function watched(): Promise<{ told: unknown[]; live: number[] }> {
      const receiver = await WebhookReceiver.start();
      closers.push(() => receiver.stop());
      await lalamove.setWebhookUrl(receiver.url);
      const [told, live]: [unknown[], number[]] = [[], []];
      receiver.answer = () => {
        const event = receiver.events.at(-1);
        live.push(sandbox.ledger.byMetadata.reference?.['A-1']?.live.length ?? 0);
        if (event && event.eventType !== 'WALLET_BALANCE_CHANGED') {
          const order = (name: string): unknown => withTimeout(event.data, 'order', name);
          const seconds = event.timestamp - Date.parse(START) / SECOND;
          told.push([
            seconds,
            event.eventType,
            order('orderId'),
            order('status') ?? event.data.prevOrderId,
            order('cancelParty'),
          ]);
        }
        return 200;
      };
      return { told, live };
    }

    it("by a cancellation, its announcement, and then the clone's own life", async () => {
      await opened({ drivers: 'replaced' });
      const { told, live } = await watched();
      const { orderId: old, quotationId } = await place(QUOTATION, { isPODEnabled: false });
      await sandbox.advance('8h');
      const clone = sandbox.orders.at(-1)?.orderId;
      const gap = 120;
      expect(told.slice(0, 9)).toEqual([
        [0, 'ORDER_CREATED', old, 'ASSIGNING_DRIVER', undefined],
        [0, 'ORDER_STATUS_CHANGED', old, 'ASSIGNING_DRIVER', undefined],
        [30, 'ORDER_STATUS_CHANGED', old, 'ON_GOING', undefined],
        [30, 'DRIVER_ASSIGNED', old, undefined, undefined],
        [390, 'ORDER_STATUS_CHANGED', old, 'CANCELED', 'LALAMOVE_CUSTOMER_SUPPORT'],
        [390 + gap, 'ORDER_REPLACED', clone, old, undefined],
        [390 + gap, 'ORDER_CREATED', clone, 'ASSIGNING_DRIVER', undefined],
        [390 + gap, 'ORDER_STATUS_CHANGED', clone, 'ASSIGNING_DRIVER', undefined],
        [390 + gap + 30, 'ORDER_STATUS_CHANGED', clone, 'ON_GOING', undefined],
      ]);
      expect(told.slice(9).map((event) => withTimeout(event, '3'))).toEqual([undefined, 'PICKED_UP', 'COMPLETED']);
      expect(Math.max(...live)).toBe(1);
      expect(sandbox.ledger.byQuotation[quotationId]).toMatchObject({
        orderIds: [old, clone],
        live: [],
        completed: [clone],
      });
    });

    it.each<[OrderStatus[]]>([[[]], [['ON_GOING']], [['ON_GOING', 'PICKED_UP']]])(
      'by hand, at once, on its way through %j',
      async (through) => {
        await opened();
        const { live } = await watched();
        const placed = await place();
        for (const status of through) sandbox.moveOrder(placed.orderId, status);
        const canceled = sandbox.drive(placed.orderId, { do: 'replace' });
        expect(canceled).toMatchObject({ orderId: placed.orderId, status: 'CANCELED', driverId: '' });
        const { replacedBy = '' } = await view(placed.orderId);
        // All that a customer knows of it, but the id and the link.
        expect(await lalamove.getOrder(replacedBy)).toEqual({
          ...placed,
          orderId: replacedBy,
          shareLink: expect.stringContaining(replacedBy),
        });
        expect(await view(replacedBy)).toMatchObject({ replaces: placed.orderId, rejections: 0, isEdited: false });
        expect(sandbox.ledger.byMetadata.reference?.['A-1']).toMatchObject({
          orderIds: [placed.orderId, replacedBy],
          live: [replacedBy],
          spent: { HKD: placed.priceBreakdown.total },
        });
        await sandbox.advance('2h');
        expect(await statusesOf(replacedBy)).toEqual(['EXPIRED']);
        expect(Math.max(...live)).toBe(1);
      },
    );

    it('by hand, after a gap in which nobody comes', async () => {
      await opened();
      const { orderId } = await place();
      sandbox.drive(orderId, { do: 'replace', gap: '5m' });
      expect(await failureOf(lalamove.cancelOrder(orderId))).toMatchObject({ code: 'ERR_CANCELLATION' });
      await sandbox.advance(5 * MINUTE - 1);
      expect(sandbox.orders).toMatchObject([{ orderId, status: 'CANCELED' }]);
      // What the order has cost is not paid back: it is the clone's.
      expect(sandbox.ledger.total).toMatchObject({ live: [], spent: { HKD: '443' } });
      await sandbox.advance(1);
      expect(sandbox.orders).toMatchObject([{ status: 'CANCELED' }, { status: 'ASSIGNING_DRIVER' }]);
      expect(sandbox.ledger.total.live).toHaveLength(1);
    });

    it.each(['0s', '5m'])('and its clone (%s later) delivered, where drivers move by themselves', async (gap) => {
      await opened({ drivers: 'late' });
      const { orderId } = await place();
      sandbox.drive(orderId, { do: 'replace', gap });
      await sandbox.advance('8h');
      expect(sandbox.orders.map(({ status }) => status)).toEqual(['CANCELED', 'COMPLETED']);
    });

    it('twice, and the second clone stands for the first', async () => {
      await opened();
      const { orderId } = await place();
      sandbox.drive(orderId, { do: 'replace' });
      const { replacedBy: first = '' } = await view(orderId);
      sandbox.drive(first, { do: 'replace' });
      const { replacedBy: second = '', replaces } = await view(first);
      expect(replaces).toBe(orderId);
      expect(await view(second)).toMatchObject({ replaces: first });
      expect((await view(second)).replacedBy).toBeUndefined();
      expect(sandbox.ledger.total.live).toEqual([second]);
    });
  });

  describe('goes on in the middle', () => {
    it.each<[through: OrderStatus[], steps: number]>([
      [['ON_GOING'], 4],
      [['ON_GOING', 'PICKED_UP'], 2],
    ])('from %j, by a script that begins at the beginning', async (through, steps) => {
      await opened();
      const { orderId } = await place();
      for (const status of through) sandbox.moveOrder(orderId, status);
      expect((await sandbox.control.setScript(orderId, 'prompt')).steps).toHaveLength(steps);
      await sandbox.advance('3h');
      expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'COMPLETED' });
    });

    it('unless it is over', async () => {
      await opened();
      const { orderId } = await place();
      sandbox.moveOrder(orderId, 'CANCELED');
      const refusal = await failureOf(sandbox.control.setScript(orderId, 'prompt'));
      expect(refusal.message).toBe(`The order ${orderId} is CANCELED: no script can move it.`);
    });

    it('past a step that its market does not have', async () => {
      await opened({ drivers: [{ do: 'accept' }, { do: 'pick-up' }, { do: 'set-off' }, { do: 'complete' }] });
      const { orderId } = await place();
      await sandbox.advance('1h');
      expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'COMPLETED' });
    });

    it('with the script that it was given for itself, when its customer wants another driver', async () => {
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

    it('no more where the script does not fit, which the log tells', async () => {
      await opened({ drivers: [{ do: 'accept' }, { do: 'complete' }] });
      const { orderId } = await place();
      await sandbox.advance('1h');
      expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'ON_GOING' });
      const told = (await sandbox.control.log()).filter(({ kind }) => kind === 'script-ended');
      const why = expect.stringMatching(/cannot go from ON_GOING to COMPLETED/);
      expect(told).toEqual([expect.objectContaining({ orderId, step: 'complete', why })]);
    });
  });

  describe('goes another way', () => {
    it.each<[string, (orderId: string) => unknown, string[]]>([
      ['driven', (orderId) => sandbox.drive(orderId, { do: 'accept' }), ['ON_GOING']],
      ['moved', (orderId) => sandbox.moveOrder(orderId, 'ON_GOING'), ['ON_GOING']],
      ['cancelled by support', (orderId) => sandbox.drive(orderId, { do: 'cancel' }), ['CANCELED']],
    ])('where it is %s by hand: what drivers were about to do is called off', async (_, byHand, course) => {
      await opened({ drivers: 'prompt' });
      const { orderId } = await place();
      await sandbox.advance('10s');
      byHand(orderId);
      expect((await view(orderId)).steps).toEqual([]);
      await sandbox.advance('30h');
      expect(await statusesOf(orderId)).toEqual(course);
    });

    it('where its customer cancels it in the middle', async () => {
      await opened({ drivers: 'prompt' });
      const { orderId } = await place();
      await sandbox.advance('1m');
      await lalamove.cancelOrder(orderId);
      expect(await view(orderId)).toMatchObject({ order: { status: 'CANCELED', driverId: '' }, steps: [] });
      await sandbox.advance('30h');
      expect(await progressOf(orderId)).toEqual([
        ['ON_GOING', 30],
        ['CANCELED', 60],
      ]);
      expect(sandbox.ledger.total).toMatchObject({ live: [], completed: [], spent: { HKD: '0' } });
    });

    it('and is not replaced, where its customer cancels it ahead of that', async () => {
      await opened({ drivers: 'replaced' });
      const { orderId } = await place();
      await sandbox.advance('5m');
      await lalamove.cancelOrder(orderId);
      await sandbox.advance('30h');
      expect(sandbox.orders).toMatchObject([{ orderId, status: 'CANCELED' }]);
    });

    it('where its customer asks for another driver, who begins from the start', async () => {
      await opened({ drivers: 'late' });
      const { orderId } = await place();
      await sandbox.advance('16m');
      const { driverId } = await lalamove.getOrder(orderId);
      await lalamove.changeDriver(orderId, driverId, { reason: 'DRIVER_LATE' });
      expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'ASSIGNING_DRIVER', driverId: '' });
      await sandbox.advance('30s');
      const { driverId: second, status } = await lalamove.getOrder(orderId);
      expect(status).toBe('ON_GOING');
      expect(second).not.toBe(driverId);
      await sandbox.advance('8h');
      const course = await progressOf(orderId);
      expect(course.map(([each]) => each)).toEqual([
        'ON_GOING',
        'ASSIGNING_DRIVER',
        'ON_GOING',
        'PICKED_UP',
        'COMPLETED',
      ]);
      expect(course[3]?.[1]).toBeGreaterThanOrEqual(16 * 60 + 30 + 45 * 60);
      expect((await view(orderId)).rejections).toBe(0);
    });

    it('by whom, and why, is told', async () => {
      await opened();
      const receiver = await WebhookReceiver.start();
      closers.push(() => receiver.stop());
      await lalamove.setWebhookUrl(receiver.url);
      for (const step of [
        { do: 'cancel' },
        { do: 'cancel', by: 'DRIVER', reason: 'CUSTOMER_UNREACHABLE' },
      ] satisfies DriverStep[]) {
        sandbox.drive((await place()).orderId, step);
      }
      await lalamove.cancelOrder((await place()).orderId);
      await sandbox.advance(0);
      const ends = receiver.events
        .map(({ data }) => data.order)
        .filter((order) => withTimeout(order, 'status') === 'CANCELED');
      expect(ends.map((order) => [withTimeout(order, 'cancelParty'), withTimeout(order, 'cancelReason')])).toEqual([
        ['LALAMOVE_CUSTOMER_SUPPORT', undefined],
        ['DRIVER', 'CUSTOMER_UNREACHABLE'],
        ['USER', undefined],
      ]);
    });
  });

  describe('does not go where it cannot', () => {
    /** Everything that can be seen of an order, and of its money. */
    const everything = async (orderId: string): Promise<unknown> => {
      const events = (await sandbox.control.log()).filter(({ kind }) => kind === 'event');
      return { order: await view(orderId), orders: sandbox.orders, ledger: sandbox.ledger, events };
    };

    it.each(FORBIDDEN)('%j and then %j', async (through, step, why) => {
      await opened();
      const { orderId } = await place();
      for (const status of through) sandbox.moveOrder(orderId, status);
      const before = await everything(orderId);
      expect(() => sandbox.drive(orderId, step)).toThrow(RangeError);
      const refusal = await failureOf(sandbox.control.drive(orderId, step));
      expect(refusal).toMatchObject({ name: 'SandboxControlError', status: 400, message: expect.stringMatching(why) });
      expect(refusal.message).toContain(orderId);
      expect(await everything(orderId)).toEqual(before);
    });

    it('a drop-off twice, or one at which nobody is', async () => {
      await opened();
      const { orderId } = await place();
      for (const status of ['ON_GOING', 'PICKED_UP']) sandbox.moveOrder(orderId, status);
      sandbox.drive(orderId, { do: 'deliver', stop: 1 });
      expect(() => sandbox.drive(orderId, { do: 'fail', stop: 1 })).toThrow(/its drop-off 1 is finished already/);
      expect(proofsOf((await view(orderId)).order)).toEqual(['DELIVERED', 'PENDING']);
    });

    it('back from a driver whom it does not have, however often that may happen', async () => {
      await opened({ maxRejections: 1 });
      const { orderId } = await place();
      expect(() => sandbox.drive(orderId, { do: 'reject' })).toThrow(RangeError);
      expect(await view(orderId)).toMatchObject({ order: { status: 'ASSIGNING_DRIVER' }, rejections: 0 });
    });

    it('and what drivers were about to do goes on', async () => {
      await opened({ drivers: 'prompt' });
      const { orderId } = await place();
      await sandbox.advance('10s');
      const before = await everything(orderId);
      for (const step of ['pick-up', 'complete', 'reject'] as const) {
        expect(() => sandbox.drive(orderId, { do: step })).toThrow(RangeError);
      }
      expect(() => sandbox.moveOrder(orderId, 'COMPLETED')).toThrow(RangeError);
      expect(await everything(orderId)).toEqual(before);
      await sandbox.advance('8h');
      expect(await statusesOf(orderId)).toEqual(['ON_GOING', 'PICKED_UP', 'COMPLETED']);
    });

    it.each(BAD_STEPS)('by %j, which is no step', async (step, why) => {
      await opened({ drivers: 'prompt' });
      const { orderId } = await place();
      const before = await everything(orderId);
      const answer = await fetch(`${sandbox.url}/_sandbox/orders/${orderId}/steps`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(step),
      });
      expect([answer.status, await answer.json()]).toEqual([400, { message: expect.stringMatching(why) }]);
      expect(await everything(orderId)).toEqual(before);
    });

    it('where there is no such order', async () => {
      await opened();
      expect(() => sandbox.drive('1', { do: 'accept' })).toThrow('The sandbox has no order 1.');
      const refusal = await failureOf(sandbox.control.setScript('1', 'prompt'));
      expect(refusal).toMatchObject({
        name: 'SandboxControlError',
        status: 400,
        message: 'The sandbox has no order 1.',
      });
    });
  });
});

function scriptOf(name: string): DriverScriptName {
  const found = Object.keys(DRIVER_SCRIPTS).find((script): script is DriverScriptName => script === name);
  if (found) return found;
  throw new TypeError(`${name} is no script.`);
}
