import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { REQUEST } from '@nestjs/core';
import {
  InMemoryRateLimitStore,
  LalamoveModule,
  RateLimitedException,
  type LalamoveRateLimitStore,
  type LalamoveService,
  type PlaceOrderDto,
  type RequestOptions,
} from 'nestjs-lalamove';
import type { LalamoveSandboxOptions } from 'nestjs-lalamove/sandbox';
import { StorefrontController } from '../../examples/storefront/storefront.controller.js';
import { DrivenSandbox, type Burst } from '../sandbox/driven-sandbox.js';
import { PLATFORMS, request, startHost } from '../support/host-app.js';
import { orderOf, QUOTATION } from '../support/inputs.js';
import { failureOf, KEYS, startLalamove } from '../support/lalamove.js';
import { http, RawServer } from '../support/raw-server.js';

const HOUR = 3_600_000;
/**
 * For a test of a thousand calls with the server in the same process. It takes a second or two on a machine that is not
 * busy.
 */
const LONG_TEST_MS = 30_000;
const PRODUCTION = { budgets: 'production' } as const;
const OTHER = { apiKey: 'pk_test_other', apiSecret: 'sk_test_other', market: 'HK' };

/** The calls that are made often. */
type CallName = 'getOrder' | 'createQuotation' | 'placeOrder';
type Call = (lalamove: LalamoveService, options?: RequestOptions) => Promise<unknown>;

describe('rate limits', () => {
  let driven: DrivenSandbox;

  afterEach(() => driven.stop());

  /** Starts a sandbox with an order and a quotation for the calls; its limits are unused. */
  async function start(options: LalamoveSandboxOptions = {}): Promise<Record<CallName, Call>> {
    driven = await DrivenSandbox.start(options);
    const unlimited = await driven.client();
    const quoted = await unlimited.createQuotation(QUOTATION);
    const { orderId } = await unlimited.placeOrder(orderOf(quoted));
    await driven.clock.advance('1m');
    // A new quotation: it is valid for five minutes from now.
    const order: PlaceOrderDto = orderOf(await unlimited.createQuotation(QUOTATION));
    await driven.clock.advance('2s');
    driven.forget();
    return {
      getOrder: (lalamove, more) => lalamove.getOrder(orderId, more),
      createQuotation: (lalamove, more) => lalamove.createQuotation(QUOTATION, more),
      placeOrder: (lalamove, more) => lalamove.placeOrder(order, more),
    };
  }

  const failures = ({ ended }: Burst): unknown[] => ended.flatMap(({ error }) => (error === undefined ? [] : [error]));
  const lastOf = ({ ended }: Burst): number => Math.max(...ended.map(({ at }) => at));
  const upTo = (count: number): number[] => [...Array(count).keys()];

  describe('limit a burst to', () => {
    /** Makes the calls at once, and checks that they take at most 5 % longer than the ideal time. */
    async function withTimeout(idealMs: number, count: number, made: Call, lalamove: LalamoveService): Promise<Burst> {
      const burst = driven.burst(count, (index) => made(lalamove, { requestId: String(index) }));
      await driven.clock.advance(idealMs * 1.05);
      expect(driven.refused).toBe(0);
      // Sent and answered once each, in the order of the calls.
      expect(driven.traffic.sent.map(Number)).toEqual(upTo(count));
      expect(driven.sandbox.requests.map(({ headers }) => Number(headers['request-id']))).toEqual(upTo(count));
      expect(burst.ended.map(({ index }) => index)).toEqual(upTo(count));
      return burst;
    }

    it.each([
      ['getOrder', 1000, 300],
      ['createQuotation', 1000, 100],
    ] as const)(
      'the limits of production: %s, %d times',
      async (name, count, limit) => {
        const calls = await start({ rateLimits: 'production' });
        const lalamove = await driven.client({ rateLimit: PRODUCTION, deadlineMs: HOUR, validate: false });
        const ideal = ((count - limit) * 60_000) / limit;
        expect(failures(await withTimeout(ideal, count, calls[name], lalamove))).toEqual([]);
      },
      LONG_TEST_MS,
    );

    it(
      'the limits of production: placeOrder, 1000 times',
      async () => {
        const { placeOrder } = await start({ rateLimits: 'production' });
        const lalamove = await driven.client({ rateLimit: PRODUCTION, deadlineMs: HOUR, validate: false });
        const [minute, second] = [(1000 - 100) * 600, 999 * 500];
        const burst = await withTimeout(Math.max(minute, second), 1000, placeOrder, lalamove);
        // The quotation is valid for five minutes less two seconds, so for the first few hundred calls. The others are
        // refused, but not with a 429.
        const placed = burst.ended.filter(({ error }) => error === undefined);
        expect(placed.at(-1)?.index).toBe(placed.length - 1);
        expect(lastOf({ ended: placed })).toBeGreaterThan(297_000);
        expect(failures(burst)).toHaveLength(1000 - placed.length);
        for (const error of failures(burst)) expect(error).toMatchObject({ code: 'ERR_INVALID_QUOTATION_ID' });
      },
      LONG_TEST_MS,
    );

    // Enough calls that the 5 % of a burst that stay unused are less than 5 % of all calls.
    it.each([
      ['getOrder', 120, 50],
      ['createQuotation', 100, 30],
      ['placeOrder', 100, 30],
    ] as const)('the limits of the sandbox: %s, %d times', async (name, count, limit) => {
      const calls = await start();
      const lalamove = await driven.client({ rateLimit: true, deadlineMs: HOUR });
      const ideal = ((count - limit) * 60_000) / limit;
      expect(failures(await withTimeout(ideal, count, calls[name], lalamove))).toEqual([]);
    });

    it('a budget of the host, which no answer raises', async () => {
      const { getOrder } = await start({ rateLimits: 'production' });
      const lalamove = await driven.client({ rateLimit: { perMinute: { getOrder: 60 } }, deadlineMs: HOUR });
      const burst = await withTimeout((80 - 57) * 1000, 80, getOrder, lalamove);
      // 57 at once, then one a second.
      expect(burst.ended.map(({ at }) => at)).toEqual(upTo(80).map((index) => Math.max(0, index - 56) * 1000));
    });

    it.each(['plain', 'plural', 'guide'] as const)(
      'the tighter limits that answers in the spelling %s report',
      async (rateLimitHeaders) => {
        const { createQuotation } = await start({ rateLimitHeaders });
        const lalamove = await driven.client({ rateLimit: PRODUCTION, deadlineMs: HOUR });
        // Start after the first answer: a call that is sent before it uses the limits of production.
        await createQuotation(lalamove, { requestId: '0' });
        driven.forget();
        await withTimeout((60 - 29) * 2000, 60, createQuotation, lalamove);
      },
    );
  });

  it('can be switched off', async () => {
    const { createQuotation } = await start();
    const lalamove = await driven.client({ rateLimit: false });
    const burst = driven.burst(40, () => createQuotation(lalamove));
    await driven.clock.advance(0);
    expect(driven.sandbox.requests).toHaveLength(40);
    expect(driven.refused).toBe(10);
    expect(failures(burst)).toHaveLength(10);
  });

  describe('that two other clients of the account share, and use by half,', () => {
    /**
     * What the two other clients do: the rhythm of their calls, and how many calls they make at once just before
     * ours.
     */
    type Others = readonly [budgets: 'sandbox' | 'production', rhythm: 'in turns' | 'together', before: number];

    /**
     * Makes 1.5 times the calls of one burst. Lalamove refuses the excess of the first burst, because the client does
     * not know of the other clients yet; later calls use the limits in the answers.
     *
     * @returns how many later calls were refused, and how many calls failed in the end
     */
    async function beside([budgets, rhythm, before]: Others): Promise<{ later: number; failed: number }> {
      const { createQuotation } = await start({ rateLimits: budgets });
      const others = [await driven.client(), await driven.client()];
      const perMinute = budgets === 'sandbox' ? 30 : 100;
      const everyMs = (4 * 60_000) / perMinute;
      const ask = (client: LalamoveService): void => {
        void createQuotation(client, { requestId: 'other' }).catch(() => undefined);
      };
      const stops: (() => void)[] = [];
      for (const client of others) {
        stops.push(
          driven.every(everyMs, () => {
            ask(client);
          }),
        );
        if (rhythm === 'in turns') await driven.clock.advance(everyMs / 2);
      }
      await driven.clock.advance('1m');
      for (let count = 0; count < before; count += 1) others.forEach(ask);
      await driven.clock.advance(0);
      const lalamove = await driven.client({ rateLimit: { budgets }, deadlineMs: HOUR, retry: {} });
      const startedAt = driven.clock.now();
      const burst = driven.burst(1.5 * perMinute, (index) => createQuotation(lalamove, { requestId: String(index) }));
      for (let step = 0; step < 60 && burst.ended.length < 1.5 * perMinute; step += 1)
        await driven.clock.advance('10s');
      for (const stop of stops) stop();
      const later = driven.sandbox.requests.filter(
        ({ headers, at, answer }) => headers['request-id'] !== 'other' && at > startedAt && answer?.status === 429,
      );
      expect(burst.ended).toHaveLength(1.5 * perMinute);
      return { later: later.length, failed: failures(burst).length };
    }

    it.each<Others>([
      ['sandbox', 'in turns', 0],
      ['production', 'together', 0],
    ])('of %s, %s, after %d at once: give us the other half, without a refusal', async (...others) => {
      expect(await beside(others)).toEqual({ later: 0, failed: 0 });
    });

    // A refused call is retried when one slot is free, and another client may take that slot first. Each time costs
    // one more refusal, and each pause is longer than the last, until enough has leaked.
    it.each<Others>([
      ['production', 'together', 7],
      ['sandbox', 'in turns', 7],
      ['sandbox', 'together', 0],
      ['sandbox', 'together', 7],
    ])('of %s, %s, after %d at once: cause few refusals and no failed call', async (...others) => {
      const { later, failed } = await beside(others);
      expect(later).toBeLessThanOrEqual(5);
      expect(failed).toBe(0);
    });
  });

  describe('and a deadline', () => {
    // A call has the rest of its deadline for its attempt, in real time: each call here has at least a second left.
    it('fail calls at once that cannot be served in time, before they are sent, and report the wait', async () => {
      const { createQuotation } = await start();
      const lalamove = await driven.client({ rateLimit: true, deadlineMs: 5000 });
      const burst = driven.burst(100, (index) => createQuotation(lalamove, { requestId: String(index) }));
      await driven.clock.advance(0);
      // Some at once, and two within 5 s: one every 2 s. The next one would be served after 6 s.
      const [sent, waiting] = [driven.sandbox.requests.length, 2];
      expect(sent).toBeGreaterThanOrEqual(27);
      const turnedAway = burst.ended.filter(({ error }) => error !== undefined);
      expect(turnedAway.map(({ index }) => index)).toEqual(upTo(100).slice(sent + waiting));
      for (const { error, at } of turnedAway) {
        expect(error).toBeInstanceOf(RateLimitedException);
        expect(error).toMatchObject({
          code: 'LALAMOVE_RATE_LIMITED',
          retryAfterSeconds: 6,
          retryable: true,
          operation: 'createQuotation',
          upstreamStatus: undefined,
          sentRequestId: undefined,
          mirrorStatus: 429,
        });
        expect(at).toBe(0);
      }
      await driven.clock.advance(5999);
      expect(burst.ended).toHaveLength(100);
      expect(driven.sandbox.requests).toHaveLength(sent + waiting);
      // The reported wait was exact: a call that joins 1 ms before its end waits 1 ms.
      driven.forget();
      const next = createQuotation(lalamove);
      await driven.clock.advance(1);
      await next;
      expect(driven.traffic.queuedMs).toEqual([1]);
    });

    it('of orders: use two orders a second', async () => {
      const { placeOrder } = await start({ rateLimits: 'production' });
      const lalamove = await driven.client({ rateLimit: PRODUCTION, deadlineMs: 6000, timeoutMs: 1000 });
      const burst = driven.burst(20, () => placeOrder(lalamove));
      await driven.clock.advance(0);
      // One every 550 ms, the tenth after 4950; the eleventh would be after 5.5 s, with less than a second left for its
      // answer.
      expect(burst.ended).toHaveLength(11);
      expect(failures(burst)).toHaveLength(10);
      for (const error of failures(burst)) expect(error).toMatchObject({ retryAfterSeconds: 6 });
      await driven.clock.advance(3850);
      expect(driven.statuses).toEqual(Array(8).fill(201));
    });

    it.each([
      ['half of the deadline', { deadlineMs: 1300 }, 2],
      ['timeoutMs, where that is less', { deadlineMs: 1300, timeoutMs: 100 }, 3],
    ])('of orders: reserve time for the answer, %s', async (_, options, placed) => {
      const { placeOrder } = await start({ rateLimits: 'production' });
      const lalamove = await driven.client({ rateLimit: PRODUCTION, ...options });
      const burst = driven.burst(4, () => placeOrder(lalamove));
      await driven.clock.advance(1300);
      // The slots are at 0, 550, 1100 and 1650 ms.
      expect(driven.statuses).toEqual(Array(placed).fill(201));
      expect(failures(burst)).toHaveLength(4 - placed);
      for (const error of failures(burst)) {
        expect(error).toMatchObject({
          code: 'LALAMOVE_RATE_LIMITED',
          upstreamStatus: undefined,
          sentRequestId: undefined,
        });
      }
    });

    it('of orders: fail a retry after a 429 that has no time left for its answer', async () => {
      const { placeOrder } = await start();
      const lalamove = await driven.client({ rateLimit: true, deadlineMs: 10_000, timeoutMs: 4000 });
      const headers = { 'retry-after': '7' };
      driven.sandbox.respondNext({ status: 429, body: '', headers });
      const error = await failureOf(placeOrder(lalamove));
      expect(error).toMatchObject({ code: 'LALAMOVE_RATE_LIMITED', upstreamStatus: 429, retryAfterSeconds: 7 });
      expect(driven.statuses).toEqual([429]);
    });

    it('of one call: use the deadline of the call', async () => {
      const { createQuotation } = await start();
      const lalamove = await driven.client({ rateLimit: { perMinute: { createQuotation: 1 } } });
      await createQuotation(lalamove);
      const error = await failureOf(createQuotation(lalamove, { deadlineMs: 60_000 }));
      expect(error).toMatchObject({ code: 'LALAMOVE_RATE_LIMITED', retryAfterSeconds: 60 });
      const patient = createQuotation(lalamove, { deadlineMs: 70_000 });
      await driven.clock.advance('1m');
      await patient;
    });

    it('and a 429: fail at once the waiting calls that can no longer be served in time', async () => {
      const { createQuotation } = await start();
      const lalamove = await driven.client({ rateLimit: true, deadlineMs: 10_000 });
      driven.burst(28, () => createQuotation(lalamove));
      await driven.clock.advance(0);
      const waiting = driven.burst(3, () => createQuotation(lalamove));
      const headers = { 'retry-after': '20' };
      driven.sandbox.respondNext({ status: 429, body: '', headers });
      await driven.clock.advance(2000);
      // The first call was sent and refused; neither it nor the calls after it could be sent in time.
      expect(waiting.ended.map(({ at }) => at)).toEqual([2000, 2000, 2000]);
      expect(failures(waiting)).toMatchObject([
        { code: 'LALAMOVE_RATE_LIMITED', upstreamStatus: undefined, retryAfterSeconds: 20 },
        { code: 'LALAMOVE_RATE_LIMITED', upstreamStatus: undefined, retryAfterSeconds: 20 },
        { code: 'LALAMOVE_RATE_LIMITED', upstreamStatus: 429, retryAfterSeconds: 20 },
      ]);
    });
  });

  it('stop waiting when the caller aborts: the call is not sent, and the next call gets its slot', async () => {
    const { createQuotation } = await start();
    const lalamove = await driven.client({ rateLimit: true, deadlineMs: HOUR });
    driven.burst(28, () => createQuotation(lalamove));
    const controller = new AbortController();
    const [first, second] = [createQuotation(lalamove, { signal: controller.signal }), createQuotation(lalamove)];
    const failure = failureOf(first);
    await driven.clock.advance(1000);
    controller.abort();
    expect(await failure).toMatchObject({ name: 'LalamoveAbortedException', sentRequestId: undefined });
    await driven.clock.advance(1000);
    await second;
    expect(driven.sandbox.requests).toHaveLength(29);
  });

  describe.each(PLATFORMS)('are reported to the consumers of an app on %s', (platform) => {
    it.each([
      ['mirror', 429, 'LALAMOVE_RATE_LIMITED'],
      ['gateway', 503, 'LALAMOVE_UNAVAILABLE'],
    ] as const)('by the policy %s, with the time to come back', async (status, statusCode, code) => {
      driven = await DrivenSandbox.start();
      const rateLimit = { perMinute: { createQuotation: 8 } };
      const options = driven.account({ rateLimit, deadlineMs: 5000, errors: { status } });
      const imports = [LalamoveModule.forRoot(options)];
      const { app, url } = await startHost(platform, { imports, controllers: [StorefrontController] });
      const statuses: number[] = [];
      for (let count = 0; count < 7; count += 1) {
        statuses.push((await request('POST', `${url}/quotes`, QUOTATION)).status);
      }
      expect(statuses).toEqual(Array(7).fill(201));
      const answer = await request('POST', `${url}/quotes`, QUOTATION);
      expect(answer.status).toBe(statusCode);
      expect(answer.headers.get('retry-after')).toBe('8');
      expect(answer.body).toMatchObject({ statusCode, code });
      expect(driven.sandbox.requests).toHaveLength(7);
      await app.close();
    });
  });

  describe('of several accounts', () => {
    it('are separate for each key, and shared by two services with the same key', async () => {
      const { getOrder, createQuotation } = await start({ accounts: [OTHER], unknowns: { limitsPer: 'key' } });
      const first = await driven.client({ rateLimit: true, deadlineMs: HOUR });
      const other = first.forAccount(OTHER);
      const { apiKey, apiSecret } = driven.sandbox;
      const same = first.forAccount({ apiKey, apiSecret, market: 'HK' });
      const bursts = [first, other, same].map((lalamove) => driven.burst(20, () => createQuotation(lalamove)));
      await driven.clock.advance(0);
      expect(bursts.map(({ ended }) => ended.length)).toEqual([20, 20, 8]);
      await driven.clock.advance(HOUR / 60);
      expect(driven.refused).toBe(0);
      await getOrder(first);
    });

    it('share their connections', async () => {
      driven = await DrivenSandbox.start();
      const server = await RawServer.start((socket) => socket.write(http(200, '{"data":[]}')));
      const { lalamove, close } = await startLalamove({ ...KEYS, baseUrl: server.url, rateLimit: true });
      for (const each of [lalamove, lalamove.forAccount(OTHER), lalamove.forAccount(KEYS)]) await each.getCities();
      expect(server.requests).toHaveLength(3);
      expect(server.connections).toBe(1);
      await close();
      await server.stop();
    });

    it('learn from each other’s answers if Lalamove counts by address', async () => {
      const { createQuotation } = await start({ accounts: [OTHER] });
      const first = await driven.client({ rateLimit: true, deadlineMs: HOUR });
      const other = first.forAccount(OTHER);
      driven.burst(20, () => createQuotation(first));
      await driven.clock.advance(0);
      // Its first answer says that 9 are left.
      await createQuotation(other);
      const burst = driven.burst(20, () => createQuotation(other));
      await driven.clock.advance(0);
      expect(burst.ended).toHaveLength(8);
      await driven.clock.advance('30s');
      expect(failures(burst)).toEqual([]);
      expect(driven.refused).toBe(0);
    });

    it('are shared by two apps with the same store, in whichever app the slots are taken', async () => {
      const { createQuotation } = await start();
      const near = new InMemoryRateLimitStore();
      const store: LalamoveRateLimitStore = {
        take: (...asked) => Promise.resolve(near.take(...asked)),
        raise: (limit, emptyAt) => {
          near.raise(limit, emptyAt);
          return Promise.resolve();
        },
      };
      const apps = await Promise.all([1, 2].map(() => driven.client({ rateLimit: { store }, deadlineMs: HOUR })));
      const bursts = apps.map((lalamove) => driven.burst(30, () => createQuotation(lalamove)));
      await driven.clock.advance('75s');
      expect(bursts.map(({ ended }) => ended.length)).toEqual([30, 30]);
      expect(driven.refused).toBe(0);
    });
  });

  describe('of an app with request-scoped options', () => {
    let store: LalamoveRateLimitStore | undefined;

    beforeEach(() => {
      store = undefined;
    });

    /** Gets the same data twice; the limit allows one call at once. */
    async function statuses(): Promise<number[]> {
      driven = await DrivenSandbox.start();
      const rateLimit = { perMinute: { getCities: 1 }, ...(store && { store }) };
      const useFactory = () => driven.account({ rateLimit, deadlineMs: 5000 });
      const imports = [LalamoveModule.forRootAsync({ inject: [REQUEST], useFactory })];
      const { app, url } = await startHost('express', { imports, controllers: [StorefrontController] });
      const answers = [await request('GET', `${url}/cities`), await request('GET', `${url}/cities`)];
      await app.close();
      return answers.map(({ status }) => status);
    }

    it('persist between requests', async () => {
      expect(await statuses()).toEqual([200, 429]);
    });

    it('persist between requests in a store of the app', async () => {
      store = new InMemoryRateLimitStore();
      expect(await statuses()).toEqual([200, 429]);
    });
  });
});
