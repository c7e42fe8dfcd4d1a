import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import type { LalamoveService, Order } from 'nestjs-lalamove';
import { LalamoveSandbox, type LalamoveSandboxOptions } from 'nestjs-lalamove/sandbox';
import { FrozenScene } from './frozen-scene.js';
import { booked, ORDER, orderOf, QUOTATION } from '../support/inputs.js';
import { failureOf } from '../support/lalamove.js';
import { ManualClock } from '../support/manual-clock.js';
import { HOUR } from './time-units.js';

describe('LalamoveSandbox', () => {
  const scene = new FrozenScene();

  beforeEach(() => scene.start());

  afterEach(() => scene.close());

  const refused = async (call: Promise<unknown>): Promise<unknown> => Reflect.get(await failureOf(call), 'code');

  const statusOf = async (orderId: string): Promise<string> => (await scene.lalamove.getOrder(orderId)).status;

  /** An order that a driver has accepted. */
  const accepted = async (): Promise<Order> =>
    scene.sandbox.moveOrder((await booked(scene.lalamove)).orderId, 'ON_GOING');

  describe('separates', () => {
    const OTHER = { apiKey: 'pk_test_other', apiSecret: 'sk_test_other' };
    const THAI = { apiKey: 'pk_test_thai', apiSecret: 'sk_test_thai', market: 'TH' };

    beforeEach(() => scene.start({ accounts: [OTHER, THAI] }));

    /** Every call that names an order or a quotation. */
    const callsOf = (
      service: LalamoveService,
      { orderId, driverId }: Order,
      market: string,
    ): Record<string, Promise<unknown>> => ({
      getOrder: service.getOrder(orderId, { market }),
      cancelOrder: service.cancelOrder(orderId, { market }),
      addPriorityFee: service.addPriorityFee(orderId, { priorityFee: '20' }, { market }),
      getDriver: service.getDriver(orderId, driverId, { market }),
      changeDriver: service.changeDriver(orderId, driverId, { reason: 'DRIVER_LATE' }, { market }),
    });

    it('markets: an order of one is not found in another', async () => {
      const order = await accepted();
      for (const call of Object.values(callsOf(scene.lalamove, order, 'TH'))) {
        expect(await failureOf(call)).toMatchObject({ code: 'ERR_ORDER_NOT_FOUND', upstreamStatus: 422 });
      }
      expect(await statusOf(order.orderId)).toBe('ON_GOING');
    });

    it('accounts: an order of one cannot be read or changed by another', async () => {
      const order = await accepted();
      const stranger = scene.lalamove.forAccount({ ...OTHER, market: 'HK' });
      for (const call of Object.values(callsOf(stranger, order, 'HK'))) {
        expect(await failureOf(call)).toMatchObject({ code: 'LALAMOVE_FORBIDDEN', upstreamStatus: 403 });
      }
      expect(await statusOf(order.orderId)).toBe('ON_GOING');
    });

    it('the quotations of accounts and markets', async () => {
      const quotation = await scene.lalamove.createQuotation(QUOTATION);
      const stranger = scene.lalamove.forAccount({ ...OTHER, market: 'HK' });
      const unknown = { code: 'ERR_INVALID_QUOTATION_ID', upstreamStatus: 422 };
      expect(await failureOf(stranger.getQuotation(quotation.quotationId))).toMatchObject(unknown);
      expect(await failureOf(stranger.placeOrder(orderOf(quotation)))).toMatchObject(unknown);
      expect(await failureOf(scene.lalamove.placeOrder(orderOf(quotation), { market: 'TH' }))).toMatchObject(unknown);
    });

    it('the wallets of accounts', async () => {
      await scene.sandbox.control.setBalance({ market: 'HK', apiKey: OTHER.apiKey }, '0');
      const stranger = scene.lalamove.forAccount({ ...OTHER, market: 'HK' });
      expect(await refused(booked(stranger))).toBe('ERR_INSUFFICIENT_CREDIT');
      await booked(scene.lalamove);
    });

    it('an account of one market from all others', async () => {
      const thai = scene.lalamove.forAccount(THAI);
      expect((await thai.getCities()).map(({ locode }) => locode)).toContain('TH BKK');
      expect(await failureOf(thai.getCities({ market: 'HK' }))).toMatchObject({
        code: 'ERR_INVALID_COUNTRY',
        upstreamStatus: 409,
      });
    });

    it.each([['XX'], ['US'], ['ZZ']])('known markets from %s', async (market) => {
      const wrong = { code: 'ERR_INVALID_MARKET', upstreamStatus: 422 };
      expect(await failureOf(scene.lalamove.getCities({ market }))).toMatchObject(wrong);
      expect(await failureOf(scene.lalamove.createQuotation(QUOTATION, { market }))).toMatchObject(wrong);
    });
  });

  it('follows its seed: the same ids for the same seed, others for another seed', async () => {
    const course = async (options: LalamoveSandboxOptions): Promise<unknown[]> => {
      await scene.start(options);
      const { orderId } = await accepted();
      return [orderId, (await scene.sandbox.control.order(orderId)).driver];
    };

    const [first, second, other] = [await course({ seed: 7 }), await course({ seed: 7 }), await course({ seed: 8 })];
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
    expect(other[0]).not.toBe(first[0]);
  });

  describe('answers over raw HTTP', () => {
    const call = async (
      method: string,
      path: string,
      body = '',
      secret = scene.sandbox.apiSecret,
    ): Promise<{ status: number; text: string }> => {
      const timestamp = String(scene.sandbox.clock.now());
      const signature = createHmac('sha256', secret)
        .update(`${timestamp}\r\n${method}\r\n${path}\r\n\r\n${body}`)
        .digest('hex');
      const headers = { Authorization: `hmac ${scene.sandbox.apiKey}:${timestamp}:${signature}`, Market: 'HK' };
      const answer = await fetch(scene.sandbox.url + path, { method, headers, ...(body !== '' && { body }) });
      return { status: answer.status, text: await answer.text() };
    };

    it.each([
      ['a body that is not JSON', '{"data":', 400, 'ERR_MALFORMED_JSON_BODY'],
      ['a body without its envelope', JSON.stringify(QUOTATION), 422, 'ERR_INSUFFICIENT_STOPS'],
    ])('%s', async (_, body, status, code) => {
      const answer = await call('POST', '/v3/quotations', body);
      expect(answer).toEqual({ status, text: expect.stringContaining(code) });
      expect(answer.text.endsWith('\n')).toBe(true);
    });

    it('with a verdict that depends on the secret', async () => {
      expect(await call('GET', '/v3/cities')).toMatchObject({ status: 200 });
      expect(await call('GET', '/v3/cities', '', 'sk_test_wrong')).toMatchObject({ status: 401 });
      expect(scene.sandbox.requests.map(({ signed }) => signed)).toEqual([true, false]);
    });

    it.each([
      ['GET', '/v3/webhook', 405],
      ['PUT', '/v3/orders', 405],
      ['GET', '/v3/elsewhere', 404],
      ['GET', '/v2/orders/1', 404],
      ['GET', '/v3/cities', 200],
    ])('%s %s: %d', async (method, path, status) => {
      expect(await call(method, path)).toMatchObject({ status });
    });
  });

  it('answers by script: in order, for one call, as often as given, before or after the work', async () => {
    scene.sandbox.respondNext(
      { code: 'ERR_INVALID_PARAMS', status: 409, shape: 'message' },
      { operation: 'placeOrder' },
    );
    scene.sandbox.respondNext({ status: 418, body: 'tea' }, { times: 2 });
    expect(await failureOf(scene.lalamove.getCities())).toMatchObject({ upstreamStatus: 418 });
    expect(await failureOf(scene.lalamove.placeOrder(ORDER))).toMatchObject({
      code: 'ERR_INVALID_PARAMS',
      upstreamStatus: 409,
    });
    expect(await failureOf(scene.lalamove.getCities())).toMatchObject({ upstreamStatus: 418 });
    const order = orderOf(await scene.lalamove.createQuotation(QUOTATION));
    scene.sandbox.respondNext('reset', { operation: 'placeOrder', afterWork: true });
    expect(await failureOf(scene.lalamove.placeOrder(order))).toMatchObject({
      name: 'LalamoveOutcomeUnknownException',
    });
    expect(scene.sandbox.orders).toHaveLength(1);
    scene.sandbox.respondNext('reset', { operation: 'placeOrder' });
    await failureOf(scene.lalamove.placeOrder(order));
    expect(scene.sandbox.orders).toHaveLength(1);
  });

  it('returns copies of its orders', async () => {
    const { orderId } = await booked(scene.lalamove);
    for (const order of scene.sandbox.orders) order.status = 'COMPLETED';
    scene.sandbox.moveOrder(orderId, 'ON_GOING').status = 'COMPLETED';
    expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ status: 'ON_GOING' });
  });

  it.each([
    [{ code: 'ERR_NO_SUCH_CODE' }, {}, /no row/],
    [{ status: 99, body: '' }, {}, /status/],
    [{ status: 200.5, body: '' }, {}, /status/],
    ['reset', { times: 0 }, /times/],
    ['reset', { times: 1.5 }, /times/],
  ])('refuses an invalid scripted answer: %j %j', (answer, options, problem) => {
    expect(() => {
      scene.sandbox.respondNext(answer as never, options);
    }).toThrow(problem);
  });

  describe('takes its time', () => {
    it('from any clock, on which it builds one of its own', async () => {
      const clock = new ManualClock();
      await scene.start({ clock });
      const { orderId } = await booked(scene.lalamove);
      clock.advance(2 * HOUR - 1);
      expect(scene.sandbox.clock.now()).toBe(clock.now());
      expect(scene.sandbox.orders).toMatchObject([{ orderId, status: 'ASSIGNING_DRIVER' }]);
      clock.advance(1);
      expect(scene.sandbox.orders).toMatchObject([{ orderId, status: 'EXPIRED' }]);
    });

    it('from a clock that others use as well', async () => {
      const { orderId } = await booked(scene.lalamove);
      await scene.sandbox.clock.advance('2h');
      expect(scene.sandbox.orders).toMatchObject([{ orderId, status: 'EXPIRED' }]);
      await expect(scene.sandbox.control.clock()).resolves.toEqual({ now: '2026-11-22T10:00:00.000Z', speed: 0 });
    });

    it('and cancels what was scheduled when it stops', async () => {
      const { orderId } = await booked(scene.lalamove);
      const { clock } = scene.sandbox;
      await scene.sandbox.stop();
      await clock.advance('2h');
      expect(scene.sandbox.orders).toMatchObject([{ orderId, status: 'ASSIGNING_DRIVER' }]);
    });
  });

  it('stops, and reports why it cannot start', async () => {
    const { port } = new URL(scene.sandbox.url);
    await expect(LalamoveSandbox.start({ port: Number(port) })).rejects.toThrow(/EADDRINUSE/);
    const other = await LalamoveSandbox.start();
    const { url } = other;
    await other.stop();
    await expect(fetch(url)).rejects.toThrow();
    expect(() => other.url).toThrow(/has been stopped/);
  });
});
