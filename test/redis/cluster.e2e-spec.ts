import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Cluster } from 'ioredis';
import type { RateLimit } from 'nestjs-lalamove';
import { bullmqQueue } from 'nestjs-lalamove/deliveries/bullmq';
import { redisRateLimitStore } from 'nestjs-lalamove/redis';
import { SandboxClock } from 'nestjs-lalamove/sandbox';
import { DeliveriesHost } from '../deliveries/deliveries-host.js';
import { PrivateRedisCluster } from '../support/private-redis-cluster.js';
import { bookingOf } from '../support/sample-booking.js';
import { describeRedis } from '../support/servers.js';
import { until } from '../support/until.js';
import { LineLogger } from '../webhooks/webhook-host.js';

describeRedis('a Redis Cluster (needs LALAMOVE_TEST_REDIS_URL)', () => {
  let cluster: PrivateRedisCluster;
  let client: Cluster;

  beforeAll(async () => {
    cluster = await PrivateRedisCluster.start();
  }, 60_000);

  afterAll(async () => {
    await cluster.stop();
  });

  beforeEach(() => {
    client = cluster.connect();
  });

  afterEach(async () => {
    await Promise.all(client.nodes('master').map((node) => node.flushall()));
    await client.quit();
  });

  /** The keys of each node. */
  async function keysOfNodes(pattern: string): Promise<string[][]> {
    return Promise.all(client.nodes('master').map((node) => node.keys(pattern)));
  }

  it('keeps the limits of an account on one node, and those of many accounts on all nodes', async () => {
    const store = redisRateLimitStore({ client });
    const limitsOf = (account: string): RateLimit[] => [
      { key: `${account}:placeOrder`, intervalMs: 60_000, burst: 2 },
      { key: `${account}:placeOrder:second`, intervalMs: 60_000, burst: 5 },
    ];
    const accounts = Array.from({ length: 20 }, (_, index) => `account-${index}`);
    for (const account of accounts) {
      const limits = limitsOf(account);
      // The script takes both limits at once. With keys in two slots the cluster would refuse it.
      const waits = [await store.take(limits, 0, 0), await store.take(limits, 0, 0), await store.take(limits, 0, 0)];
      expect(waits).toEqual([0, 0, expect.any(Number)]);
      expect(waits[2]).toBeGreaterThan(50_000);
      const [first, second] = limits.map(({ key }) => key.replace(account, `lalamove:rate-limit:{${account}}`));
      const slots = await Promise.all([first, second].map((key = '') => client.cluster('KEYSLOT', key)));
      expect(slots[0]).toBe(slots[1]);
    }
    const nodes = await keysOfNodes('lalamove:rate-limit:*');
    expect(nodes.map((keys) => keys.length > 0)).toEqual([true, true, true]);
    expect(nodes.flat()).toHaveLength(2 * accounts.length);
  });

  it('shares a limit between two clients', async () => {
    const other = cluster.connect();
    const limit: RateLimit = { key: 'a:getOrder', intervalMs: 60_000, burst: 7 };
    const stores = [client, other].map((each) => redisRateLimitStore({ client: each }));
    const waits = await Promise.all(
      stores.flatMap((store) => Array.from({ length: 9 }, async () => store.take([limit], 0, 0))),
    );
    expect(waits.filter((wait) => wait === 0)).toHaveLength(7);
    await other.quit();
  });

  it('wakes deliveries by BullMQ with a prefix in braces', async () => {
    const logger = new LineLogger();
    const host = await DeliveriesHost.start({
      sandbox: { clock: new SandboxClock() },
      deliveries: {
        queue: bullmqQueue({ connection: client, prefix: '{bull}' }),
        clock: undefined,
        sweepSeconds: 3600,
        logger,
      },
    });
    const references = ['A-1', 'A-2', 'A-3'];
    for (const reference of references) await host.deliveries.book(bookingOf(reference));
    await until(() => host.sandbox.orders.length === 3, 10_000);
    for (const reference of references) expect(host.sandbox.ledgerFor({ reference }).orderIds).toHaveLength(1);
    const nodes = await keysOfNodes('*');
    expect(nodes.filter((keys) => keys.length > 0)).toHaveLength(1);
    expect(nodes.flat().every((key) => key.startsWith('{bull}:lalamove-deliveries:'))).toBe(true);
    await host.stop();
    expect(logger.lines).toEqual([]);
    // The client of the host stays open.
    expect(await client.ping()).toBe('PONG');
  });

  it('refuses BullMQ without a hash tag, with a remedy', () => {
    const problem = 'bullmqQueue: prefix needs a hash tag on a Redis Cluster, such as {bull}.';
    for (const prefix of [undefined, 'bull', '{}', 'bull}{']) {
      expect(() => bullmqQueue({ connection: client, ...(prefix !== undefined && { prefix }) })).toThrow(problem);
    }
    expect(() => bullmqQueue({ connection: client, prefix: 'app:{bull}' })).not.toThrow();
    expect(() => bullmqQueue({ connection: client, name: '{deliveries}' })).not.toThrow();
  });
});
