import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { DeliveriesModuleOptions } from 'nestjs-lalamove/deliveries';
import { bullmqQueue, type BullmqQueueOptions } from 'nestjs-lalamove/deliveries/bullmq';
import { SandboxClock } from 'nestjs-lalamove/sandbox';
import { setTimeout as pause } from 'node:timers/promises';
import { testRedisUrl, TestKeys } from '../support/redis.js';
import { describeRedis } from '../support/servers.js';
import { bookingOf } from '../support/sample-booking.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { LineLogger } from '../webhooks/webhook-host.js';
import { DeliveriesHost } from './deliveries-host.js';

describeRedis('deliveries woken by bullmqQueue (needs LALAMOVE_TEST_REDIS_URL)', () => {
  let keys: TestKeys;
  let proxy: TcpProxy;
  let host: DeliveriesHost;
  let logger: LineLogger;

  beforeEach(async () => {
    keys = new TestKeys();
    proxy = await TcpProxy.to(testRedisUrl());
    logger = new LineLogger();
  });

  afterEach(async () => {
    await host.stop();
    await until(() => proxy.open === 0);
    expect(proxy.open).toBe(0);
    await proxy.down();
    await keys.end();
  });

  function queueOf(options: Partial<BullmqQueueOptions> = {}): ReturnType<typeof bullmqQueue> {
    return bullmqQueue({ connection: proxy.url.href, prefix: keys.prefix, ...options });
  }

  /** Starts an app on the system's time, because Redis and the timeouts of the queue use it. */
  async function startInRealTime(
    options: Partial<BullmqQueueOptions> = {},
    deliveries: DeliveriesModuleOptions = {},
  ): Promise<void> {
    const clock = new SandboxClock();
    host = await DeliveriesHost.start({
      sandbox: { clock },
      deliveries: { clock: undefined, queue: queueOf(options), sweepSeconds: 1, logger, ...deliveries },
    });
  }

  /** Books a delivery, and returns how long it takes until its order is placed, in ms. */
  async function bookedMs(reference: string): Promise<number> {
    const begun = performance.now();
    const placed = host.sandbox.ledger.total.orderIds.length;
    await host.deliveries.book(bookingOf(reference));
    await until(() => host.sandbox.ledger.total.orderIds.length > placed, 20_000);
    expect(host.sandbox.ledgerFor({ reference }).orderIds).toHaveLength(1);
    return performance.now() - begun;
  }

  it('are followed to their end, on a clock of the host', async () => {
    host = await DeliveriesHost.start({ sandbox: { drivers: 'prompt' }, deliveries: { queue: queueOf(), logger } });
    for (const reference of ['A-1', 'A-2']) await host.deliveries.book(bookingOf(reference));
    await host.settle();
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'assigning' });
    await host.clock.advance(3_600_000);
    for (const reference of ['A-1', 'A-2']) {
      expect(await host.deliveries.get(reference)).toMatchObject({ state: 'completed' });
      expect(host.sandbox.ledgerFor({ reference }).orderIds).toHaveLength(1);
    }
    // The sweeper of this process has done nothing: all work came through Redis.
    expect(await keys.redis.xlen(`${keys.prefix}:lalamove-deliveries:events`)).toBeGreaterThan(10);
    expect(logger.lines).toEqual([]);
  });

  it('are placed at once in real time', async () => {
    await startInRealTime({}, { sweepSeconds: 60 });
    expect(await bookedMs('A-1')).toBeLessThan(5000);
    expect(logger.lines).toEqual([]);
  });

  it('are placed later, by the sweeper, if no worker takes the wake', async () => {
    await startInRealTime({ worker: false });
    expect(await bookedMs('A-1')).toBeGreaterThan(900);
  });

  it('are placed later, by the sweeper, if Redis loses all keys', async () => {
    await startInRealTime({ worker: false });
    const placed = bookedMs('A-1');
    await pause(200);
    await keys.flush();
    expect(await placed).toBeGreaterThan(900);
    expect(logger.lines).toEqual([]);
  });

  it('are placed later, by the sweeper, while Redis is gone, even from the start', async () => {
    await proxy.down();
    await startInRealTime();
    await bookedMs('A-1');
    await bookedMs('A-2');
    await until(() => logger.lines.length > 0);
    expect(logger.lines).toEqual([expect.stringContaining('warn: Redis does not answer')]);
    await proxy.up();
    await until(() => logger.lines.length > 1, 10_000);
    expect(logger.lines[1]).toContain('log: Redis answers again');
    await bookedMs('A-3');
  });

  it('are placed later, by the sweeper, while Redis is paused', async () => {
    await startInRealTime();
    await bookedMs('A-1');
    proxy.pause();
    await bookedMs('A-2');
    await bookedMs('A-3');
    await until(() => logger.lines.length > 0, 10_000);
    expect(logger.lines).toEqual([expect.stringContaining('warn: Redis does not answer')]);
    proxy.resume();
    await bookedMs('A-4');
  });
});
