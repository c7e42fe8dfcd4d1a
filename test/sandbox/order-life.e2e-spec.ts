import { afterEach, describe, expect, it } from '@jest/globals';
import type { CreateQuotationDto, LalamoveService, Order, OrderStatus, PlaceOrderDto } from 'nestjs-lalamove';
import {
  LalamoveSandbox,
  SandboxClock,
  type DriverScript,
  type DriverStep,
  type LalamoveSandboxOptions,
  type SandboxOrder,
} from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { orderOf, QUOTATION } from '../support/inputs.js';
import { failureOf, startLalamove } from '../support/lalamove.js';
import { WebhookReceiver, withTimeout } from '../webhooks/webhook-receiver.js';
import { START, SECOND, MINUTE, TWO_DROPS, type Moment } from './order-inputs.js';

const HOUR = 60 * MINUTE;

/** Steps that a status does not allow, with the expected message. */
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

/** Values that are not steps, with the expected message. */
const BAD_STEPS: [step: unknown, why: RegExp][] = [
  [{}, /is not a step of a driver: give { "do": … } with one of accept, reject, arrive/],
  [{ do: 'fly' }, /is not a step of a driver/],
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
    ])('EXPIRED %s, and is refunded', async (_, drivers, scheduleAt, ms) => {
      await opened({ drivers });
      const { orderId } = await place({ ...TWO_DROPS, ...(scheduleAt !== undefined && { scheduleAt }) });
      await sandbox.advance(ms - 1);
      expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'ASSIGNING_DRIVER' });
      expect(sandbox.ledger.total).toMatchObject({ live: [orderId] });
      await sandbox.advance(1);
      expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'EXPIRED', driverId: '' });
      expect(sandbox.ledger.total).toMatchObject({ live: [], spent: { HKD: '0' } });
    });

    it('but not if a driver accepts in the last second', async () => {
      await opened({ drivers: [{ do: 'accept', after: 2 * HOUR - SECOND }] });
      const { orderId } = await place();
      await sandbox.advance('8h');
      expect(await statusesOf(orderId)).toEqual(['ON_GOING']);
    });

    it.each([
      [1, ['ON_GOING', 'REJECTED']],
      [2, ['ON_GOING', 'ASSIGNING_DRIVER', 'ON_GOING', 'REJECTED']],
    ])('REJECTED after %d drivers gave it back, and is refunded', async (maxRejections, course) => {
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
    /** Every webhook in its order, and the number of live couriers when it was received. */
    async function watched(): Promise<{ events: unknown[]; live: number[] }> {
      const receiver = await WebhookReceiver.start();
      closers.push(() => receiver.stop());
      await lalamove.setWebhookUrl(receiver.url);
      const [events, live]: [unknown[], number[]] = [[], []];
      receiver.answer = () => {
        const event = receiver.events.at(-1);
        live.push(sandbox.ledger.byMetadata.reference?.['A-1']?.live.length ?? 0);
        if (event && event.eventType !== 'WALLET_BALANCE_CHANGED') {
          const order = (name: string): unknown => withTimeout(event.data, 'order', name);
          const seconds = event.timestamp - Date.parse(START) / SECOND;
          events.push([
            seconds,
            event.eventType,
            order('orderId'),
            order('status') ?? event.data.prevOrderId,
            order('cancelParty'),
          ]);
        }
        return 200;
      };
      return { events, live };
    }

    it('by a cancellation, its announcement, and then the life of the new order', async () => {
      await opened({ drivers: 'replaced' });
      const { events, live } = await watched();
      const { orderId: old, quotationId } = await place(QUOTATION, { isPODEnabled: false });
      await sandbox.advance('8h');
      const clone = sandbox.orders.at(-1)?.orderId;
      const gap = 120;
      expect(events.slice(0, 9)).toEqual([
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
      expect(events.slice(9).map((event) => withTimeout(event, '3'))).toEqual([undefined, 'PICKED_UP', 'COMPLETED']);
      expect(Math.max(...live)).toBe(1);
      expect(sandbox.ledger.byQuotation[quotationId]).toMatchObject({
        orderIds: [old, clone],
        live: [],
        completed: [clone],
      });
    });

    it.each<[OrderStatus[]]>([[[]], [['ON_GOING']], [['ON_GOING', 'PICKED_UP']]])(
      'by a command, at once, in the middle of %j',
      async (through) => {
        await opened();
        const { live } = await watched();
        const placed = await place();
        for (const status of through) sandbox.moveOrder(placed.orderId, status);
        const canceled = sandbox.drive(placed.orderId, { do: 'replace' });
        expect(canceled).toMatchObject({ orderId: placed.orderId, status: 'CANCELED', driverId: '' });
        const { replacedBy = '' } = await view(placed.orderId);
        // Everything that a customer can see, except the id and the link.
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

    it('by a command, after a gap in which nothing happens', async () => {
      await opened();
      const { orderId } = await place();
      sandbox.drive(orderId, { do: 'replace', gap: '5m' });
      expect(await failureOf(lalamove.cancelOrder(orderId))).toMatchObject({ code: 'ERR_CANCELLATION' });
      await sandbox.advance(5 * MINUTE - 1);
      expect(sandbox.orders).toMatchObject([{ orderId, status: 'CANCELED' }]);
      // The amount paid is not refunded. It moves to the new order.
      expect(sandbox.ledger.total).toMatchObject({ live: [], spent: { HKD: '443' } });
      await sandbox.advance(1);
      expect(sandbox.orders).toMatchObject([{ status: 'CANCELED' }, { status: 'ASSIGNING_DRIVER' }]);
      expect(sandbox.ledger.total.live).toHaveLength(1);
    });

    it.each(['0s', '5m'])('and the new order (%s later) is delivered, if drivers follow a script', async (gap) => {
      await opened({ drivers: 'late' });
      const { orderId } = await place();
      sandbox.drive(orderId, { do: 'replace', gap });
      await sandbox.advance('8h');
      expect(sandbox.orders.map(({ status }) => status)).toEqual(['CANCELED', 'COMPLETED']);
    });

    it('twice, and the second new order replaces the first', async () => {
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

  describe('leaves its script', () => {
    it.each<[string, (orderId: string) => unknown, string[]]>([
      ['driven', (orderId) => sandbox.drive(orderId, { do: 'accept' }), ['ON_GOING']],
      ['moved', (orderId) => sandbox.moveOrder(orderId, 'ON_GOING'), ['ON_GOING']],
      ['cancelled by support', (orderId) => sandbox.drive(orderId, { do: 'cancel' }), ['CANCELED']],
    ])('if it is %s by a command: the scheduled steps are cancelled', async (_, byHand, course) => {
      await opened({ drivers: 'prompt' });
      const { orderId } = await place();
      await sandbox.advance('10s');
      byHand(orderId);
      expect((await view(orderId)).steps).toEqual([]);
      await sandbox.advance('30h');
      expect(await statusesOf(orderId)).toEqual(course);
    });

    it('if its customer cancels it in the middle', async () => {
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

    it('and is not replaced, if its customer cancels it before', async () => {
      await opened({ drivers: 'replaced' });
      const { orderId } = await place();
      await sandbox.advance('5m');
      await lalamove.cancelOrder(orderId);
      await sandbox.advance('30h');
      expect(sandbox.orders).toMatchObject([{ orderId, status: 'CANCELED' }]);
    });

    it('if its customer asks for another driver, who starts from the beginning', async () => {
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

    it('and reports who cancelled it, and why', async () => {
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

  describe('refuses a step that its status does not allow', () => {
    /** Everything that can be seen of an order, and of its payment. */
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

    it('a drop-off twice, or one that does not exist', async () => {
      await opened();
      const { orderId } = await place();
      for (const status of ['ON_GOING', 'PICKED_UP']) sandbox.moveOrder(orderId, status);
      sandbox.drive(orderId, { do: 'deliver', stop: 1 });
      expect(() => sandbox.drive(orderId, { do: 'fail', stop: 1 })).toThrow(/its drop-off 1 is finished already/);
      expect(proofsOf((await view(orderId)).order)).toEqual(['DELIVERED', 'PENDING']);
    });

    it('giving back without a driver, however often', async () => {
      await opened({ maxRejections: 1 });
      const { orderId } = await place();
      expect(() => sandbox.drive(orderId, { do: 'reject' })).toThrow(RangeError);
      expect(await view(orderId)).toMatchObject({ order: { status: 'ASSIGNING_DRIVER' }, rejections: 0 });
    });

    it('and the scheduled steps continue', async () => {
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

    it.each(BAD_STEPS)('%j, which is not a step', async (step, why) => {
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

    it('of an order that does not exist', async () => {
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
