import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { InMemoryRateLimitStore, type LalamoveRateLimitStore, type RateLimit } from 'nestjs-lalamove';
import { redisRateLimitStore, type RedisScriptClient } from 'nestjs-lalamove/redis';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, describeOnRedis, ownPrefix, redisUrl } from './redis-on.js';

/** Long intervals: a test takes some time on a busy machine. */
const MINUTE: RateLimit = { key: 'k3X_-a:placeOrder', intervalMs: 60_000, burst: 3 };
const SECOND: RateLimit = { key: 'k3X_-a:placeOrder:second', intervalMs: 50_000, burst: 1 };
const SHORT: RateLimit = { key: 'k3X_-a:getOrder', intervalMs: 40, burst: 1 };
const LATER_MS = 8000;

/** Remembers Redis's time of the last answer, which every state in it ends with. */
class TimedClient implements RedisScriptClient {
  at = 0;

  constructor(private readonly client: Redis) {}

  async evalsha(sha1: string, keys: number, ...rest: string[]): Promise<unknown> {
    return this.#read(await this.client.evalsha(sha1, keys, ...rest));
  }

  async eval(script: string, keys: number, ...rest: string[]): Promise<unknown> {
    return this.#read(await this.client.eval(script, keys, ...rest));
  }

  #read(answer: unknown): unknown {
    const state: unknown = Array.isArray(answer) ? answer.at(-1) : answer;
    this.at = Number(String(state).split(' ')[1]);
    return answer;
  }
}

describeOnRedis('redisRateLimitStore', () => {
  let redis: Redis;
  let prefix: string;
  let store: LalamoveRateLimitStore;

  beforeAll(() => {
    redis = connect();
  });

  beforeEach(() => {
    prefix = ownPrefix();
    store = redisRateLimitStore({ client: redis, prefix });
  });

  afterEach(async () => {
    const keys = await redis.keys(`${prefix}*`);
    if (keys.length > 0) await redis.del(keys);
  });

  afterAll(() => redis.quit());

  const take = (limits: readonly RateLimit[], ahead = 0, now = Date.now()): number | Promise<number> =>
    store.take(limits, now, ahead);
  const raise = (limit: RateLimit, ms: number, now = Date.now()): void | Promise<void> =>
    store.raise(limit, now + ms, now);

  /** Expects a wait, less what has passed since. */
  function expectWait(wait: number, about: number): void {
    expect(wait).toBeGreaterThan(about - LATER_MS);
    expect(wait).toBeLessThanOrEqual(about);
  }

  it('takes slots until there are none, and then returns the wait', async () => {
    expect([await take([MINUTE]), await take([MINUTE]), await take([MINUTE])]).toEqual([0, 0, 0]);
    expectWait(await take([MINUTE]), 60_000);
  });

  it('takes a slot again after its interval', async () => {
    expect(await take([SHORT])).toBe(0);
    await sleep(60);
    expect(await take([SHORT])).toBe(0);
  });

  it('takes a slot of each limit or of none, and returns the longest wait', async () => {
    expect(await take([MINUTE, SECOND])).toBe(0);
    expectWait(await take([MINUTE, SECOND]), 50_000);
    // A refusal by the limit per second has taken no slot of the limit per minute.
    expect([await take([MINUTE]), await take([MINUTE])]).toEqual([0, 0]);
    expectWait(await take([MINUTE, SECOND]), 60_000);
  });

  it('returns the wait of a place in a queue without taking a slot', async () => {
    expect([await take([MINUTE], 1), await take([MINUTE], 2)]).toEqual([0, 0]);
    expect([await take([MINUTE], 3), await take([MINUTE], 4)]).toEqual([60_000, 120_000]);
    expect(await take([MINUTE])).toBe(0);
    expect(await redis.keys(`${prefix}*`)).toHaveLength(1);
  });

  it('answers as the store in memory does, whatever is asked', async () => {
    const limits = fc.uniqueArray(
      fc.record({
        key: fc.constantFrom('a:x', 'a:x:second', 'a:y'),
        // Thirds and sevenths of a ms: such intervals must not drift.
        intervalMs: fc.tuple(fc.integer({ min: 1, max: 200 }), fc.constantFrom(1, 3, 7)).map(([a, b]) => a / b),
        burst: fc.integer({ min: 1, max: 5 }),
      }),
      { selector: ({ key }) => key, minLength: 1, maxLength: 3 },
    );
    const steps = fc.array(
      fc.oneof(
        { weight: 8, arbitrary: fc.record({ take: limits, ahead: fc.constantFrom(0, 0, 0, 1, 4) }) },
        { weight: 2, arbitrary: fc.record({ raise: limits, ms: fc.integer({ min: -50, max: 50 }) }) },
        { weight: 1, arbitrary: fc.record({ sleepMs: fc.integer({ min: 1, max: 8 }) }) },
      ),
      { minLength: 5, maxLength: 40, size: 'max' },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        const timed = new TimedClient(redis);
        const far = redisRateLimitStore({ client: timed, prefix: ownPrefix() });
        const near = new InMemoryRateLimitStore();
        for (const step of taken) {
          if ('sleepMs' in step) {
            await sleep(step.sleepMs);
          } else if ('take' in step) {
            const wait = await far.take(step.take, 0, step.ahead);
            expect(wait).toBe(near.take(step.take, timed.at, step.ahead));
          } else {
            for (const limit of step.raise) {
              await far.raise(limit, step.ms, 0);
              if (step.ms > 0) near.raise(limit, timed.at + step.ms);
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('gives a hundred calls at once no slot too many, through four connections', async () => {
    const clients = [1, 2, 3, 4].map(connect);
    const stores = clients.map((client) => redisRateLimitStore({ client, prefix }));
    const slow: RateLimit = { key: 'a:getOrder', intervalMs: 60_000, burst: 37 };
    const calls = Array.from({ length: 25 }, () => stores.map(async (each) => each.take([slow], 0, 0)));
    const waits = await Promise.all(calls.flat());
    expect(waits.filter((wait) => wait === 0)).toHaveLength(37);
    await Promise.all(clients.map((client) => client.quit()));
  });

  it('counts alike for hosts whose clocks differ by minutes', async () => {
    const [late, early] = [Date.now() - 300_000, Date.now() + 300_000];
    const other = redisRateLimitStore({ client: redis, prefix });
    expect([await take([MINUTE], 0, late), await other.take([MINUTE], early, 0)]).toEqual([0, 0]);
    expect(await take([MINUTE], 0, early)).toBe(0);
    expectWait(await other.take([MINUTE], late, 0), 60_000);
    await raise(MINUTE, 80_000 + 2 * 60_000, late);
    expectWait(await other.take([MINUTE], early, 0), 80_000);
    await other.raise(MINUTE, early + 100_000 + 2 * 60_000, early);
    expectWait(await take([MINUTE], 0, late), 100_000);
  });

  it('applies a correction only if it is later than its own time', async () => {
    await raise(MINUTE, 180_000);
    expectWait(await take([MINUTE]), 60_000);
    await raise(MINUTE, 120_000);
    await raise(MINUTE, -5000);
    expectWait(await take([MINUTE]), 60_000);
  });

  it('keeps only keys that expire, begin with the prefix, and have the account as their hash tag', async () => {
    await take([MINUTE, SECOND]);
    await raise({ ...MINUTE, key: 'k3X_-a:getDriver' }, 90_000);
    const keys = (await redis.keys(`${prefix}*`)).sort();
    const tagged = ['getDriver', 'placeOrder', 'placeOrder:second'].map((rest) => `${prefix}{k3X_-a}:${rest}`);
    expect(keys).toEqual(tagged);
    const left = await Promise.all(keys.map((key) => redis.pttl(key)));
    for (const [index, most] of [90_000, 60_000, 50_000].entries()) expectWait(left[index] ?? 0, most);
    await take([SHORT]);
    await sleep(60);
    expect((await redis.keys(`${prefix}*`)).sort()).toEqual(tagged);
  });

  it('works with a key prefix of the client', async () => {
    const client = redis.duplicate({ keyPrefix: `${prefix}app:` });
    await redisRateLimitStore({ client }).take([MINUTE], 0, 0);
    expect(await redis.keys(`${prefix}*`)).toEqual([`${prefix}app:lalamove:rate-limit:{k3X_-a}:placeOrder`]);
    await client.quit();
  });

  it('brings back what it knows if Redis loses its keys', async () => {
    const limit: RateLimit = { key: 'a:getOrder', intervalMs: 60_000, burst: 20 };
    const other = redisRateLimitStore({ client: redis, prefix });
    for (let count = 0; count < 10; count += 1) {
      await take([limit]);
      await other.take([limit], 0, 0);
    }
    await redis.flushdb();
    // One has seen all but the last slot, and the other all.
    expect([await take([limit]), await take([limit]), await other.take([limit], 0, 0)]).toEqual([
      0,
      expect.any(Number),
      expect.any(Number),
    ]);
    expect(await take([limit])).toBeGreaterThan(0);
    // A process that has just started gets it from Redis.
    const started = redisRateLimitStore({ client: redis, prefix });
    expect(await started.take([limit], 0, 0)).toBeGreaterThan(0);
  });

  it('loads its scripts again if Redis has forgotten them', async () => {
    await take([MINUTE]);
    await redis.script('FLUSH');
    await raise(MINUTE, 110_000);
    expect(await take([MINUTE])).toBe(0);
    await redis.script('FLUSH');
    expect(await take([MINUTE])).toBeGreaterThan(0);
  });

  it('counts anew if a stored time is far in the future, because the clock was set back', async () => {
    const limit: RateLimit = { key: 'a:getOrder', intervalMs: 60_000, burst: 1 };
    const future = Date.now() + 3_600_000;
    await redis.set(`${prefix}{a}:getOrder`, `${future + 1000} ${future}`);
    expect(await take([limit])).toBe(0);
    expectWait(await take([limit]), 60_000);
  });

  it('rejects what Redis refuses', async () => {
    await redis.lpush(`${prefix}{k3X_-a}:placeOrder`, 'a list');
    await expect(take([MINUTE])).rejects.toThrow('WRONGTYPE');
    await expect(raise(MINUTE, 5000)).rejects.toThrow('WRONGTYPE');
  });

  it('does not wait for a connection that was lost', async () => {
    const client = redis.duplicate({ retryStrategy: () => 60_000 });
    client.on('error', () => undefined);
    const lost = redisRateLimitStore({ client, prefix });
    expect(await lost.take([MINUTE], 0, 0)).toBe(0);
    await redis.client('KILL', 'ID', await client.client('ID'));
    while (client.status !== 'reconnecting') await sleep(5);
    await expect(lost.take([MINUTE], 0, 0)).rejects.toThrow('no connection to Redis (reconnecting)');
    client.disconnect();
  });

  it('uses the database of its client', () => {
    expect(redisUrl()).toMatch(/\/15$/);
    expect(redis.options.db).toBe(15);
  });
});
