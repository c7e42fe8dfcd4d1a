import type { HttpService } from '@nestjs/axios';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import type { Redis } from 'ioredis';
import { getLalamoveHttpToken, LalamoveService } from 'nestjs-lalamove';
import { withRedis } from '../docs/examples/redis-limits.js';
import { connect, describeOnRedis, redisUrl } from './redis-on.js';

describeOnRedis('the documented account with a store in Redis', () => {
  let redis: Redis;
  let clients: Redis[];

  beforeEach(() => {
    redis = connect();
    clients = [redis];
  });

  afterEach(() => Promise.all(clients.map((client) => client.quit())));

  it('takes its slots there, leaves no key without an expiry, and none with the key in it', async () => {
    const apiKey = `pk_test_${process.pid}_${Date.now()}`;
    const { account, client } = withRedis({ apiKey, apiSecret: 'sk_test_secret', redisUrl: redisUrl() });
    clients.push(client);
    const module = await Test.createTestingModule({ imports: [account] }).compile();
    module.useLogger(false);
    const { axiosRef } = module.get<HttpService>(getLalamoveHttpToken());
    axiosRef.interceptors.request.use(() => Promise.reject(new Error('Nothing is sent in this test.')));
    const before = new Set(await redis.keys('lalamove:rate-limit:*'));
    const call = (): Promise<unknown> => module.get(LalamoveService).getOrder('1', { maxAttempts: 1 });
    await Promise.allSettled(Array.from({ length: 9 }, call));
    const keys = (await redis.keys('lalamove:rate-limit:*')).filter((key) => !before.has(key));
    expect(keys).toEqual([expect.stringMatching(/^lalamove:rate-limit:\{[\w-]{16}\}:getOrder$/)]);
    for (const key of keys) {
      expect(await redis.pttl(key)).toBeGreaterThan(0);
      expect(`${key} ${await redis.get(key)}`).not.toContain('pk_test');
    }
    await redis.del(keys);
    await module.close();
    // The module leaves the app's client alone.
    expect(await client.ping()).toBe('PONG');
  });
});
