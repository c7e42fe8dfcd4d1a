import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LalamoveSandbox, type CallFault } from 'nestjs-lalamove/sandbox';
import { booked, EDIT, orderOf, QUOTATION } from '../support/inputs.js';
import { failureOf } from '../support/lalamove.js';
import { IMPATIENT, UNKNOWN, ANSWERS } from './fault-answers.js';
import { FaultScene } from './fault-scene.js';
import { until } from '../support/until.js';

/** For each value of `work`: the number of couriers at once, and after 2 minutes, when late work is done. */
const WORKS: Record<NonNullable<CallFault['work']>, { atOnce: number; later: number }> = {
  skipped: { atOnce: 0, later: 0 },
  done: { atOnce: 1, later: 1 },
  late: { atOnce: 0, later: 1 },
};

describe('a fault', () => {
  let scene: FaultScene;

  beforeEach(async () => {
    scene = await FaultScene.start();
  });

  afterEach(() => scene.close());

  describe.each(Object.entries(WORKS))('with the work %s', (work, { atOnce, later }) => {
    it.each(Object.entries(ANSWERS))(
      'and %s: an order ends as unknown, and the ledger has the real number',
      async (name, course) => {
        const quotation = await scene.lalamove.createQuotation(QUOTATION);
        scene.sandbox.addFault({ call: 'placeOrder', work: workOf(work), answer: course.answer });
        const timeoutMs = name === 'hang' ? IMPATIENT : {};
        const error = await failureOf(scene.lalamove.placeOrder(orderOf(quotation), timeoutMs));
        expect(error).toMatchObject({ ...UNKNOWN, cause: course.ends });
        await until(() => scene.sandbox.requests.some(({ operation }) => operation === 'placeOrder'));
        const { total } = quotation.priceBreakdown;
        scene.expectLive(atOnce, total);
        await scene.sandbox.advance(119_999);
        scene.expectLive(atOnce, total);
        await scene.sandbox.advance(1);
        scene.expectLive(later, total);
        expect(scene.sandbox.ledger.byQuotation[quotation.quotationId]?.live ?? []).toHaveLength(later);
        expect(await scene.sandbox.control.faults()).toEqual([]);
      },
    );
  });

  it.each(Object.entries(ANSWERS))('of %s: a call that may be repeated reports it', async (name, { answer, ends }) => {
    // So that there is a connection, and the request arrives within the timeout.
    await scene.lalamove.getCities();
    scene.sandbox.addFault({ call: 'createQuotation', answer });
    const timeoutMs = name === 'hang' ? IMPATIENT : {};
    expect(await failureOf(scene.lalamove.createQuotation(QUOTATION, timeoutMs))).toMatchObject({
      ...ends,
      retryable: true,
    });
    await scene.lalamove.createQuotation(QUOTATION);
  });

  it('makes a naive client that repeats a POST book twice', async () => {
    const order = await scene.toOrder();
    scene.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
    await failureOf(scene.lalamove.placeOrder(order));
    await scene.lalamove.placeOrder(order);
    const twice = scene.line();
    expect(twice.live).toHaveLength(2);
    expect(twice.live).toEqual(scene.sandbox.ledger.byQuotation[order.quotationId]?.live);
    expect(scene.sandbox.ledger.total).toEqual(twice);
  });

  it('lets the call spend, edit and change although the answer was lost', async () => {
    const lose = (call: CallFault['call']): void => {
      scene.sandbox.addFault({ ...(call && { call }), work: 'done', answer: 'reset' });
    };
    const { orderId, priceBreakdown } = await booked(scene.lalamove);
    lose('addPriorityFee');
    expect(await failureOf(scene.lalamove.addPriorityFee(orderId, { priorityFee: '20' }))).toMatchObject({
      ...UNKNOWN,
      orderId,
    });
    scene.expectLive(1, String(Number(priceBreakdown.total) + 20));
    const { driverId } = scene.sandbox.moveOrder(orderId, 'ON_GOING');
    lose('editOrder');
    expect(await failureOf(scene.lalamove.editOrder(orderId, EDIT))).toMatchObject({ ...UNKNOWN, orderId });
    expect(await scene.sandbox.control.order(orderId)).toMatchObject({ isEdited: true });
    await scene.sandbox.advance('15m');
    lose('changeDriver');
    const change = scene.lalamove.changeDriver(orderId, driverId, { reason: 'DRIVER_LATE' });
    expect(await failureOf(change)).toMatchObject({ ...UNKNOWN, orderId });
    expect(scene.sandbox.orders).toMatchObject([{ status: 'ASSIGNING_DRIVER', driverId: '' }]);
  });

  it.each(['reset', 'truncate'] as const)(
    'of a cancellation (%s) is solved by a retry, because a repeat does no harm',
    async (answer) => {
      const patient = await scene.clientOf(scene.sandbox, { retry: { maxAttempts: 2, baseDelayMs: 1 } });
      const { orderId } = await booked(scene.lalamove);
      scene.sandbox.addFault({ call: 'cancelOrder', work: 'done', answer });
      await patient.cancelOrder(orderId);
      expect(scene.line()).toMatchObject({ orderIds: [orderId], live: [], spent: { HKD: '0' } });
      expect(scene.sandbox.requests.filter(({ operation }) => operation === 'cancelOrder')).toHaveLength(2);
    },
  );

  describe('that does the work late', () => {
    it.each([
      ['4m 59s', 1],
      ['5m', 0],
      ['3h', 0],
    ])('%s after a quotation that is valid for 5 minutes: %i live orders', async (lateBy, count) => {
      scene.sandbox.addFault({ call: 'placeOrder', work: 'late', lateBy, answer: 'reset' });
      await failureOf(scene.lalamove.placeOrder(await scene.toOrder()));
      await scene.sandbox.advance('2m');
      expect(scene.live()).toBe(0);
      await scene.sandbox.advance('6h');
      expect(scene.line().orderIds).toHaveLength(count);
    });

    it('places the order at its time, by the clock', async () => {
      scene.sandbox.addFault({ call: 'placeOrder', work: 'late', lateBy: '90s', answer: 'reset' });
      await failureOf(scene.lalamove.placeOrder(await scene.toOrder()));
      await scene.sandbox.advance('1h');
      expect(await scene.sandbox.control.orders()).toMatchObject([{ placedAt: '2026-11-22T08:01:30.000Z' }]);
    });

    it('refuses it then, unseen, if it would have been refused at once', async () => {
      scene.sandbox.addFault({ call: 'placeOrder', work: 'late', answer: 'reset' });
      await failureOf(scene.lalamove.placeOrder(await scene.toOrder()));
      await scene.sandbox.control.setBalance({ market: 'HK' }, '0');
      await scene.sandbox.advance('1h');
      expect(scene.sandbox.orders).toEqual([]);
    });
  });

  describe('of 429s', () => {
    it('is solved by a client that retries', async () => {
      scene.sandbox.addFault({ call: 'placeOrder', times: 3, answer: { code: 'ERR_RATE_LIMIT_EXCEEDED' } });
      const stubborn = await scene.clientOf(scene.sandbox, { retry: { maxAttempts: 4, baseDelayMs: 1 } });
      await stubborn.placeOrder(await scene.toOrder());
      expect(scene.sandbox.requests.map(({ answer }) => answer?.status)).toEqual([201, 429, 429, 429, 201]);
      expect(scene.live()).toBe(1);
    });

    it('outlasts a client that retries too few times', async () => {
      scene.sandbox.addFault({ call: 'placeOrder', times: 3, answer: { code: 'ERR_TOO_MANY_REQUESTS' } });
      const hasty = await scene.clientOf(scene.sandbox, { retry: { maxAttempts: 3, baseDelayMs: 1 } });
      const order = await scene.toOrder();
      expect(await failureOf(hasty.placeOrder(order))).toMatchObject({ name: 'RateLimitedException' });
      expect(scene.live()).toBe(0);
      await hasty.placeOrder(order);
      expect(scene.live()).toBe(1);
    });
  });

  it.each([
    ['unauthorized', { cause: undefined, name: 'LalamoveAuthenticationException', upstreamStatus: 401 }],
    ['bad-gateway', { ...UNKNOWN, upstreamStatus: 502 }],
  ] as const)('of wrong credentials: %s, and nothing is carried out', async (wrongCredentials, ends) => {
    const strict = await LalamoveSandbox.start({ clock: scene.clock, rateLimits: false, wrongCredentials });
    scene.closeLater(() => strict.stop());
    const [right, wrong] = [await scene.clientOf(strict), await scene.clientOf(strict, { apiSecret: 'sk_test_wrong' })];
    const order = orderOf(await right.createQuotation(QUOTATION));
    expect(await failureOf(wrong.placeOrder(order))).toMatchObject(ends);
    expect(strict.orders).toEqual([]);
    expect(strict.requests.at(-1)).toMatchObject({ verdict: 'wrong signature', signed: false });
    expect(strict.requests.at(-1)?.answer?.body).toMatch(wrongCredentials === 'bad-gateway' ? /^<html>/ : /^$/);
  });
});

function workOf(name: string): NonNullable<CallFault['work']> {
  if (name === 'skipped' || name === 'done' || name === 'late') return name;
  throw new TypeError(`${name} is no way to treat the work.`);
}
