import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { REDIS_URL } from './servers.js';

/** The database of the server that tests use. */
const DATABASE = 14;

/** The URL of the database for tests. Call it only in `describeRedis`. */
export function testRedisUrl(): URL {
  const url = new URL(REDIS_URL);
  url.pathname = `/${DATABASE}`;
  return url;
}

/** The keys of one test. Other tests use the same database at the same time. */
export class TestKeys {
  readonly prefix = `test-${randomUUID()}`;
  readonly redis = new Redis(testRedisUrl().href);

  /** Deletes all keys of the test, as FLUSHALL would. */
  async flush(): Promise<void> {
    const keys = await this.redis.keys(`${this.prefix}:*`);
    if (keys.length > 0) await this.redis.del(keys);
  }

  async end(): Promise<void> {
    await this.flush();
    await this.redis.quit();
  }
}
