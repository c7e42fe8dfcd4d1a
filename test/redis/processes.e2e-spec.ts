import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { PlaceOrderDto } from 'nestjs-lalamove';
import { LalamoveSandbox, SandboxClock } from 'nestjs-lalamove/sandbox';
import { setTimeout as sleep } from 'node:timers/promises';
import { compile } from '../chaos/compile.mjs';
import { accountOn } from '../support/account.js';
import { orderOf, QUOTATION } from '../support/inputs.js';
import { startLalamove } from '../support/lalamove.js';
import { CallerProcess } from './processes/caller-process.js';
import type { ProcessPlan, ProcessReport } from './processes/plan.js';
import { connect, describeOnRedis, ownPrefix, redisUrl } from './redis-on.js';
import { RedisProxy } from './redis-proxy.js';

const PROCESSES = 4;
/** Time goes faster here, for the module and the sandbox alike: 1000 calls take 140 s at Lalamove's rate. */
const SPEED = Number(process.env.LALAMOVE_TEST_SPEED ?? 5);
const TEST_MS = 180_000;
/** Production's limit of reads, a minute. */
const PER_MINUTE = 300;
const MINUTE_MS = 60_000;

interface Run {
  readonly reports: readonly ProcessReport[];
  readonly tookMs: number;
  /** Requests that the sandbox answered with 429, and all requests. */
  readonly refused: number;
  readonly sent: number;
}

/** The ideal time of so many reads at once. */
const idealMs = (calls: number): number => (Math.max(0, calls - PER_MINUTE) * MINUTE_MS) / PER_MINUTE;

describe('four processes', () => {
  let folder: string;
  let sandbox: LalamoveSandbox;
  let clock: SandboxClock;
  let callers: CallerProcess[];
  let orderId: string;
  let order: PlaceOrderDto;

  beforeAll(async () => {
    folder = await compile();
  });

  beforeEach(() => {
    callers = [];
  });

  afterEach(async () => {
    for (const caller of callers) caller.kill();
    await sandbox.stop();
  });

  /** Starts the sandbox and the processes. */
  async function start(speed: number, plan: (index: number) => Partial<ProcessPlan>): Promise<void> {
    clock = new SandboxClock({ speed });
    sandbox = await LalamoveSandbox.start({ clock, rateLimits: 'production' });
    const { lalamove, close } = await startLalamove(accountOn(sandbox, { clock }));
    order = orderOf(await lalamove.createQuotation(QUOTATION));
    ({ orderId } = await lalamove.placeOrder(order));
    await close();
    const anchor = { real: Date.now(), here: clock.now() };
    const { apiKey, apiSecret, url: baseUrl } = sandbox;
    const base = { apiKey, apiSecret, baseUrl, speed, anchor, skewMs: 0, calls: 250, orderId };
    callers = await Promise.all(
      Array.from({ length: PROCESSES }, (_, index) => CallerProcess.start(folder, { ...base, ...plan(index) })),
    );
    sandbox.requests.length = 0;
  }

  /** Lets all processes make their calls. */
  async function run(): Promise<Run> {
    const startedAt = clock.now();
    const reports = await Promise.all(callers.map((caller) => caller.run()));
    const { requests } = sandbox;
    const tookMs = Math.max(...requests.map(({ at }) => at)) - startedAt;
    const refused = requests.filter(({ answer }) => answer?.status === 429).length;
    return { reports, tookMs, refused, sent: requests.length };
  }

  /** Waits until the processes have sent more requests than that. */
  async function hasSent(count: number): Promise<void> {
    while (sandbox.requests.length <= count) await sleep(20);
  }

  /** Expects that every call has ended well and was sent once. */
  function expectAllSent({ reports, refused, sent }: Run, calls: number): void {
    const failures = reports.flatMap((report) => report.failures);
    expect({ failures, refused, sent }).toEqual({ failures: [], refused: 0, sent: calls });
  }

  it(
    'without a shared store, each with its share: make many calls at once without one 429, in the ideal time',
    async () => {
      await start(SPEED, () => ({ processes: PROCESSES, calls: 175 }));
      const done = await run();
      expectAllSent(done, 700);
      expect(done.tookMs / idealMs(700)).toBeGreaterThan(0.98);
      expect(done.tookMs / idealMs(700)).toBeLessThan(1.1);
    },
    TEST_MS,
  );

  it(
    'without a shared store place all orders, though some fall into the same second and are refused at first',
    async () => {
      await start(1, () => ({ processes: PROCESSES, calls: 3, order }));
      const { reports } = await run();
      expect(reports.flatMap(({ failures }) => failures)).toEqual([]);
    },
    TEST_MS,
  );

  describeOnRedis('with a store in Redis', () => {
    let redis: Redis;
    let proxy: RedisProxy;
    let shared: { url: string; prefix: string };

    beforeEach(async () => {
      redis = connect();
      proxy = await RedisProxy.start(redisUrl());
      shared = { url: proxy.url, prefix: ownPrefix() };
    });

    afterEach(async () => {
      await proxy.stop();
      await redis.quit();
    });

    it(
      'make 1000 calls at once without one 429, in the ideal time, with clocks that differ by minutes',
      async () => {
        await start(SPEED, (index) => ({ redis: shared, skewMs: (index - 1) * 120_000 }));
        const done = await run();
        expectAllSent(done, 1000);
        expect(done.tookMs / idealMs(1000)).toBeGreaterThan(0.98);
        expect(done.tookMs / idealMs(1000)).toBeLessThan(1.1);
      },
      TEST_MS,
    );

    it(
      'leave their budget to a process that needs all of it',
      async () => {
        await start(SPEED, (index) => ({ redis: shared, calls: index === 0 ? 450 : 1 }));
        const done = await run();
        expectAllSent(done, 453);
        // The share of one process would take eight minutes.
        expect(done.tookMs).toBeLessThan(1.25 * idealMs(453));
      },
      TEST_MS,
    );

    it(
      'place orders at once without one 429',
      async () => {
        await start(1, () => ({ redis: shared, calls: 4, order }));
        const done = await run();
        expectAllSent(done, 16);
      },
      TEST_MS,
    );

    it(
      'get not one 429 if Redis loses all keys, twice',
      async () => {
        await start(SPEED, () => ({ redis: shared, isBlind: true, calls: 150 }));
        const running = run();
        for (const sent of [PER_MINUTE, PER_MINUTE + 100]) {
          await hasSent(sent);
          await redis.flushdb();
        }
        const done = await running;
        expectAllSent(done, 600);
      },
      TEST_MS,
    );

    it(
      'get not one 429 if Redis hangs and then is gone for a while: each goes on with its share',
      async () => {
        await start(SPEED, () => ({ redis: shared, isBlind: true, calls: 175, processes: PROCESSES }));
        const running = run();
        // After the burst: what is left of it when an outage begins is not used.
        await hasSent(PER_MINUTE);
        const sentMeanwhile: number[] = [];
        for (const fail of ['stall', 'cut'] as const) {
          const before = sandbox.requests.length;
          proxy[fail]();
          await sleep(4000);
          sentMeanwhile.push(sandbox.requests.length - before);
          proxy.open();
          await sleep(2000);
        }
        const done = await running;
        expectAllSent(done, 700);
        // At the rate of the budget it would be a hundred each time; a hanging Redis is waited for at first.
        for (const sent of sentMeanwhile) expect(sent).toBeGreaterThan(25);
        for (const { lines } of done.reports) {
          expect(lines).toContainEqual(expect.stringMatching(/^The store .* counts for itself .*share=1\/4 error=/));
          expect(lines).toContain('The store of the rate limits works again');
        }
      },
      TEST_MS,
    );
  });
});
