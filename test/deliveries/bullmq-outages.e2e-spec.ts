import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { DeliveriesQueue } from 'nestjs-lalamove/deliveries';
import { bullmqQueue } from 'nestjs-lalamove/deliveries/bullmq';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../src/internal/clock.js';
import { testRedisUrl, TestKeys } from '../support/redis.js';
import { describeRedis } from '../support/servers.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { LineLogger } from '../webhooks/webhook-host.js';

const LOST = expect.stringContaining('warn: Redis does not answer: deliveries are worked on late, by the sweeper.');
const BACK = expect.stringContaining('log: Redis answers again (queue=lalamove-deliveries seconds=');

describeRedis('bullmqQueue in an outage of Redis (needs LALAMOVE_TEST_REDIS_URL)', () => {
  let keys: TestKeys;
  let proxy: TcpProxy;
  let logger: LineLogger;
  let queue: Required<DeliveriesQueue>;
  let worked: string[];

  beforeEach(async () => {
    keys = new TestKeys();
    proxy = await TcpProxy.to(testRedisUrl());
    logger = new LineLogger();
    worked = [];
  });

  afterEach(async () => {
    await queue.stop(0);
    await proxy.down();
    await keys.end();
  });

  function start(url = proxy.url): void {
    queue = bullmqQueue({ connection: url.href, prefix: keys.prefix });
    const work = (id: string): Promise<undefined> => {
      worked.push(id);
      return Promise.resolve(undefined);
    };
    void queue.start(work, { clock: systemClock, isSystemTime: true, concurrency: 4, isWorker: true, logger });
  }

  /** How long a wake takes, in ms. */
  async function wakeMs(id: string): Promise<number> {
    const begun = performance.now();
    await queue.wake(id, Date.now());
    return performance.now() - begun;
  }

  async function untilLines(count: number): Promise<void> {
    await until(() => logger.lines.length >= count, 15_000);
  }

  it('logs one line when Redis goes away and one when it is back, and works again', async () => {
    start();
    await queue.wake('a', Date.now());
    await queue.whenIdle();
    await proxy.down();
    await untilLines(1);
    // Three connections try to connect again and again.
    await pause(1500);
    expect(logger.lines).toEqual([LOST]);
    expect(await wakeMs('lost')).toBeLessThan(100);
    await proxy.up();
    await untilLines(2);
    await queue.wake('b', Date.now());
    await until(() => worked.length === 2, 10_000);
    expect(worked).toEqual(['a', 'b']);
    await proxy.down();
    await untilLines(3);
    expect(logger.lines).toEqual([LOST, BACK, LOST]);
  });

  it('starts without Redis, and works when Redis is there', async () => {
    await proxy.down();
    start();
    const early = queue.wake('early', Date.now());
    await untilLines(1);
    expect(logger.lines).toEqual([LOST]);
    await proxy.up();
    await early;
    await untilLines(2);
    await queue.wake('a', Date.now());
    await until(() => worked.length === 2, 10_000);
    expect(worked.sort()).toEqual(['a', 'early']);
    expect(logger.lines).toEqual([LOST, BACK]);
  });

  it('does not wait long for a Redis that is paused', async () => {
    start();
    await queue.wake('a', Date.now());
    await queue.whenIdle();
    proxy.pause();
    const first = await Promise.all(['b', 'c'].map(wakeMs));
    expect(Math.max(...first)).toBeLessThan(6000);
    expect(logger.lines).toEqual([LOST]);
    expect(await wakeMs('lost')).toBeLessThan(100);
    proxy.resume();
    await untilLines(2);
    await until(() => worked.length === 3, 15_000);
    expect(worked).toEqual(['a', 'b', 'c']);
    expect(logger.lines).toEqual([LOST, BACK]);
  });

  it.each(['paused', 'gone'])('stops while Redis is %s', async (what) => {
    start();
    await queue.wake('a', Date.now());
    await queue.whenIdle();
    if (what === 'paused') proxy.pause();
    else await proxy.down();
    const begun = performance.now();
    await queue.stop(5000);
    expect(performance.now() - begun).toBeLessThan(1000);
    await pause(600);
    expect(logger.lines).toEqual([]);
    proxy.resume();
    await until(() => proxy.open === 0);
    expect(proxy.open).toBe(0);
  });

  it('stops if it never reached Redis', async () => {
    await proxy.down();
    start();
    await pause(50);
    const begun = performance.now();
    await queue.stop(5000);
    expect(performance.now() - begun).toBeLessThan(1000);
    await proxy.up();
    await pause(2200);
    expect(proxy.open).toBe(0);
  });

  it('logs no password, even if Redis quotes it', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', () => socket.write('-WRONGPASS not the password: s3cr:t\r\n'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(`redis://:${encodeURIComponent('s3cr:t')}@127.0.0.1:${(server.address() as AddressInfo).port}`);
    start(url);
    await untilLines(1);
    await queue.stop(0);
    server.close();
    expect(logger.lines).toEqual([expect.stringContaining('WRONGPASS not the password: [redacted]')]);
  });
});
