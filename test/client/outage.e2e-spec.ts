import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { REQUEST } from '@nestjs/core';
import { LalamoveModule, systemClock, type LalamoveModuleOptions, type LalamoveService } from 'nestjs-lalamove';
import type { Fault } from 'nestjs-lalamove/sandbox';
import { StorefrontController } from '../../examples/storefront/storefront.controller.js';
import { DrivenSandbox } from '../sandbox/driven-sandbox.js';
import { request, startHost } from '../support/host-app.js';
import { CALLS, ORDER, orderOf, QUOTATION } from '../support/inputs.js';
import { KEYS, startLalamove } from '../support/lalamove.js';
import { http, RawServer } from '../support/raw-server.js';

const OTHER = { apiKey: 'pk_test_other', apiSecret: 'sk_test_other', market: 'HK' };
/** For a test of more than a thousand calls with the server in the same process. */
const LONG_TEST_MS = 30_000;
/** The retry budget at the start, and how much of it returns in a minute without a success. */
const [RESERVE, A_MINUTE] = [20, 6];
const DOWN: Fault = { answer: { status: 503, body: '' }, times: 'always' };

describe('an outage', () => {
  let driven: DrivenSandbox;

  beforeEach(async () => {
    driven = await DrivenSandbox.start({ rateLimits: false, accounts: [OTHER] });
  });

  afterEach(() => driven.stop());

  /** Starts a client with the default retries. */
  const start = (more: Partial<LalamoveModuleOptions> = {}): Promise<LalamoveService> =>
    driven.client({ retry: {}, ...more });

  /** Makes so many calls at once; resolves when all have ended. */
  async function made(times: number, call: () => Promise<unknown>): Promise<unknown[]> {
    const { ended } = driven.burst(times, call);
    await driven.clock.advance('1m');
    expect(ended).toHaveLength(times);
    return ended.map(({ error }) => error);
  }

  /** Whether the budget allows a retry; uses it up. */
  async function isRepeatLeft(lalamove: LalamoveService): Promise<boolean> {
    const before = driven.sandbox.requests.length;
    driven.sandbox.respondNext({ status: 503, body: '' });
    const { ended } = driven.burst(1, () => lalamove.getCities());
    // Longer than the first backoff, and too short to earn another retry.
    await driven.clock.advance(250);
    expect(ended).toHaveLength(1);
    return driven.sandbox.requests.length - before === 2;
  }

  describe('for minutes', () => {
    it.each<[minutes: number, what: string, fault: Fault]>([
      [10, 'answers 503', DOWN],
      [2, 'resets every connection', { answer: 'reset', times: 'always' }],
    ])(
      '(%d) in which Lalamove %s does not cause a retry storm, and calls succeed at once after it',
      async (minutes, _, fault) => {
        const lalamove = await start();
        const order = orderOf(await lalamove.createQuotation(QUOTATION));
        const { orderId } = await lalamove.placeOrder(order);
        driven.forget();
        driven.sandbox.addFault(fault);
        const load = [() => lalamove.getOrder(orderId), () => lalamove.createQuotation(QUOTATION, { validate: false })];
        let [calls, failed] = [0, 0];
        const stop = driven.every(1000, () => {
          const call = load[calls % 2];
          calls += 1;
          void call?.().catch(() => (failed += 1));
        });
        await driven.clock.advance(`${minutes}m`);
        stop();
        await driven.clock.advance('5s');

        // Each call was sent, and at most the retry budget in addition: in ten minutes, 80 beside 600.
        expect(calls).toBe(60 * minutes + 1);
        expect(failed).toBe(calls);
        const repeats = driven.sandbox.requests.length - calls;
        expect(repeats).toBeLessThanOrEqual(RESERVE + minutes * A_MINUTE);
        expect(repeats).toBeGreaterThanOrEqual(RESERVE + minutes * A_MINUTE - 1);
        expect(driven.traffic.repeats).toHaveLength(repeats);

        await driven.sandbox.control.clearFaults();
        driven.forget();
        for (const call of load) await call();
        expect(driven.statuses).toEqual([200, 201]);
      },
      LONG_TEST_MS,
    );

    it('does not use the retry budget for orders: each order is sent once', async () => {
      const lalamove = await start();
      driven.sandbox.addFault(DOWN);
      let unknown = 0;
      const stop = driven.every(10_000, () => {
        void lalamove.placeOrder(ORDER).catch((error: unknown) => {
          if (error instanceof Error && error.name === 'LalamoveOutcomeUnknownException') unknown += 1;
        });
      });
      await driven.clock.advance('10m');
      stop();
      expect(driven.sandbox.requests).toHaveLength(61);
      expect(unknown).toBe(61);
      expect(driven.traffic.repeats).toEqual([]);
    });
  });

  it('lets the first calls retry, and then fails calls after their first attempt', async () => {
    const lalamove = await start();
    driven.sandbox.addFault(DOWN);
    await made(50, () => lalamove.getCities());
    // 20 from the start, and those earned in the second or so that the calls took.
    expect(driven.sandbox.requests).toHaveLength(50 + RESERVE);
  });

  it('limits several accounts together: they share the retry budget of their registration', async () => {
    const lalamove = await start();
    const others = [lalamove, lalamove.forAccount(OTHER)];
    driven.sandbox.addFault(DOWN);
    await made(50, () => Promise.all(others.map((each) => each.getCities())));
    expect(driven.sandbox.requests.length).toBeLessThanOrEqual(100 + RESERVE + 1);
  });

  it('uses up the retry budget, which grows with successes and with time', async () => {
    const lalamove = await start();
    driven.sandbox.addFault(DOWN);
    await made(30, () => lalamove.getCities());
    await driven.sandbox.control.clearFaults();
    // The minute has earned six retries, and each successful retry earns a fifth of one.
    let left = 0;
    while (left < RESERVE && (await isRepeatLeft(lalamove))) left += 1;
    expect(left).toBeLessThan(1.5 * A_MINUTE);
    for (let count = 0; count < 5; count += 1) await lalamove.getCities();
    expect(await isRepeatLeft(lalamove)).toBe(true);
    await driven.clock.advance('10s');
    expect(await isRepeatLeft(lalamove)).toBe(true);
  });

  it('does not cause a retry storm in an app with request-scoped options', async () => {
    const useFactory = () => driven.account({ clock: systemClock, retry: { baseDelayMs: 1, maxDelayMs: 1 } });
    const imports = [LalamoveModule.forRootAsync({ inject: [REQUEST], useFactory })];
    const { app, url } = await startHost('express', { imports, controllers: [StorefrontController] });
    driven.sandbox.addFault(DOWN);
    for (let count = 0; count < 30; count += 1) expect((await request('GET', `${url}/cities`)).status).toBe(503);
    await app.close();
    expect(driven.sandbox.requests.length).toBeLessThanOrEqual(30 + RESERVE + 1);
  });

  it('fails calls at once if retries are off', async () => {
    const lalamove = await start({ retry: { maxAttempts: 1 } });
    driven.sandbox.addFault(DOWN);
    await made(5, () => lalamove.getCities());
    expect(driven.sandbox.requests).toHaveLength(5);
  });
});

describe('a storm of 429s', () => {
  let driven: DrivenSandbox;

  beforeEach(async () => {
    driven = await DrivenSandbox.start({ rateLimits: false });
  });

  afterEach(() => driven.stop());

  const refuse = (headers: Record<string, string>): void => {
    driven.sandbox.addFault({ answer: { status: 429, body: '', headers }, times: 'always' });
  };
  const dateIn = (ms: number): string => new Date(driven.clock.now() + ms).toUTCString();

  it.each<[string, () => Record<string, string>]>([
    ['in seconds', () => ({ 'Retry-After': '5' })],
    ['in milliseconds', () => ({ 'Retry-After-Ms': '5000' })],
    ['as a date', () => ({ 'Retry-After': dateIn(5000) })],
    ['as the second of a reset', () => ({ 'RateLimit-Reset-Getcities': String((driven.clock.now() + 5000) / 1000) })],
  ])('is waited out, as the answer asks %s, and uses no retry budget', async (_, headers) => {
    const lalamove = await driven.client({ retry: {} });
    refuse(headers());
    const { ended } = driven.burst(50, () => lalamove.getCities());
    await driven.clock.advance(4999);
    expect(driven.statuses).toEqual(Array(50).fill(429));
    expect(ended).toEqual([]);
    await driven.sandbox.control.clearFaults();
    await driven.clock.advance(1);
    expect(ended.map(({ error }) => error)).toEqual(Array(50).fill(undefined));
    expect(driven.sandbox.requests).toHaveLength(100);

    // The whole retry budget is left.
    driven.sandbox.addFault(DOWN);
    driven.forget();
    driven.burst(30, () => lalamove.getCities());
    await driven.clock.advance('5s');
    expect(driven.sandbox.requests).toHaveLength(30 + RESERVE);
  });

  it('delays calls that have not been sent yet, if the rate limiter is on', async () => {
    const lalamove = await driven.client({ retry: {}, rateLimit: true });
    refuse({ 'Retry-After': '5' });
    const first = driven.burst(3, () => lalamove.getCities());
    await driven.clock.advance(0);
    await driven.sandbox.control.clearFaults();
    const later = driven.burst(3, () => lalamove.getCities());
    await driven.clock.advance(4999);
    expect(driven.sandbox.requests).toHaveLength(3);
    await driven.clock.advance('10s');
    expect([...first.ended, ...later.ended].map(({ error }) => error)).toEqual(Array(6).fill(undefined));
    expect(driven.sandbox.requests).toHaveLength(9);
  });

  it('delays orders, which a 429 has not booked: each is booked once', async () => {
    const lalamove = await driven.client({ retry: {} });
    const order = orderOf(await lalamove.createQuotation(QUOTATION));
    refuse({ 'Retry-After': '5' });
    const { ended } = driven.burst(1, () => lalamove.placeOrder(order));
    await driven.clock.advance(4999);
    await driven.sandbox.control.clearFaults();
    await driven.clock.advance(1);
    expect(ended.map(({ error }) => error)).toEqual([undefined]);
    expect(driven.sandbox.orders).toHaveLength(1);
  });

  it('is not waited out beyond the deadline: the call fails at once with the 429', async () => {
    const lalamove = await driven.client({ retry: {}, deadlineMs: 5000 });
    refuse({ 'Retry-After': '5' });
    const { ended } = driven.burst(1, () => lalamove.getCities());
    await driven.clock.advance(0);
    expect(ended).toMatchObject([{ at: 0, error: { upstreamStatus: 429, retryAfterSeconds: 5 } }]);
  });
});

describe('an answer before a retry', () => {
  it.each([
    ['503 and a page', 503, '<html>'.padEnd(100_000, 'x')],
    ['429 and JSON', 429, '{"message":"ERR_TOO_MANY_REQUESTS"}'],
    ['502 and nothing', 502, ''],
  ])('of %s is read to its end: the retry uses the same connection', async (_, status, body) => {
    let answers = 0;
    const server = await RawServer.start((socket) => {
      answers += 1;
      socket.write(answers % 2 === 1 ? http(status, body) : http(200, '{"data":[]}'));
    });
    const { lalamove, close } = await startLalamove({ ...KEYS, baseUrl: server.url, retry: { baseDelayMs: 1 } });
    for (let count = 0; count < 5; count += 1) await CALLS.getCities?.(lalamove);
    expect(server.requests).toHaveLength(10);
    expect(server.connections).toBe(1);
    await close();
    await server.stop();
  });
});
