import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import type { DeliveriesQueue, DeliveriesQueueContext } from 'nestjs-lalamove/deliveries';
import { bullmqQueue, type BullmqQueueOptions } from 'nestjs-lalamove/deliveries/bullmq';
import { setTimeout as pause } from 'node:timers/promises';
import { HORIZON_MS } from '../../src/deliveries/queue/in-process-queue.js';
import { systemClock } from '../../src/internal/clock.js';
import { Gate } from '../support/gate.js';
import { testRedisUrl, TestKeys } from '../support/redis.js';
import { describeRedis } from '../support/servers.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { LineLogger } from '../webhooks/webhook-host.js';

describeRedis('bullmqQueue (needs LALAMOVE_TEST_REDIS_URL)', () => {
  let keys: TestKeys;
  let redis: Redis;
  let proxy: TcpProxy;
  let queues: DeliveriesQueue[];
  let logger: LineLogger;
  /** The deliveries that were worked on, in this order. */
  let worked: string[];

  beforeEach(async () => {
    keys = new TestKeys();
    redis = keys.redis;
    proxy = await TcpProxy.to(testRedisUrl());
    [queues, worked, logger] = [[], [], new LineLogger()];
  });

  afterEach(async () => {
    await Promise.all(queues.map((queue) => queue.stop(0)));
    await until(() => proxy.open === 0);
    expect(proxy.open).toBe(0);
    await proxy.down();
    await keys.end();
  });

  type Work = (id: string) => Promise<number | undefined>;

  const record: Work = (id) => {
    worked.push(id);
    return Promise.resolve(undefined);
  };

  /** Records the work, and waits at the gate. */
  const recordAt =
    (gate: Gate): Work =>
    async (id) => {
      worked.push(id);
      return gate.pass(undefined);
    };

  /** The settings of the module that starts a queue. */
  const contextOf = (): DeliveriesQueueContext => ({
    clock: systemClock,
    isSystemTime: true,
    concurrency: 4,
    isWorker: true,
    logger,
  });

  async function started(work = record, options: Partial<BullmqQueueOptions> = {}): Promise<Required<DeliveriesQueue>> {
    const queue = bullmqQueue({ connection: proxy.url.href, prefix: keys.prefix, ...options });
    queues.push(queue);
    await queue.start(work, contextOf());
    return queue;
  }

  const key = (name: string): string => `${keys.prefix}:lalamove-deliveries:${name}`;

  async function jobs(): Promise<string[]> {
    const found = await redis.keys(key('*-*'));
    return found.map((name) => name.slice(key('').length)).filter((name) => name !== 'stalled-check');
  }

  it('works on each of 1 000 wakes, and leaves no job in Redis', async () => {
    const queue = await started();
    const ids = Array.from({ length: 1000 }, (_, index) => `delivery-${index}`);
    await Promise.all(ids.map(async (id) => queue.wake(id, Date.now())));
    await queue.whenIdle();
    expect(worked.sort()).toEqual(ids.sort());
    expect(await jobs()).toEqual([]);
  });

  it('works when a delivery is due, not before', async () => {
    const queue = await started();
    const at = Date.now() + 1500;
    await queue.wake('a', at);
    expect(await redis.zcard(key('delayed'))).toBe(1);
    await pause(1200);
    expect(worked).toEqual([]);
    await until(() => worked.length > 0);
    expect(Date.now()).toBeGreaterThanOrEqual(at);
    expect(worked).toEqual(['a']);
  });

  it('ignores wakes that the sweeper will find in time', async () => {
    const queue = await started();
    await queue.wake('a', Date.now() + HORIZON_MS + 1000);
    await queue.wake('b', Date.now() + HORIZON_MS - 1000);
    expect(await redis.zcard(key('delayed'))).toBe(1);
  });

  it('wakes a delivery again at the next due time, even at the one of the running job', async () => {
    const at = Date.now() + 1500;
    const times: number[] = [];
    const queue = await started(() => Promise.resolve(times.push(Date.now()) < 3 ? at : undefined));
    await queue.wake('a', Date.now());
    await until(() => times.length === 3, 5000);
    expect(times[1]).toBeGreaterThanOrEqual(at);
    expect(times).toHaveLength(3);
  });

  it('does not lose a wake of a delivery that is being worked on', async () => {
    const gate = new Gate(1);
    const queue = await started(recordAt(gate));
    await queue.wake('a', Date.now());
    await until(() => worked.length === 1);
    await queue.wake('a', Date.now());
    await until(() => worked.length === 2);
    gate.open();
    expect(worked).toEqual(['a', 'a']);
  });

  it('does not lose an immediate wake beside a delayed one', async () => {
    const queue = await started();
    await queue.wake('a', Date.now() + 60_000);
    await queue.wake('a', Date.now());
    await until(() => worked.length === 1);
    expect(worked).toEqual(['a']);
  });

  it('keeps one job for all wakes of a delivery at one due time, whichever process wakes', async () => {
    const both = [await started(), await started()];
    const at = Date.now() + 60_000;
    for (const queue of both) {
      for (const id of ['a', 'a', 'b']) await queue.wake(id, at);
    }
    expect((await jobs()).sort()).toEqual([`a-${at}`, `b-${at}`]);
  });

  it('only wakes with worker: false, for workers elsewhere', async () => {
    const waker = await started(() => Promise.reject(new Error('It has no worker.')), { worker: false });
    await waker.wake('a:1', Date.now());
    await pause(100);
    expect(await redis.llen(key('wait'))).toBe(1);
    await started();
    await until(() => worked.length === 1);
    expect(worked).toEqual(['a:1']);
  });

  it('works on as many deliveries at a time as the option says', async () => {
    const gate = new Gate(2);
    const queue = await started(recordAt(gate), { concurrency: 2 });
    for (const id of ['a', 'b', 'c']) await queue.wake(id, Date.now());
    await pause(200);
    expect(worked).toHaveLength(2);
    gate.open();
    await queue.whenIdle();
    expect(worked).toHaveLength(3);
  });

  it('stops with what is under way, and leaves the rest to other workers', async () => {
    const gate = new Gate(1);
    const queue = await started(recordAt(gate), { concurrency: 1 });
    for (const id of ['a', 'b', 'c']) await queue.wake(id, Date.now());
    await until(() => worked.length === 1);
    const stopping = queue.stop(5000);
    await pause(100);
    gate.open();
    await stopping;
    expect(worked).toEqual(['a']);
    const other = await started();
    await other.whenIdle();
    expect([...worked].sort()).toEqual(['a', 'b', 'c']);
  });

  it('hands back a wake that arrives while it stops', async () => {
    const gate = new Gate(1);
    const queue = await started(recordAt(gate));
    const other = await started(record, { worker: false });
    await queue.wake('a', Date.now());
    await until(() => worked.length === 1);
    const stopping = queue.stop(5000);
    await other.wake('b', Date.now());
    await pause(100);
    gate.open();
    await stopping;
    expect(worked).toEqual(['a']);
    await (await started()).whenIdle();
    expect(worked).toEqual(['a', 'b']);
  });

  it('waits no longer than it may for work that hangs', async () => {
    const gate = new Gate(1);
    const queue = await started(recordAt(gate));
    await queue.wake('a', Date.now());
    await until(() => worked.length === 1);
    const begun = performance.now();
    await queue.stop(300);
    const took = performance.now() - begun;
    expect(took).toBeGreaterThan(290);
    expect(took).toBeLessThan(1300);
    // Work that ends after the stop does not connect again.
    await until(() => proxy.open === 0);
    gate.open();
    await pause(300);
    expect(proxy.open).toBe(0);
  });

  it('starts again after a stop, but not twice', async () => {
    const queue = await started();
    expect(() => queue.start(record, contextOf())).toThrow(/already started/);
    await queue.stop(0);
    await queue.wake('lost', Date.now());
    await queue.start(record, contextOf());
    await queue.wake('a', Date.now());
    await queue.whenIdle();
    expect(worked).toEqual(['a']);
  });

  it('takes options of ioredis as the connection', async () => {
    const { hostname: host, port } = proxy.url;
    const queue = await started(record, { connection: { host, port: Number(port), db: 14, keyPrefix: 'own:' } });
    await queue.wake('a', Date.now());
    await queue.whenIdle();
    expect(worked).toEqual(['a']);
    expect(await redis.exists(key('meta'))).toBe(1);
  });

  it('takes the settings of a client, but not the client itself', async () => {
    const client = new Redis(proxy.url.href, { keyPrefix: 'own:', lazyConnect: true, maxRetriesPerRequest: 1 });
    const queue = await started(record, { connection: client });
    expect(client.status).toBe('wait');
    await client.connect();
    await queue.wake('a', Date.now());
    await queue.whenIdle();
    await queue.stop(1000);
    expect(worked).toEqual(['a']);
    expect(await redis.exists(key('meta'))).toBe(1);
    await until(() => proxy.open === 1);
    expect(proxy.open).toBe(1);
    expect(await client.ping()).toBe('PONG');
    await client.quit();
  });

  it('works after all keys in Redis were deleted', async () => {
    const gate = new Gate(1);
    const queue = await started(recordAt(gate));
    await queue.wake('a', Date.now());
    await queue.wake('lost', Date.now() + 5000);
    await until(() => worked.length === 1);
    await keys.flush();
    gate.open();
    await queue.wake('b', Date.now());
    await queue.whenIdle();
    expect(worked).toEqual(['a', 'b']);
    expect(logger.of('error')).toEqual([]);
  });
});
