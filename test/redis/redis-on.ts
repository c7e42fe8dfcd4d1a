import { describe } from '@jest/globals';
import { Redis } from 'ioredis';

const URL_OF_TESTS = process.env.LALAMOVE_TEST_REDIS_URL;
/** Other suites may use the same server: these have a database of their own. */
const DATABASE = 15;

/** Connects to the Redis of the tests. */
export function connect(): Redis {
  return new Redis(redisUrl(), { lazyConnect: false });
}

/** The URL of the tests' own database. */
export function redisUrl(): string {
  const url = new URL(URL_OF_TESTS ?? 'redis://127.0.0.1:6379');
  url.pathname = `/${DATABASE}`;
  return url.href;
}

/** A suite that needs Redis. Without one it is skipped, and its name says why. */
export function describeOnRedis(name: string, suite: () => void): void {
  if (URL_OF_TESTS === undefined) describe.skip(`${name} (needs Redis: set LALAMOVE_TEST_REDIS_URL)`, suite);
  else describe(name, suite);
}

let prefixes = 0;

/** A prefix that no other test has. */
export function ownPrefix(): string {
  prefixes += 1;
  return `test:${process.pid}:${Date.now()}:${prefixes}:`;
}
