import { afterEach, describe, expect, it } from '@jest/globals';
import type { OrderStatus } from 'nestjs-lalamove';
import { type DriverScript, type DriverStep } from 'nestjs-lalamove/sandbox';
import { QUOTATION } from '../support/inputs.js';
import { failureOf } from '../support/lalamove.js';
import { WebhookReceiver, withTimeout } from '../webhooks/webhook-receiver.js';
import { START, SECOND, MINUTE, TWO_DROPS } from './order-inputs.js';
import { OrderScene, proofsOf } from './order-scene.js';

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
  [{ do: 'accept', after: 'soon' }, /"soon" is not a duration/],
  [{ do: 'deliver', stop: 0 }, /1 is the first drop-off, not 0/],
  [{ do: 'fail', stop: 1.5 }, /not 1.5/],
  [{ do: 'deliver', proof: 'selfie' }, /proof of a step must be one of photo, signature, not selfie/],
  [{ do: 'replace', gap: -1 }, /-1 is not a duration/],
  [{ do: 'cancel', by: 'NOBODY' }, /NOBODY/],
  [{ do: 'cancel', reason: 5 }, /reason/],
  [{ do: 'deliver', gap: '1m' }, /The step deliver has no gap: it can have do, after, stop, proof/],
  [{ do: 'accept', aftr: '1m' }, /The step accept has no aftr/],
];

describe('the life of an order in a sandbox', () => {
  const scene = new OrderScene();

  afterEach(() => scene.close());

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
      await scene.open({ drivers });
      const { orderId } = await scene.place({ ...TWO_DROPS, ...(scheduleAt !== undefined && { scheduleAt }) });
      await scene.sandbox.advance(ms - 1);
      expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ status: 'ASSIGNING_DRIVER' });
      expect(scene.sandbox.ledger.total).toMatchObject({ live: [orderId] });
      await scene.sandbox.advance(1);
      expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ status: 'EXPIRED', driverId: '' });
      expect(scene.sandbox.ledger.total).toMatchObject({ live: [], spent: { HKD: '0' } });
    });

    it('but not if a driver accepts in the last second', async () => {
      await scene.open({ drivers: [{ do: 'accept', after: 2 * HOUR - SECOND }] });
      const { orderId } = await scene.place();
      await scene.sandbox.advance('8h');
      expect(await scene.statusesOf(orderId)).toEqual(['ON_GOING']);
    });

    it.each([
      [1, ['ON_GOING', 'REJECTED']],
      [2, ['ON_GOING', 'ASSIGNING_DRIVER', 'ON_GOING', 'REJECTED']],
    ])('REJECTED after %d drivers gave it back, and is refunded', async (maxRejections, course) => {
      await scene.open({ drivers: 'rejecting', maxRejections });
      const { orderId } = await scene.place();
      await scene.sandbox.advance('1h');
      expect(await scene.statusesOf(orderId)).toEqual(course);
      expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ status: 'REJECTED', driverId: '' });
      expect(scene.sandbox.ledger.total).toMatchObject({ live: [], spent: { HKD: '0' } });
    });

    it('COMPLETED with a stop that failed', async () => {
      await scene.open();
      const { orderId } = await scene.place();
      for (const step of ['accept', 'pick-up'] as const) scene.sandbox.drive(orderId, { do: step });
      scene.sandbox.drive(orderId, { do: 'fail', stop: 1 });
      scene.sandbox.drive(orderId, { do: 'deliver', stop: 2, proof: 'signature' });
      const { status, stops } = scene.sandbox.drive(orderId, { do: 'complete' });
      expect(status).toBe('COMPLETED');
      expect(stops.map(({ POD }) => POD?.status)).toEqual([undefined, 'FAILED', 'SIGNED']);
    });
  });

  describe('is replaced by customer service', () => {
    /** Every webhook in its order, and the number of live couriers when it was received. */
    async function watched(): Promise<{ events: unknown[]; live: number[] }> {
      const receiver = await WebhookReceiver.start();
      scene.closeLater(() => receiver.stop());
      await scene.lalamove.setWebhookUrl(receiver.url);
      const [events, live]: [unknown[], number[]] = [[], []];
      receiver.answer = () => {
        const event = receiver.events.at(-1);
        live.push(scene.sandbox.ledger.byMetadata.reference?.['A-1']?.live.length ?? 0);
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
      await scene.open({ drivers: 'replaced' });
      const { events, live } = await watched();
      const { orderId: old, quotationId } = await scene.place(QUOTATION, { isPODEnabled: false });
      await scene.sandbox.advance('8h');
      const clone = scene.sandbox.orders.at(-1)?.orderId;
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
      expect(scene.sandbox.ledger.byQuotation[quotationId]).toMatchObject({
        orderIds: [old, clone],
        live: [],
        completed: [clone],
      });
    });

    it.each<[OrderStatus[]]>([[[]], [['ON_GOING']], [['ON_GOING', 'PICKED_UP']]])(
      'by a command, at once, in the middle of %j',
      async (through) => {
        await scene.open();
        const { live } = await watched();
        const placed = await scene.place();
        for (const status of through) scene.sandbox.moveOrder(placed.orderId, status);
        const canceled = scene.sandbox.drive(placed.orderId, { do: 'replace' });
        expect(canceled).toMatchObject({ orderId: placed.orderId, status: 'CANCELED', driverId: '' });
        const { replacedBy = '' } = await scene.view(placed.orderId);
        // Everything that a customer can see, except the id and the link.
        expect(await scene.lalamove.getOrder(replacedBy)).toEqual({
          ...placed,
          orderId: replacedBy,
          shareLink: expect.stringContaining(replacedBy),
        });
        expect(await scene.view(replacedBy)).toMatchObject({
          replaces: placed.orderId,
          rejections: 0,
          isEdited: false,
        });
        expect(scene.sandbox.ledger.byMetadata.reference?.['A-1']).toMatchObject({
          orderIds: [placed.orderId, replacedBy],
          live: [replacedBy],
          spent: { HKD: placed.priceBreakdown.total },
        });
        await scene.sandbox.advance('2h');
        expect(await scene.statusesOf(replacedBy)).toEqual(['EXPIRED']);
        expect(Math.max(...live)).toBe(1);
      },
    );

    it('by a command, after a gap in which nothing happens', async () => {
      await scene.open();
      const { orderId } = await scene.place();
      scene.sandbox.drive(orderId, { do: 'replace', gap: '5m' });
      expect(await failureOf(scene.lalamove.cancelOrder(orderId))).toMatchObject({ code: 'ERR_CANCELLATION' });
      await scene.sandbox.advance(5 * MINUTE - 1);
      expect(scene.sandbox.orders).toMatchObject([{ orderId, status: 'CANCELED' }]);
      // The amount paid is not refunded. It moves to the new order.
      expect(scene.sandbox.ledger.total).toMatchObject({ live: [], spent: { HKD: '443' } });
      await scene.sandbox.advance(1);
      expect(scene.sandbox.orders).toMatchObject([{ status: 'CANCELED' }, { status: 'ASSIGNING_DRIVER' }]);
      expect(scene.sandbox.ledger.total.live).toHaveLength(1);
    });

    it.each(['0s', '5m'])('and the new order (%s later) is delivered, if drivers follow a script', async (gap) => {
      await scene.open({ drivers: 'late' });
      const { orderId } = await scene.place();
      scene.sandbox.drive(orderId, { do: 'replace', gap });
      await scene.sandbox.advance('8h');
      expect(scene.sandbox.orders.map(({ status }) => status)).toEqual(['CANCELED', 'COMPLETED']);
    });

    it('twice, and the second new order replaces the first', async () => {
      await scene.open();
      const { orderId } = await scene.place();
      scene.sandbox.drive(orderId, { do: 'replace' });
      const { replacedBy: first = '' } = await scene.view(orderId);
      scene.sandbox.drive(first, { do: 'replace' });
      const { replacedBy: second = '', replaces } = await scene.view(first);
      expect(replaces).toBe(orderId);
      expect(await scene.view(second)).toMatchObject({ replaces: first });
      expect((await scene.view(second)).replacedBy).toBeUndefined();
      expect(scene.sandbox.ledger.total.live).toEqual([second]);
    });
  });

  describe('leaves its script', () => {
    it.each<[string, (orderId: string) => unknown, string[]]>([
      ['driven', (orderId) => scene.sandbox.drive(orderId, { do: 'accept' }), ['ON_GOING']],
      ['moved', (orderId) => scene.sandbox.moveOrder(orderId, 'ON_GOING'), ['ON_GOING']],
      ['cancelled by support', (orderId) => scene.sandbox.drive(orderId, { do: 'cancel' }), ['CANCELED']],
    ])('if it is %s by a command: the scheduled steps are cancelled', async (_, byHand, course) => {
      await scene.open({ drivers: 'prompt' });
      const { orderId } = await scene.place();
      await scene.sandbox.advance('10s');
      byHand(orderId);
      expect((await scene.view(orderId)).steps).toEqual([]);
      await scene.sandbox.advance('30h');
      expect(await scene.statusesOf(orderId)).toEqual(course);
    });

    it('if its customer cancels it in the middle', async () => {
      await scene.open({ drivers: 'prompt' });
      const { orderId } = await scene.place();
      await scene.sandbox.advance('1m');
      await scene.lalamove.cancelOrder(orderId);
      expect(await scene.view(orderId)).toMatchObject({ order: { status: 'CANCELED', driverId: '' }, steps: [] });
      await scene.sandbox.advance('30h');
      expect(await scene.progressOf(orderId)).toEqual([
        ['ON_GOING', 30],
        ['CANCELED', 60],
      ]);
      expect(scene.sandbox.ledger.total).toMatchObject({ live: [], completed: [], spent: { HKD: '0' } });
    });

    it('and is not replaced, if its customer cancels it before', async () => {
      await scene.open({ drivers: 'replaced' });
      const { orderId } = await scene.place();
      await scene.sandbox.advance('5m');
      await scene.lalamove.cancelOrder(orderId);
      await scene.sandbox.advance('30h');
      expect(scene.sandbox.orders).toMatchObject([{ orderId, status: 'CANCELED' }]);
    });

    it('if its customer asks for another driver, who starts from the beginning', async () => {
      await scene.open({ drivers: 'late' });
      const { orderId } = await scene.place();
      await scene.sandbox.advance('16m');
      const { driverId } = await scene.lalamove.getOrder(orderId);
      await scene.lalamove.changeDriver(orderId, driverId, { reason: 'DRIVER_LATE' });
      expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ status: 'ASSIGNING_DRIVER', driverId: '' });
      await scene.sandbox.advance('30s');
      const { driverId: second, status } = await scene.lalamove.getOrder(orderId);
      expect(status).toBe('ON_GOING');
      expect(second).not.toBe(driverId);
      await scene.sandbox.advance('8h');
      const course = await scene.progressOf(orderId);
      expect(course.map(([each]) => each)).toEqual([
        'ON_GOING',
        'ASSIGNING_DRIVER',
        'ON_GOING',
        'PICKED_UP',
        'COMPLETED',
      ]);
      expect(course[3]?.[1]).toBeGreaterThanOrEqual(16 * 60 + 30 + 45 * 60);
      expect((await scene.view(orderId)).rejections).toBe(0);
    });

    it('and reports who cancelled it, and why', async () => {
      await scene.open();
      const receiver = await WebhookReceiver.start();
      scene.closeLater(() => receiver.stop());
      await scene.lalamove.setWebhookUrl(receiver.url);
      for (const step of [
        { do: 'cancel' },
        { do: 'cancel', by: 'DRIVER', reason: 'CUSTOMER_UNREACHABLE' },
      ] satisfies DriverStep[]) {
        scene.sandbox.drive((await scene.place()).orderId, step);
      }
      await scene.lalamove.cancelOrder((await scene.place()).orderId);
      await scene.sandbox.advance(0);
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
      const events = (await scene.sandbox.control.log()).filter(({ kind }) => kind === 'event');
      return { order: await scene.view(orderId), orders: scene.sandbox.orders, ledger: scene.sandbox.ledger, events };
    };

    it.each(FORBIDDEN)('%j and then %j', async (through, step, why) => {
      await scene.open();
      const { orderId } = await scene.place();
      for (const status of through) scene.sandbox.moveOrder(orderId, status);
      const before = await everything(orderId);
      expect(() => scene.sandbox.drive(orderId, step)).toThrow(RangeError);
      const refusal = await failureOf(scene.sandbox.control.drive(orderId, step));
      expect(refusal).toMatchObject({ name: 'SandboxControlError', status: 400, message: expect.stringMatching(why) });
      expect(refusal.message).toContain(orderId);
      expect(await everything(orderId)).toEqual(before);
    });

    it('a drop-off twice, or one that does not exist', async () => {
      await scene.open();
      const { orderId } = await scene.place();
      for (const status of ['ON_GOING', 'PICKED_UP']) scene.sandbox.moveOrder(orderId, status);
      scene.sandbox.drive(orderId, { do: 'deliver', stop: 1 });
      expect(() => scene.sandbox.drive(orderId, { do: 'fail', stop: 1 })).toThrow(/its drop-off 1 is finished already/);
      expect(proofsOf((await scene.view(orderId)).order)).toEqual(['DELIVERED', 'PENDING']);
    });

    it('giving back without a driver, however often', async () => {
      await scene.open({ maxRejections: 1 });
      const { orderId } = await scene.place();
      expect(() => scene.sandbox.drive(orderId, { do: 'reject' })).toThrow(RangeError);
      expect(await scene.view(orderId)).toMatchObject({ order: { status: 'ASSIGNING_DRIVER' }, rejections: 0 });
    });

    it('and the scheduled steps continue', async () => {
      await scene.open({ drivers: 'prompt' });
      const { orderId } = await scene.place();
      await scene.sandbox.advance('10s');
      const before = await everything(orderId);
      for (const step of ['pick-up', 'complete', 'reject'] as const) {
        expect(() => scene.sandbox.drive(orderId, { do: step })).toThrow(RangeError);
      }
      expect(() => scene.sandbox.moveOrder(orderId, 'COMPLETED')).toThrow(RangeError);
      expect(await everything(orderId)).toEqual(before);
      await scene.sandbox.advance('8h');
      expect(await scene.statusesOf(orderId)).toEqual(['ON_GOING', 'PICKED_UP', 'COMPLETED']);
    });

    it.each(BAD_STEPS)('%j, which is not a step', async (step, why) => {
      await scene.open({ drivers: 'prompt' });
      const { orderId } = await scene.place();
      const before = await everything(orderId);
      const answer = await fetch(`${scene.sandbox.url}/_sandbox/orders/${orderId}/steps`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(step),
      });
      expect([answer.status, await answer.json()]).toEqual([400, { message: expect.stringMatching(why) }]);
      expect(await everything(orderId)).toEqual(before);
    });

    it('of an order that does not exist', async () => {
      await scene.open();
      expect(() => scene.sandbox.drive('1', { do: 'accept' })).toThrow('The sandbox has no order 1.');
      const refusal = await failureOf(scene.sandbox.control.setScript('1', 'prompt'));
      expect(refusal).toMatchObject({
        name: 'SandboxControlError',
        status: 400,
        message: 'The sandbox has no order 1.',
      });
    });
  });
});
