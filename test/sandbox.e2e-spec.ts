import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LalamoveService, Order } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { accountOn } from './support/account.js';
import { booked, EDIT, ORDER, orderOf, QUOTATION } from './support/inputs.js';
import { failureOf, startLalamove } from './support/lalamove.js';
import { ManualClock } from './support/manual-clock.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('LalamoveSandbox', () => {
  let clock: ManualClock;
  let sandbox: LalamoveSandbox;
  let lalamove: LalamoveService;
  let close: () => Promise<void>;

  beforeEach(async () => {
    clock = new ManualClock();
    sandbox = await LalamoveSandbox.start({ clock, rateLimits: false });
    ({ lalamove, close } = await startLalamove(accountOn(sandbox, { clock })));
  });

  afterEach(async () => {
    await close();
    await sandbox.stop();
  });

  const refused = async (call: Promise<unknown>): Promise<unknown> => Reflect.get(await failureOf(call), 'code');
  const driverOf = async (orderId: string): Promise<string> => (await lalamove.getOrder(orderId)).driverId;

  it('quotes a price and keeps it for 5 minutes', async () => {
    const quotation = await lalamove.createQuotation(QUOTATION);
    expect(quotation).toMatchObject({
      quotationId: expect.stringMatching(/^\d{19}$/),
      language: 'EN_HK',
      scheduleAt: '2026-11-22T08:00:00.00Z',
      expiresAt: '2026-11-22T08:05:00.00Z',
      priceBreakdown: { total: expect.stringMatching(/^\d+$/), currency: 'HKD' },
      distance: { unit: 'm' },
    });
    await expect(lalamove.getQuotation(quotation.quotationId)).resolves.toEqual(quotation);
    clock.advance(5 * MINUTE - 1);
    const order = await lalamove.placeOrder(orderOf(quotation));
    const { total, currency } = quotation.priceBreakdown;
    expect(order).toMatchObject({ status: 'ASSIGNING_DRIVER', driverId: '', priceBreakdown: { total, currency } });
    clock.advance(1);
    expect(await refused(lalamove.placeOrder(orderOf(quotation)))).toBe('ERR_INVALID_QUOTATION_ID');
  });

  it.each([
    ['SG', /^\d+\.\d$/, 'SGD', 'en_SG', 'MOTORCYCLE'],
    ['MY', /^\d+\.\d$/, 'MYR', 'ms_MY', 'CAR'],
    ['BR', /^\d+\.\d\d$/, 'BRL', 'pt_BR', 'LALAGO'],
    ['TH', /^\d+$/, 'THB', 'th_TH', 'SEDAN'],
  ])('writes prices as %s does', async (market, form, currency, language, serviceType) => {
    const stops = [{ address: 'First street' }, { address: 'Second street' }];
    const quotation = { language, serviceType, stops };
    const { priceBreakdown } = await lalamove.createQuotation(quotation, { market });
    expect(priceBreakdown.total).toMatch(form);
    expect(priceBreakdown.currency).toBe(currency);
  });

  it('refuses what Lalamove refuses, with pointers', async () => {
    const unchecked = { validate: false };
    const quote = (more: object): Promise<unknown> =>
      refused(lalamove.createQuotation({ ...QUOTATION, ...more }, unchecked));
    expect(await quote({ stops: [] })).toBe('ERR_INSUFFICIENT_STOPS');
    expect(await quote({ stops: Array(17).fill(QUOTATION.stops[0]) })).toBe('ERR_TOO_MANY_STOPS');
    expect(await quote({ serviceType: undefined })).toBe('ERR_MISSING_FIELD');
    expect(await quote({ stops: [{ address: '' }, { address: ', ,' }] })).toBe('ERR_INCORRECT_ADDRESS');
    expect(await quote({ scheduleAt: '2026-11-22T07:59:59Z' })).toBe('ERR_INVALID_SCHEDULE_TIME');
    expect(await quote({ scheduleAt: '2026-12-22T08:00:01Z' })).toBe('ERR_INVALID_SCHEDULE_TIME');
    expect(await refused(lalamove.createQuotation(QUOTATION, { market: 'XX' }))).toBe('ERR_INVALID_MARKET');
    const order = orderOf(await lalamove.createQuotation(QUOTATION));
    const place = (more: object): Promise<unknown> => failureOf(lalamove.placeOrder({ ...order, ...more }, unchecked));
    expect(await place({ sender: { ...order.sender, phone: '12345678' } })).toMatchObject({
      code: 'ERR_INVALID_PHONE_NUMBER',
      errors: [{ pointer: '/data/sender/phone' }],
    });
    expect(await place({ sender: ORDER.sender })).toMatchObject({
      code: 'ERR_INVALID_FIELD',
      errors: [{ pointer: '/data/sender/stopId' }],
    });
    expect(await place({ recipients: [] })).toMatchObject({
      code: 'ERR_MISSING_FIELD',
      errors: [{ pointer: '/data/recipients' }],
    });
    expect(sandbox.orders).toHaveLength(0);
  });

  it('refuses coordinates that are numbers, bodies that are no JSON, and signatures that are wrong', async () => {
    const { createHmac } = await import('node:crypto');
    const call = async (body: string, secret = sandbox.apiSecret): Promise<unknown> => {
      const timestamp = String(clock.now());
      const signature = createHmac('sha256', secret)
        .update(`${timestamp}\r\nPOST\r\n/v3/quotations\r\n\r\n${body}`)
        .digest('hex');
      const headers = { Authorization: `hmac ${sandbox.apiKey}:${timestamp}:${signature}`, Market: 'HK' };
      const answer = await fetch(`${sandbox.url}/v3/quotations`, { method: 'POST', headers, body });
      const text = await answer.text();
      expect(text.endsWith('\n')).toBe(true);
      const { errors } = JSON.parse(text) as { errors: { id?: string }[] };
      return [answer.status, errors[0]?.id];
    };
    const numbers = { ...QUOTATION, stops: [{ coordinates: { lat: 1, lng: 2 }, address: 'a' }, QUOTATION.stops[1]] };
    expect(await call(JSON.stringify({ data: numbers }))).toEqual([400, 'ERR_BAD_REQUEST']);
    expect(await call('{"data":')).toEqual([400, 'ERR_MALFORMED_JSON_BODY']);
    expect(await call(JSON.stringify(QUOTATION))).toEqual([422, 'ERR_INSUFFICIENT_STOPS']);
    expect(await call('{}', 'sk_test_wrong')).toEqual([401, undefined]);
    expect(sandbox.requests.map(({ signed }) => signed)).toEqual([true, true, true, false]);
  });

  it('moves an order through its life, and no other way', async () => {
    const { orderId } = await booked(lalamove);
    expect(() => sandbox.moveOrder(orderId, 'COMPLETED')).toThrow(
      /from ASSIGNING_DRIVER to COMPLETED: next can be ON_GOING/,
    );
    sandbox.moveOrder(orderId, 'ON_GOING');
    const first = await driverOf(orderId);
    sandbox.moveOrder(orderId, 'ASSIGNING_DRIVER');
    expect(await driverOf(orderId)).toBe('');
    sandbox.moveOrder(orderId, 'ON_GOING');
    expect(await driverOf(orderId)).not.toBe(first);
    expect(() => sandbox.moveOrder(orderId, 'DELIVERING')).toThrow(/next can be PICKED_UP/);
    for (const status of ['PICKED_UP', 'COMPLETED']) {
      sandbox.moveOrder(orderId, status);
      expect(await lalamove.getOrder(orderId)).toMatchObject({ status });
    }
    expect(() => sandbox.moveOrder(orderId, 'CANCELED')).toThrow(/next can be nothing/);
    expect(() => sandbox.moveOrder('1', 'ON_GOING')).toThrow(/no order 1/);
  });

  it('proves a delivery where a proof was asked for', async () => {
    const order = orderOf(await lalamove.createQuotation(QUOTATION));
    const { orderId, stops } = await lalamove.placeOrder({ ...order, isPODEnabled: true });
    expect(stops.map(({ POD }) => POD?.status)).toEqual([undefined, 'PENDING']);
    for (const status of ['ON_GOING', 'PICKED_UP', 'COMPLETED']) sandbox.moveOrder(orderId, status);
    expect((await lalamove.getOrder(orderId)).stops[1]?.POD).toMatchObject({
      status: 'DELIVERED',
      deliveredAt: '2026-11-22T08:00:00.00Z',
    });
  });

  it('cancels until 5 minutes after the match', async () => {
    const [early, late] = [await booked(lalamove), await booked(lalamove)];
    for (const { orderId } of [early, late]) sandbox.moveOrder(orderId, 'ON_GOING');
    clock.advance(5 * MINUTE);
    await lalamove.cancelOrder(early.orderId);
    clock.advance(1);
    expect(await refused(lalamove.cancelOrder(late.orderId))).toBe('ERR_CANCELLATION_FORBIDDEN');
    expect(await refused(lalamove.cancelOrder(early.orderId))).toBe('ERR_CANCELLATION');
    expect(await lalamove.getOrder(early.orderId)).toMatchObject({ status: 'CANCELED', driverId: '' });
  });

  it('takes a priority fee above the last one, until a driver accepts', async () => {
    const { orderId, priceBreakdown } = await booked(lalamove);
    const fee = (priorityFee: string): Promise<Order> => lalamove.addPriorityFee(orderId, { priorityFee });
    expect(await fee('20')).toMatchObject({
      priceBreakdown: {
        priorityFee: '20',
        total: String(Number(priceBreakdown.total) + 20),
        totalExcludePriorityFee: priceBreakdown.total,
      },
    });
    expect(await refused(fee('20'))).toBe('ERR_INVALID_TIPS');
    await fee('21');
    sandbox.moveOrder(orderId, 'ON_GOING');
    expect(await refused(fee('30'))).toBe('ERR_INVALID_ORDER_STATUS');
  });

  it('edits once, and only while the order is ongoing', async () => {
    const { orderId } = await booked(lalamove);
    const edit = {
      stops: [...EDIT.stops, { ...EDIT.stops[1], coordinates: { lat: '22.33', lng: '114.0' } }],
    } as typeof EDIT;
    expect(await refused(lalamove.editOrder(orderId, edit))).toBe('ERR_ORDER_EDIT');
    sandbox.moveOrder(orderId, 'ON_GOING');
    const moved = { stops: [...edit.stops].reverse() };
    expect(await refused(lalamove.editOrder(orderId, moved))).toBe('ERR_INVALID_FIELD');
    expect((await lalamove.editOrder(orderId, edit)).stops).toHaveLength(3);
    expect(await refused(lalamove.editOrder(orderId, edit))).toBe('ERR_ORDER_EDIT');
  });

  it('shows a driver from an hour before pick-up until completion', async () => {
    const quotation = await lalamove.createQuotation({ ...QUOTATION, scheduleAt: '2026-11-22T10:00:00Z' });
    const { orderId } = await lalamove.placeOrder(orderOf(quotation));
    expect(await refused(lalamove.getDriver(orderId, '80001'))).toBe('ERR_DRIVER_NOT_FOUND');
    sandbox.moveOrder(orderId, 'ON_GOING');
    const driverId = await driverOf(orderId);
    clock.advance(HOUR - 1);
    expect(await refused(lalamove.getDriver(orderId, driverId))).toBe('LALAMOVE_FORBIDDEN');
    clock.advance(1);
    expect(await lalamove.getDriver(orderId, driverId)).toMatchObject({
      driverId,
      plateNumber: expect.stringContaining('*'),
    });
    for (const status of ['PICKED_UP', 'COMPLETED']) sandbox.moveOrder(orderId, status);
    expect(await refused(lalamove.getDriver(orderId, driverId))).toBe('LALAMOVE_FORBIDDEN');
  });

  it('changes the driver from 15 minutes after the match until pick-up', async () => {
    const { orderId } = await booked(lalamove);
    sandbox.moveOrder(orderId, 'ON_GOING');
    const driverId = await driverOf(orderId);
    const change = (): Promise<void> => lalamove.changeDriver(orderId, driverId, { reason: 'DRIVER_LATE' });
    clock.advance(15 * MINUTE - 1);
    expect(await refused(change())).toBe('ERR_CHANGE_DRIVER');
    clock.advance(1);
    await change();
    expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'ASSIGNING_DRIVER', driverId: '' });
  });

  it('shows an order for 60 days, and only in its market', async () => {
    const { orderId } = await booked(lalamove);
    expect(await refused(lalamove.getOrder(orderId, { market: 'TH' }))).toBe('ERR_ORDER_NOT_FOUND');
    clock.advance(60 * DAY);
    await lalamove.getOrder(orderId);
    clock.advance(1);
    expect(await refused(lalamove.getOrder(orderId))).toBe('LALAMOVE_FORBIDDEN');
  });

  it('lets one quotation be ordered twice, the worse of what nobody knows', async () => {
    const order = orderOf(await lalamove.createQuotation(QUOTATION));
    const [first, second] = [await lalamove.placeOrder(order), await lalamove.placeOrder(order)];
    expect(second.orderId).not.toBe(first.orderId);
  });

  it('answers by script: in order, for one call, as often as it is told, before or after the work', async () => {
    sandbox.respondNext({ code: 'ERR_INVALID_PARAMS', status: 409, shape: 'message' }, { operation: 'placeOrder' });
    sandbox.respondNext({ status: 418, body: 'tea' }, { times: 2 });
    expect(await failureOf(lalamove.getCities())).toMatchObject({ upstreamStatus: 418 });
    expect(await failureOf(lalamove.placeOrder(ORDER))).toMatchObject({
      code: 'ERR_INVALID_PARAMS',
      upstreamStatus: 409,
    });
    expect(await failureOf(lalamove.getCities())).toMatchObject({ upstreamStatus: 418 });
    const order = orderOf(await lalamove.createQuotation(QUOTATION));
    sandbox.respondNext('reset', { operation: 'placeOrder', afterWork: true });
    expect(await failureOf(lalamove.placeOrder(order))).toMatchObject({ name: 'LalamoveOutcomeUnknownException' });
    expect(sandbox.orders).toHaveLength(1);
    sandbox.respondNext('reset', { operation: 'placeOrder' });
    await failureOf(lalamove.placeOrder(order));
    expect(sandbox.orders).toHaveLength(1);
  });

  it('knows which methods a path has', async () => {
    const { createHmac } = await import('node:crypto');
    const call = async (method: string, path: string): Promise<number> => {
      const timestamp = String(clock.now());
      const signature = createHmac('sha256', sandbox.apiSecret)
        .update(`${timestamp}\r\n${method}\r\n${path}\r\n\r\n`)
        .digest('hex');
      const headers = { Authorization: `hmac ${sandbox.apiKey}:${timestamp}:${signature}`, Market: 'HK' };
      return (await fetch(sandbox.url + path, { method, headers })).status;
    };
    expect(await call('GET', '/v3/webhook')).toBe(405);
    expect(await call('GET', '/v3/elsewhere')).toBe(404);
    expect(await call('GET', '/v3/cities')).toBe(200);
  });

  it('shows its orders, and lets nobody change them from outside', async () => {
    const { orderId } = await booked(lalamove);
    for (const order of sandbox.orders) order.status = 'COMPLETED';
    expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'ASSIGNING_DRIVER' });
  });

  it.each([
    [{ code: 'ERR_NO_SUCH_CODE' }, {}, /no row/],
    [{ status: 99, body: '' }, {}, /status/],
    [{ status: 200.5, body: '' }, {}, /status/],
    ['reset', { times: 0 }, /times/],
    ['reset', { times: 1.5 }, /times/],
  ])('refuses a script that cannot be: %j %j', (answer, options, problem) => {
    expect(() => {
      sandbox.respondNext(answer as never, options);
    }).toThrow(problem);
  });

  it('stops, and says why it cannot start', async () => {
    const { port } = new URL(sandbox.url);
    await expect(LalamoveSandbox.start({ port: Number(port) })).rejects.toThrow(/EADDRINUSE/);
    const other = await LalamoveSandbox.start();
    const { url } = other;
    await other.stop();
    await expect(fetch(url)).rejects.toThrow();
    expect(() => other.url).toThrow(/has been stopped/);
  });
});
