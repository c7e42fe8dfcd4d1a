import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { Agent } from 'node:http';
import {
  ERROR_CATALOG,
  LalamoveModule,
  LalamoveService,
  type LalamoveException,
  type LalamoveModuleOptions,
} from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { booked, CALLS, ORDER, QUOTATION } from '../support/inputs.js';
import { failureOf, startLalamove } from '../support/lalamove.js';
import { ManualClock } from '../support/manual-clock.js';
import { until } from '../support/until.js';

describe('LalamoveService', () => {
  let sandbox: LalamoveSandbox;
  let close: () => Promise<void> = () => Promise.resolve();

  beforeEach(async () => {
    sandbox = await LalamoveSandbox.start();
  });

  afterEach(async () => {
    await close();
    await sandbox.stop();
  });

  async function start(more: Partial<LalamoveModuleOptions> = {}, name?: string): Promise<LalamoveService> {
    const started = await startLalamove(
      accountOn(sandbox, { retry: { maxAttempts: 3, baseDelayMs: 1 }, ...more }),
      undefined,
      name,
    );
    close = started.close;
    return started.lalamove;
  }

  describe('validates before it sends', () => {
    it.each(['', ' ', '.', '..', 'a b', 'a\n', '\ud800', 7, undefined, null, {}])('an id of %j', async (id) => {
      const lalamove = await start({ validate: false });
      for (const call of [
        lalamove.getOrder(id as string),
        lalamove.cancelOrder(id as string),
        lalamove.getDriver('1', id as string),
      ]) {
        expect(await failureOf(call)).toMatchObject({
          name: 'InvalidRequestException',
          code: 'ERR_INVALID_FIELD',
          mirrorStatus: 422,
          upstreamStatus: undefined,
          sentRequestId: undefined,
          errors: [{ code: 'ERR_INVALID_FIELD', pointer: expect.stringMatching(/^\/(order|driver)Id$/) }],
        });
      }
      expect(sandbox.requests).toHaveLength(0);
    });

    it('each invalid field of an input, with its pointer', async () => {
      const lalamove = await start();
      const error = await failureOf(
        lalamove.placeOrder({ ...ORDER, quotationId: '', recipients: [{ stopId: '2', name: 'Ada', phone: '123' }] }),
      );
      expect(error).toMatchObject({
        name: 'InvalidRequestException',
        operation: 'placeOrder',
        errors: [
          { pointer: '/data/quotationId', field: '/quotationId' },
          {
            pointer: '/data/recipients/0/phone',
            field: '/recipients/0/phone',
            message: expect.stringContaining('E.164'),
          },
        ],
      });
      expect(sandbox.requests).toHaveLength(0);
    });

    it('input that cannot be written as JSON', async () => {
      const lalamove = await start({ validate: false });
      const circular: Record<string, unknown> = { ...ORDER };
      circular.self = circular;
      for (const input of [circular, { ...ORDER, amount: 1n }]) {
        expect(await failureOf(lalamove.placeOrder(input as unknown as typeof ORDER))).toMatchObject({
          errors: [{ pointer: '/data', field: '' }],
        });
      }
      expect(sandbox.requests).toHaveLength(0);
    });

    it.each([
      ['market', 'HKG'],
      ['timeoutMs', 0],
      ['deadlineMs', Number.NaN],
      ['maxAttempts', 1.5],
      ['requestId', 'two\r\nlines'],
      ['requestId', 123],
      ['timeoutMs', 2 ** 31],
      ['signal', {}],
      ['validate', 'false'],
      ['maxAttempt', 1],
    ])('an invalid %s of the call itself', async (name, value) => {
      const lalamove = await start();
      expect(await failureOf(lalamove.getCities({ [name]: value }))).toMatchObject({
        errors: [{ pointer: `/options/${name}` }],
      });
      expect(sandbox.requests).toHaveLength(0);
    });

    it('options that are not an object', async () => {
      const lalamove = await start();
      expect(await failureOf(lalamove.getCities('HK' as never))).toMatchObject({ errors: [{ pointer: '/options' }] });
      expect(sandbox.requests).toHaveLength(0);
      await expect(lalamove.getCities(null as never)).resolves.toHaveLength(1);
    });

    it('only ids if the call or the account switches validation off', async () => {
      const lalamove = await start();
      await failureOf(lalamove.createQuotation({ ...QUOTATION, stops: [] }, { validate: false }));
      expect(sandbox.requests).toHaveLength(1);
    });
  });

  describe('on the wire', () => {
    it('encodes ids in the path, and signs the path that it sends', async () => {
      const lalamove = await start();
      expect(await failureOf(lalamove.getOrder('a/b?c#d%2e'))).toMatchObject({ name: 'OrderNotFoundException' });
      expect(sandbox.requests[0]).toMatchObject({ path: '/v3/orders/a%2Fb%3Fc%23d%252e', signed: true });
    });

    it('signs the exact bytes of any text, and sends unknown fields', async () => {
      const lalamove = await start();
      const input = { ...QUOTATION, newField: { 'naïve 🛵': '\u2028</script>' } };
      // Lalamove does not know this field: this test proves only that the client sends and signs it.
      expect(await failureOf(lalamove.createQuotation(input))).toMatchObject({ code: 'ERR_UNKNOWN_FIELD' });
      expect(sandbox.requests[0]?.signed).toBe(true);
      expect(JSON.parse(sandbox.requests[0]?.body ?? '')).toMatchObject({ data: { newField: input.newField } });
      const quotation = await lalamove.createQuotation(QUOTATION);
      expect(quotation.stops[0].coordinates).toEqual({ lat: '22.2759000', lng: '114.1455000' });
    });

    it('sends the given request id on every attempt, or else a new one on each', async () => {
      const lalamove = await start();
      const ids = (): (string | undefined)[] => sandbox.requests.splice(0).map(({ headers }) => headers['request-id']);
      sandbox.respondNext({ code: 'LALAMOVE_SERVER_ERROR' }, { times: 2 });
      await lalamove.getCities({ requestId: 'mine' });
      expect(ids()).toEqual(['mine', 'mine', 'mine']);
      sandbox.respondNext({ code: 'LALAMOVE_SERVER_ERROR' }, { times: 2 });
      await lalamove.getCities();
      const fresh = ids();
      expect(new Set(fresh).size).toBe(3);
      expect(fresh.every((id) => /^[0-9a-f-]{36}$/.test(id ?? ''))).toBe(true);
    });

    it('sends to another market if the call names one', async () => {
      const lalamove = await start();
      const [city] = await lalamove.getCities({ market: 'th' });
      expect(city?.locode).toBe('TH BKK');
      expect(sandbox.requests[0]?.headers.market).toBe('TH');
    });

    it('calls under a base URL with a path, and signs the path that Lalamove sees', async () => {
      const proxied: string[] = [];
      const { createServer, request: forward } = await import('node:http');
      const proxy = createServer((incoming, outgoing) => {
        proxied.push(incoming.url ?? '');
        const target = sandbox.url + (incoming.url ?? '').replace('/lalamove', '');
        incoming.pipe(
          forward(target, { method: incoming.method, headers: incoming.headers }, (answer) => {
            outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
            answer.pipe(outgoing);
          }),
        );
      });
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
      const { port } = proxy.address() as { port: number };
      const lalamove = await start({ baseUrl: `http://127.0.0.1:${port}/lalamove/` });
      await expect(lalamove.getCities()).resolves.toHaveLength(1);
      expect(proxied).toEqual(['/lalamove/v3/cities']);
      await close();
      proxy.closeAllConnections();
      proxy.close();
    });
  });

  describe('retries', () => {
    const repeatable = Object.entries(CALLS).filter(
      ([name]) => !['placeOrder', 'editOrder', 'addPriorityFee', 'changeDriver'].includes(name),
    );

    it.each(repeatable)('%s after every retryable error, up to the limit', async (_, call) => {
      const lalamove = await start();
      for (const answer of [
        { code: 'LALAMOVE_SERVER_ERROR' },
        { code: 'LALAMOVE_RATE_LIMITED' },
        'reset',
        { status: 200, body: '<html>' },
      ] as const) {
        sandbox.respondNext(answer, { times: 3 });
        const error = await failureOf(call(lalamove));
        expect(error).toMatchObject({ retryable: true });
        expect(sandbox.requests.splice(0)).toHaveLength(3);
      }
    });

    it.each(repeatable)('%s never after a refusal', async (_, call) => {
      const lalamove = await start();
      for (const { code, retryable } of ERROR_CATALOG.filter((row) => row.code.startsWith('ERR_'))) {
        if (retryable) continue;
        sandbox.respondNext({ code: code as 'ERR_INVALID_FIELD' });
        await failureOf(call(lalamove));
        expect(sandbox.requests.splice(0)).toHaveLength(1);
      }
    });

    it('a cancellation without an answer, and then treats "already cancelled" as success', async () => {
      const lalamove = await start();
      const { orderId } = await booked(lalamove);
      sandbox.respondNext('reset', { operation: 'cancelOrder', afterWork: true });
      await expect(lalamove.cancelOrder(orderId)).resolves.toBeUndefined();
      expect(sandbox.orders[0]?.status).toBe('CANCELED');
      expect(await failureOf(lalamove.cancelOrder(orderId))).toMatchObject({ name: 'OrderAlreadyCanceledException' });
    });

    it('a cancellation after a 429, and then does not treat "already cancelled" as success', async () => {
      const lalamove = await start();
      const { orderId } = await booked(lalamove);
      await lalamove.cancelOrder(orderId);
      sandbox.respondNext({ code: 'LALAMOVE_RATE_LIMITED' }, { operation: 'cancelOrder' });
      expect(await failureOf(lalamove.cancelOrder(orderId))).toMatchObject({ code: 'ERR_CANCELLATION' });
    });

    it('as often as the call allows, and never if the call allows one attempt', async () => {
      const lalamove = await start();
      sandbox.respondNext({ code: 'LALAMOVE_SERVER_ERROR' });
      expect(await failureOf(lalamove.getCities({ maxAttempts: 1 }))).toMatchObject({
        name: 'LalamoveServerException',
      });
      expect(sandbox.requests).toHaveLength(1);
    });

    it('after the delay that Lalamove asks for, with a new signature', async () => {
      const clock = new ManualClock();
      const lalamove = await start({ clock });
      sandbox.respondNext({ code: 'LALAMOVE_RATE_LIMITED', headers: { 'retry-after': '7' } });
      const cities = lalamove.getCities();
      await until(() => clock.waiting === 1);
      clock.advance(6999);
      expect(sandbox.requests).toHaveLength(1);
      clock.advance(1);
      await expect(cities).resolves.toHaveLength(1);
      const [first, second] = sandbox.requests.map(({ headers }) =>
        Number(/:(\d{13}):/.exec(headers.authorization ?? '')?.[1]),
      );
      expect((second ?? 0) - (first ?? 0)).toBe(7000);
      expect(sandbox.requests.every(({ signed }) => signed)).toBe(true);
    });

    it('not if the wait would exceed the deadline', async () => {
      const lalamove = await start({ clock: new ManualClock(), deadlineMs: 5000 });
      sandbox.respondNext({ code: 'LALAMOVE_RATE_LIMITED', headers: { 'retry-after': '7' } });
      expect(await failureOf(lalamove.getCities())).toMatchObject({
        name: 'RateLimitedException',
        retryAfterSeconds: 7,
      });
    });

    it('not after the caller has aborted, and leaves no timer', async () => {
      const clock = new ManualClock();
      const lalamove = await start({ clock });
      const controller = new AbortController();
      sandbox.respondNext({ code: 'LALAMOVE_RATE_LIMITED', headers: { 'retry-after': '7' } });
      const failure = failureOf(lalamove.placeOrder(ORDER, { signal: controller.signal }));
      await until(() => clock.waiting === 1);
      controller.abort();
      expect(await failure).toMatchObject({ name: 'LalamoveAbortedException', operation: 'placeOrder' });
      expect(clock.waiting).toBe(0);
      expect(sandbox.requests).toHaveLength(1);
    });
  });

  it('ends a call at its deadline, even during an attempt', async () => {
    const lalamove = await start({ deadlineMs: 120 });
    sandbox.respondNext('hang', { times: 5 });
    const before = performance.now();
    expect(await failureOf(lalamove.getCities())).toMatchObject({
      name: 'LalamoveTimeoutException',
      mirrorStatus: 504,
    });
    expect(performance.now() - before).toBeLessThan(2000);
  });

  it.each([
    ['timeoutMs', { timeoutMs: 40 }],
    ['deadlineMs', { deadlineMs: 40 }],
  ])('ends a call at the %s of the call', async (_, options) => {
    const lalamove = await start();
    sandbox.respondNext('hang', { times: 9 });
    const before = performance.now();
    const error = await failureOf(lalamove.getCities({ maxAttempts: 1, ...options }));
    expect(error).toMatchObject({ name: 'LalamoveTimeoutException' });
    expect(performance.now() - before).toBeLessThan(2000);
  });

  it('ends a call at its time limit even if an interceptor never passes it on', async () => {
    const started = await startLalamove(accountOn(sandbox, { timeoutMs: 40 }), (http) => {
      http.axiosRef.interceptors.request.use(() => new Promise(() => undefined));
    });
    close = started.close;
    expect(await failureOf(started.lalamove.getCities())).toMatchObject({ name: 'LalamoveTimeoutException' });
  });

  it('does not retry after the time limit of the caller', async () => {
    const lalamove = await start();
    sandbox.respondNext('hang');
    const failure = failureOf(lalamove.getCities({ signal: AbortSignal.timeout(30), maxAttempts: 1 }));
    expect(await failure).toMatchObject({ name: 'LalamoveTimeoutException', retryable: false });
  });

  it('leaves no timer', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const lalamove = await start({ timeoutMs: 54_321, deadlineMs: 60_000 });
    await lalamove.getCities();
    const before = timers();
    for (let turn = 0; turn < 5; turn += 1) await lalamove.getCities();
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it('waits between attempts no longer than maxDelayMs', async () => {
    const clock = new ManualClock();
    const lalamove = await start({ clock, retry: { maxAttempts: 2, baseDelayMs: 60_000, maxDelayMs: 5 } });
    sandbox.respondNext({ code: 'LALAMOVE_SERVER_ERROR' });
    const cities = lalamove.getCities();
    await until(() => clock.waiting === 1);
    clock.advance(5);
    await expect(cities).resolves.toHaveLength(1);
  });

  it('names the request id of the earlier attempt if the last attempt could not connect', async () => {
    const lalamove = await start({ retry: { maxAttempts: 2, baseDelayMs: 1 } });
    sandbox.respondNext('reset');
    const failure = failureOf(lalamove.cancelOrder('1', { requestId: 'mine' }));
    await until(() => sandbox.requests.length === 1);
    await sandbox.stop();
    expect(await failure).toMatchObject({ name: 'LalamoveConnectionException', sentRequestId: 'mine' });
    sandbox = await LalamoveSandbox.start();
  });

  it('adds the account and the error policy to every exception that the client itself throws', async () => {
    const lalamove = await start({ name: 'thai', errors: { status: 'gateway' } }, 'thai');
    const merchant = lalamove.forAccount({ apiKey: 'pk_test_m', apiSecret: 'sk_test_m', market: 'TH' });
    for (const service of [lalamove, merchant]) {
      expect(await failureOf(service.getOrder(''))).toMatchObject({ account: 'thai', operation: 'getOrder' });
      expect(await failureOf(service.getCities({ signal: AbortSignal.abort() }))).toMatchObject({ account: 'thai' });
    }
    const refusal = await failureOf(merchant.getCities());
    expect(refusal).toMatchObject({ account: 'thai', mirrorStatus: 401 });
    expect((refusal as LalamoveException).getStatus()).toBe(503);
  });

  it('uses the agents of the host, shares them with other keys, and leaves them open', async () => {
    const httpAgent = new Agent({ keepAlive: true });
    const lalamove = await start({ http: { httpAgent } });
    const { apiKey, apiSecret } = sandbox;
    await lalamove.getCities();
    await lalamove.forAccount({ apiKey, apiSecret, market: 'SG' }).getCities();
    await close();
    const kept = Object.values(httpAgent.freeSockets).flat();
    expect(kept.map((socket) => socket?.destroyed)).toEqual([false]);
    httpAgent.destroy();
  });

  it('uses the proxy of the host', async () => {
    const seen: string[] = [];
    const { createServer } = await import('node:http');
    const proxy = createServer((incoming, outgoing) => {
      seen.push(incoming.url ?? '');
      outgoing.end('{"data":[]}');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as { port: number };
    const lalamove = await start({ baseUrl: 'http://lalamove.invalid', http: { proxy: { host: '127.0.0.1', port } } });
    await expect(lalamove.getCities()).resolves.toEqual([]);
    expect(seen).toEqual(['http://lalamove.invalid/v3/cities']);
    await close();
    proxy.closeAllConnections();
    proxy.close();
  });

  it('refuses input with other JSON than its fields, and option names that every object inherits', async () => {
    const lalamove = await start();
    const disguised = [
      { ...ORDER, metadata: new Map([['reference', 'A-1']]) },
      { ...ORDER, recipients: new Set(ORDER.recipients) },
      { ...ORDER, toJSON: () => ({ quotationId: '1' }) },
    ];
    for (const input of disguised) {
      expect(await failureOf(lalamove.placeOrder(input as unknown as typeof ORDER))).toMatchObject({
        name: 'InvalidRequestException',
      });
    }
    for (const options of [{ toString: 1 }, { constructor: 1 }, JSON.parse('{"__proto__":1}') as object]) {
      expect(await failureOf(lalamove.getCities(options as never))).toMatchObject({ name: 'InvalidRequestException' });
    }
    expect(sandbox.requests).toHaveLength(0);
  });

  it('copies the options when it checks them', async () => {
    const lalamove = await start();
    const options = { requestId: 'mine' };
    sandbox.respondNext({ code: 'LALAMOVE_SERVER_ERROR' });
    const cities = lalamove.getCities(options);
    options.requestId = 'b\r\nX-Evil: 1';
    await cities;
    expect(sandbox.requests.map(({ headers }) => headers['request-id'])).toEqual(['mine', 'mine']);
  });

  it('treats the time limit of a signal as a timeout', async () => {
    const lalamove = await start();
    sandbox.respondNext('hang');
    expect(await failureOf(lalamove.getCities({ signal: AbortSignal.timeout(30) }))).toMatchObject({
      name: 'LalamoveTimeoutException',
      retryable: false,
    });
    expect(sandbox.requests).toHaveLength(1);
  });

  it('makes calls with other keys', async () => {
    const merchant = await LalamoveSandbox.start({ apiKey: 'pk_test_merchant', apiSecret: 'sk_test_merchant' });
    const lalamove = await start({ baseUrl: merchant.url });
    expect(await failureOf(lalamove.getCities())).toMatchObject({ name: 'LalamoveAuthenticationException' });
    const { apiKey, apiSecret } = merchant;
    const [city] = await lalamove.forAccount({ apiKey, apiSecret, market: 'SG' }).getCities();
    expect(city?.locode).toBe('SG SIN');
    await merchant.stop();
  });

  it('refuses missing other keys', async () => {
    const lalamove = await start();
    expect(() => lalamove.forAccount(undefined as never)).toThrow(
      /apiKey is missing[^]*apiSecret is missing[^]*market is missing/,
    );
  });

  it.each([
    ['pk_test_app', 'pk_prod_merchant', 'sk_prod_merchant', 'production'],
    ['pk_prod_app', 'pk_test_merchant', 'sk_test_merchant', 'sandbox'],
  ])('refuses keys of the other environment: an app with %s, and %s', async (apiKey, otherKey, otherSecret, kind) => {
    const apiSecret = apiKey.replace('pk_', 'sk_');
    const account = LalamoveModule.forRoot({ apiKey, apiSecret, market: 'HK' });
    const module = await Test.createTestingModule({ imports: [account] }).compile();
    const merchant = { apiKey: otherKey, apiSecret: otherSecret, market: 'HK' };
    expect(() => module.get(LalamoveService).forAccount(merchant)).toThrow(new RegExp(`apiKey is a ${kind} key`));
    await module.close();
  });

  it('accepts one signal for many calls without a warning', async () => {
    const warnings: unknown[] = [];
    const note = (warning: unknown): number => warnings.push(warning);
    process.on('warning', note);
    const lalamove = await start();
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 30 }, () => lalamove.getCities({ signal })));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings.map(String).filter((warning) => warning.includes('MaxListeners'))).toEqual([]);
  });

  it('refuses other keys that are invalid or of another environment', async () => {
    const lalamove = await start({ environment: 'sandbox' });
    expect(() => lalamove.forAccount({ apiKey: 'pk_prod_m', apiSecret: 'sk_prod_m', market: 'HKG' })).toThrow(
      /market must be[^]*environment is 'sandbox' but apiKey is a production key/,
    );
  });
});
