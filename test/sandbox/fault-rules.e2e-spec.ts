import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { PlaceOrderDto } from 'nestjs-lalamove';
import { DRIVER_SCRIPTS, LalamoveSandbox, MAGIC_VALUES, type FaultAnswer } from 'nestjs-lalamove/sandbox';
import { orderOf, QUOTATION } from '../support/inputs.js';
import { failureOf } from '../support/lalamove.js';
import { IMPATIENT, UNKNOWN, ANSWERS } from './fault-answers.js';
import { FaultScene } from './fault-scene.js';
import { until } from '../support/until.js';

/**
 * The effect of each magic value: the error of the first `POST`, and the number of couriers then, after a naive repeat,
 * and 2 minutes later. `slow-answer` has a test of its own.
 */
const MAGIC: Record<string, { ends: object; live: [first: number, repeated: number, later: number] }> = {
  'reset-before-work': { ends: { ...UNKNOWN, cause: ANSWERS.reset.ends }, live: [0, 1, 1] },
  'hang-before-work': { ends: { ...UNKNOWN, cause: ANSWERS.hang.ends }, live: [0, 1, 1] },
  'error-before-work': { ends: { ...UNKNOWN, upstreamStatus: 500 }, live: [0, 1, 1] },
  'reset-after-work': { ends: { ...UNKNOWN, cause: ANSWERS.reset.ends }, live: [1, 2, 2] },
  'hang-after-work': { ends: { ...UNKNOWN, cause: ANSWERS.hang.ends }, live: [1, 2, 2] },
  'error-after-work': { ends: { ...UNKNOWN, upstreamStatus: 500 }, live: [1, 2, 2] },
  'html-after-work': { ends: { ...UNKNOWN, upstreamStatus: 502 }, live: [1, 2, 2] },
  'truncated-after-work': { ends: { ...UNKNOWN, upstreamStatus: 201 }, live: [1, 2, 2] },
  'late-work': { ends: { ...UNKNOWN, cause: ANSWERS.reset.ends }, live: [0, 1, 2] },
  'rate-limited': { ends: { name: 'RateLimitedException', upstreamStatus: 429 }, live: [0, 1, 1] },
  'insufficient-credit': { ends: { name: 'InsufficientCreditException', upstreamStatus: 402 }, live: [0, 1, 1] },
};

describe('a fault', () => {
  let scene: FaultScene;

  beforeEach(async () => {
    scene = await FaultScene.start();
  });

  afterEach(() => scene.close());

  describe('with a probability', () => {
    /** The indexes of the faulty calls out of 40. */
    async function course(seed: number | string): Promise<boolean[]> {
      const random = await LalamoveSandbox.start({ seed, clock: scene.clock, rateLimits: false });
      random.addFault({ times: 'always', probability: 0.3, answer: { status: 418, body: '' } });
      for (let call = 0; call < 40; call += 1) await fetch(`${random.url}/v3/cities`);
      const struck = random.requests.map(({ answer }) => answer?.status === 418);
      await random.stop();
      return struck;
    }

    it('depends on the seed, and applies as often as it is likely', async () => {
      const [first, again, other] = [await course('a'), await course('a'), await course('b')];
      expect(again).toEqual(first);
      expect(other).not.toEqual(first);
      for (const struck of [first, other]) {
        expect(struck).toHaveLength(40);
        const count = struck.filter(Boolean).length;
        expect(count).toBeGreaterThan(4);
        expect(count).toBeLessThan(20);
      }
    });

    it('never applies at 0, always at 1, and is used up only if it applies', async () => {
      scene.sandbox.addFault({ probability: 0, answer: 'reset' });
      scene.sandbox.addFault({ probability: 1, times: 3, answer: { status: 418, body: '' } });
      for (let call = 0; call < 3; call += 1) {
        expect(await failureOf(scene.lalamove.getCities())).toMatchObject({ upstreamStatus: 418 });
      }
      await scene.lalamove.getCities();
      expect(await scene.sandbox.control.faults()).toMatchObject([{ probability: 0, left: 1 }]);
    });
  });

  describe('as a rule', () => {
    const statusOf = async (call: Promise<unknown>): Promise<unknown> => {
      try {
        await call;
        return 200;
      } catch (error) {
        return Reflect.get(Object(error), 'upstreamStatus');
      }
    };
    const written = (status: number): FaultAnswer => ({ status, body: '' });

    it('applies only to the given calls', async () => {
      scene.sandbox.addFault({ call: ['getOrder', 'getQuotation'], times: 2, answer: written(418) });
      await scene.lalamove.getCities();
      expect(await statusOf(scene.lalamove.getOrder('1'))).toBe(418);
      await scene.lalamove.createQuotation(QUOTATION);
      expect(await statusOf(scene.lalamove.getQuotation('1'))).toBe(418);
      expect(await statusOf(scene.lalamove.getQuotation('1'))).toBe(422);
    });

    it('applies to any call, also to an unsigned and an unknown one', async () => {
      scene.sandbox.addFault({ times: 2, answer: written(418) });
      expect((await fetch(`${scene.sandbox.url}/v3/orders`, { method: 'POST' })).status).toBe(418);
      expect((await fetch(`${scene.sandbox.url}/v3/elsewhere`)).status).toBe(418);
      expect((await fetch(`${scene.sandbox.url}/v3/orders`, { method: 'POST' })).status).toBe(401);
    });

    it('applies after the rules that were added before it', async () => {
      scene.sandbox.addFault({ times: 2, answer: written(418) });
      scene.sandbox.addFault({ call: 'getCities', answer: written(419) });
      scene.sandbox.addFault({ answer: written(420) });
      const seen: unknown[] = [];
      for (let call = 0; call < 5; call += 1) seen.push(await statusOf(scene.lalamove.getCities()));
      expect(seen).toEqual([418, 418, 419, 420, 200]);
    });

    it('counts down and is removed', async () => {
      const { id, left } = scene.sandbox.addFault({ times: 2, answer: written(418) });
      expect(left).toBe(2);
      await statusOf(scene.lalamove.getCities());
      expect(await scene.sandbox.control.faults()).toEqual([
        { id, left: 1, fired: 1, times: 2, answer: { status: 418, body: '' } },
      ]);
      await statusOf(scene.lalamove.getCities());
      expect(await scene.sandbox.control.faults()).toEqual([]);
    });

    it('stays forever, until it is removed or all are cleared', async () => {
      const always = scene.sandbox.addFault({ times: 'always', answer: written(418) });
      const behind = await scene.sandbox.control.addFault({ times: 'always', answer: written(419) });
      for (let call = 0; call < 5; call += 1) expect(await statusOf(scene.lalamove.getCities())).toBe(418);
      await scene.sandbox.control.removeFault(always.id);
      for (let call = 0; call < 5; call += 1) expect(await statusOf(scene.lalamove.getCities())).toBe(419);
      expect(await failureOf(scene.sandbox.control.removeFault(always.id))).toMatchObject({
        name: 'SandboxControlError',
        status: 400,
        message: `The sandbox has no fault ${always.id}.`,
      });
      expect(await scene.sandbox.control.faults()).toMatchObject([{ id: behind.id, left: 'always' }]);
      await scene.sandbox.control.clearFaults();
      expect(await statusOf(scene.lalamove.getCities())).toBe(200);
    });

    it('is in the log, with the request that it applied to', async () => {
      const { id } = scene.sandbox.addFault({ call: 'getCities', latencyMs: 1, work: 'done', answer: written(418) });
      await statusOf(scene.lalamove.getCities());
      const log = await scene.sandbox.control.log();
      expect(log.filter(({ kind }) => kind !== 'control')).toMatchObject([
        { kind: 'request', number: 1, operation: 'getCities' },
        { kind: 'fault', number: 1, id, what: '1 ms, work done, 418' },
        { kind: 'answer', number: 1, status: 418 },
      ]);
    });

    it('is a copy that cannot be changed from outside', async () => {
      const answer = { status: 418, body: '' };
      const rule = scene.sandbox.addFault({ times: 2, answer });
      rule.left = 'always';
      answer.status = 200;
      expect(await scene.sandbox.control.faults()).toMatchObject([{ left: 2, answer: { status: 418 } }]);
    });
  });

  describe('by a magic value', () => {
    it('is in a table: here, or in those of the webhooks and of the drivers', () => {
      const elsewhere = (value: string): boolean =>
        value.startsWith('webhooks-') || Object.hasOwn(DRIVER_SCRIPTS, value);
      const here = [...Object.keys(MAGIC), 'slow-answer'];
      expect(MAGIC_VALUES.filter((value) => !elsewhere(value)).sort()).toEqual(here.sort());
    });

    const inMetadata = (order: PlaceOrderDto, value: string): PlaceOrderDto => ({
      ...order,
      metadata: { ...order.metadata, sandbox: value },
    });
    const inRemarks = (order: PlaceOrderDto, value: string): PlaceOrderDto => ({
      ...order,
      recipients: order.recipients.map((recipient) => ({ ...recipient, remarks: `Ring twice sandbox:${value}.` })),
    });

    describe.each([
      ['metadata.sandbox', inMetadata, Object.keys(MAGIC)],
      ['remarks', inRemarks, ['error-before-work', 'reset-after-work', 'late-work', 'insufficient-credit']],
    ])('in %s', (_, put, values) => {
      it.each(Object.entries(MAGIC).filter(([value]) => values.includes(value)))(
        '%s: once per quotation',
        async (value, { ends, live: [first, repeated, later] }) => {
          const quotation = await scene.lalamove.createQuotation(QUOTATION);
          const order = put(orderOf(quotation), value);
          const timeoutMs = value.startsWith('hang') ? IMPATIENT : {};
          expect(await failureOf(scene.lalamove.placeOrder(order, timeoutMs))).toMatchObject(ends);
          const { total } = quotation.priceBreakdown;
          await until(() => scene.sandbox.requests.some(({ operation }) => operation === 'placeOrder'));
          scene.expectLive(first, total);
          await scene.lalamove.placeOrder(order);
          scene.expectLive(repeated, total);
          await scene.sandbox.advance('2m');
          scene.expectLive(later, total);
        },
      );

      it('is refused with a clear message if it does not exist', async () => {
        const error = await failureOf(scene.lalamove.placeOrder(put(await scene.toOrder(), 'no-such')));
        expect(error).toMatchObject({
          code: 'ERR_INVALID_FIELD',
          upstreamStatus: 422,
          errors: [{ message: `The sandbox has no magic value "no-such". It has ${MAGIC_VALUES.join(', ')}.` }],
        });
        expect(scene.sandbox.orders).toEqual([]);
      });
    });

    it('may stand among others, and beside other words', async () => {
      const order = inMetadata(await scene.toOrder(), 'prompt, webhooks-lost\n reset-before-work ');
      expect(await failureOf(scene.lalamove.placeOrder(order))).toMatchObject(MAGIC['reset-before-work']?.ends ?? {});
      await scene.lalamove.placeOrder(order);
      const remarks = 'By the sandbox: ring twice, mysandbox:tea is none';
      const harmless = await scene.toOrder();
      await scene.lalamove.placeOrder({
        ...harmless,
        recipients: harmless.recipients.map((each) => ({ ...each, remarks })),
      });
      expect(scene.live()).toBe(2);
    });

    it('applies again to another quotation', async () => {
      for (const order of [await scene.toOrder(), await scene.toOrder()]) {
        const doomed = inMetadata(order, 'insufficient-credit');
        expect(await failureOf(scene.lalamove.placeOrder(doomed))).toMatchObject({ upstreamStatus: 402 });
        await scene.lalamove.placeOrder(doomed);
      }
    });

    it('applies after a fault that was added', async () => {
      const order = inMetadata(await scene.toOrder(), 'insufficient-credit');
      scene.sandbox.addFault({ call: 'placeOrder', answer: { code: 'ERR_RATE_LIMIT_EXCEEDED' } });
      expect(await failureOf(scene.lalamove.placeOrder(order))).toMatchObject({ upstreamStatus: 429 });
      expect(await failureOf(scene.lalamove.placeOrder(order))).toMatchObject({ upstreamStatus: 402 });
      await scene.lalamove.placeOrder(order);
    });

    it('does not apply to a request with a wrong signature', async () => {
      const order = inMetadata(await scene.toOrder(), 'reset-before-work');
      const thief = await scene.clientOf(scene.sandbox, { apiSecret: 'sk_test_wrong' });
      expect(await failureOf(thief.placeOrder(order))).toMatchObject({ upstreamStatus: 401 });
      expect(await failureOf(scene.lalamove.placeOrder(order))).toMatchObject(UNKNOWN);
    });

    describe('slow-answer', () => {
      beforeEach(() => {
        // Latency is real time, and 3 seconds are long for a test.
        jest.useFakeTimers({
          doNotFake: ['Date', 'hrtime', 'performance', 'nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate'],
        });
      });

      afterEach(() => {
        jest.useRealTimers();
      });

      it.each([
        ['for a client that waits', {}, { status: 'ASSIGNING_DRIVER' }],
        ['for one that gives up, too', IMPATIENT, { ...UNKNOWN, cause: ANSWERS.hang.ends }],
      ])('books 3 seconds later, %s', async (_, timeoutMs, ends) => {
        const quotation = await scene.lalamove.createQuotation(QUOTATION);
        const order = inMetadata(orderOf(quotation), 'slow-answer');
        const answer = scene.lalamove.placeOrder(order, timeoutMs).catch((error: unknown) => error);
        await until(() => scene.sandbox.requests.length === 2);
        jest.advanceTimersByTime(2999);
        await new Promise(setImmediate);
        scene.expectLive(0, '0');
        jest.advanceTimersByTime(1);
        expect(await answer).toMatchObject(ends);
        await until(() => scene.live() === 1);
        scene.expectLive(1, quotation.priceBreakdown.total);
        expect(await scene.lalamove.placeOrder(order)).toMatchObject({ status: 'ASSIGNING_DRIVER' });
        scene.expectLive(2, quotation.priceBreakdown.total);
      });
    });
  });
});
