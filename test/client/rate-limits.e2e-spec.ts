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
 * For a test of a thousand calls, each with its server in the same process: a second or two, unless the machine has
 * much else to do.
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

  /**
   * Starts a sandbox, where there are an order and a quotation that the calls can be about; its limits are as good as
   * new.
   */
  async function start(options: LalamoveSandboxOptions = {}): Promise<Record<CallName, Call>> {
    driven = await DrivenSandbox.start(options);
    const unlimited = await driven.client();
    const quoted = await unlimited.createQuotation(QUOTATION);
    const { orderId } = await unlimited.placeOrder(orderOf(quoted));
    await driven.clock.advance('1m');
    // A fresh one: it holds for five minutes from now.
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

  describe('keep a burst within', () => {
    /** Makes the calls at once, and has them end within 5 % of the time that they ideally take. */
    async function withTimeout(idealMs: number, count: number, made: Call, lalamove: LalamoveService): Promise<Burst> {
      const burst = driven.burst(count, (index) => made(lalamove, { requestId: String(index) }));
      await driven.clock.advance(idealMs * 1.05);
      expect(driven.refused).toBe(0);
      // Sent, and answered, in the order of the calls, each once.
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
        // The quotation holds for five minutes less two seconds, and so for the first few hundred; all others are
        // refused, but not as too many.
        const placed = burst.ended.filter(({ error }) => error === undefined);
        expect(placed.at(-1)?.index).toBe(placed.length - 1);
        expect(lastOf({ ended: placed })).toBeGreaterThan(297_000);
        expect(failures(burst)).toHaveLength(1000 - placed.length);
        for (const error of failures(burst)) expect(error).toMatchObject({ code: 'ERR_INVALID_QUOTATION_ID' });
      },
      LONG_TEST_MS,
    );

    // As many as it takes for the 5 % of a burst that are left unused to be less than 5 % of the whole.
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

    it('a budget of its own, above which no answer takes it', async () => {
      const { getOrder } = await start({ rateLimits: 'production' });
      const lalamove = await driven.client({ rateLimit: { perMinute: { getOrder: 60 } }, deadlineMs: HOUR });
      const burst = await withTimeout((80 - 57) * 1000, 80, getOrder, lalamove);
      // 57 at once, then one a second.
      expect(burst.ended.map(({ at }) => at)).toEqual(upTo(80).map((index) => Math.max(0, index - 56) * 1000));
    });

    it.each(['plain', 'plural', 'guide'] as const)(
      'what answers in the spelling %s tell of limits that are tighter',
      async (rateLimitHeaders) => {
        const { createQuotation } = await start({ rateLimitHeaders });
        const lalamove = await driven.client({ rateLimit: PRODUCTION, deadlineMs: HOUR });
        // From the first answer on: what is sent ahead of it would go by the limits of production.
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

  describe('that two other clients of the account use, too, for half of what there is,', () => {
    /**
     * What the two other clients do: how far apart in their rhythm, and how many calls they make at once just before
     * ours.
     */
    type Others = readonly [budgets: 'sandbox' | 'production', rhythm: 'in turns' | 'together', before: number];

    /**
     * Makes half as many calls again as a bucket holds. Those of the first burst that are too many are refused, for
     * nothing was known of the others yet; all later ones go by what the answers say.
     *
     * @returns how many of the later ones were refused, and how many calls failed in the end
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
    ])('of %s, %s, after %d at once: leave us the other half, without a refusal', async (...others) => {
      expect(await beside(others)).toEqual({ later: 0, failed: 0 });
    });

    // Whoever was refused comes back when one request is left again, which the others may have taken by then: that
    // costs one more refusal a time, each after a longer pause than the last, until enough has leaked.
    it.each<Others>([
      ['production', 'together', 7],
      ['sandbox', 'in turns', 7],
      ['sandbox', 'together', 0],
      ['sandbox', 'together', 7],
    ])('of %s, %s, after %d at once: cost us few refusals and no call', async (...others) => {
      const { later, failed } = await beside(others);
      expect(later).toBeLessThanOrEqual(5);
      expect(failed).toBe(0);
    });
  });

  describe('and a deadline', () => {
    // What is sent has the rest of its deadline, in real time: none of these calls is sent within a second of it.
    it('have what cannot be served in time fail at once, unsent, with the wait that it would have taken', async () => {
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
      // The wait was the truth: a call that comes a ms before its end waits for that.
      driven.forget();
      const next = createQuotation(lalamove);
      await driven.clock.advance(1);
      await next;
      expect(driven.traffic.queuedMs).toEqual([1]);
    });

    it('of orders: by the two a second', async () => {
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
    ])('of orders: the time for an answer is kept free, %s', async (_, options, placed) => {
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

    it('that a refusal leaves to an order with no time for its answer', async () => {
      const { placeOrder } = await start();
      const lalamove = await driven.client({ rateLimit: true, deadlineMs: 10_000, timeoutMs: 4000 });
      const headers = { 'retry-after': '7' };
      driven.sandbox.respondNext({ status: 429, body: '', headers });
      const error = await failureOf(placeOrder(lalamove));
      expect(error).toMatchObject({ code: 'LALAMOVE_RATE_LIMITED', upstreamStatus: 429, retryAfterSeconds: 7 });
      expect(driven.statuses).toEqual([429]);
    });

    it('that a call names for itself', async () => {
      const { createQuotation } = await start();
      const lalamove = await driven.client({ rateLimit: { perMinute: { createQuotation: 1 } } });
      await createQuotation(lalamove);
      const error = await failureOf(createQuotation(lalamove, { deadlineMs: 60_000 }));
      expect(error).toMatchObject({ code: 'LALAMOVE_RATE_LIMITED', retryAfterSeconds: 60 });
      const patient = createQuotation(lalamove, { deadlineMs: 70_000 });
      await driven.clock.advance('1m');
      await patient;
    });

    it('that a refusal makes impossible have those who wait fail at once', async () => {
      const { createQuotation } = await start();
      const lalamove = await driven.client({ rateLimit: true, deadlineMs: 10_000 });
      driven.burst(28, () => createQuotation(lalamove));
      await driven.clock.advance(0);
      const waiting = driven.burst(3, () => createQuotation(lalamove));
      const headers = { 'retry-after': '20' };
      driven.sandbox.respondNext({ status: 429, body: '', headers });
      await driven.clock.advance(2000);
      // The first one was sent, and refused; it and all who waited behind it could not come back in time.
      expect(waiting.ended.map(({ at }) => at)).toEqual([2000, 2000, 2000]);
      expect(failures(waiting)).toMatchObject([
        { code: 'LALAMOVE_RATE_LIMITED', upstreamStatus: undefined, retryAfterSeconds: 20 },
        { code: 'LALAMOVE_RATE_LIMITED', upstreamStatus: undefined, retryAfterSeconds: 20 },
        { code: 'LALAMOVE_RATE_LIMITED', upstreamStatus: 429, retryAfterSeconds: 20 },
      ]);
    });
  });

  it('are waited for no longer than the caller wants, who sends nothing then, and gives its place on', async () => {
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

  describe.each(PLATFORMS)('answer the consumers of an app on %s', (platform) => {
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
    it('are their own for each key, and one for two services of the same key', async () => {
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

    it('learn of each other by the answers, where Lalamove counts by address', async () => {
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

    it('are one where two apps share a store, on whichever side the slots are taken', async () => {
      const { createQuotation } = await start();
      const near = new InMemoryRateLimitStore();
      const store: LalamoveRateLimitStore = {
        take: (...asked) => Promise.resolve(near.take(...asked)),
        raise: (...told) => {
          near.raise(...told);
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

  describe('of an app whose options are made for each request', () => {
    let store: LalamoveRateLimitStore | undefined;

    beforeEach(() => {
      store = undefined;
    });

    /** Gets the same twice, where there is one slot. */
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

    it('hold from request to request', async () => {
      expect(await statuses()).toEqual([200, 429]);
    });

    it('hold from request to request in a store of the app', async () => {
      store = new InMemoryRateLimitStore();
      expect(await statuses()).toEqual([200, 429]);
    });
  });
});
