import { describe } from '@jest/globals';

/** The PostgreSQL for tests, such as `postgres://postgres@127.0.0.1:5432/test`; empty if there is none. */
export const POSTGRES_URL = process.env.LALAMOVE_TEST_POSTGRES_URL ?? '';

/** The Redis for tests; empty if there is none. */
export const REDIS_URL = process.env.LALAMOVE_TEST_REDIS_URL ?? '';

/** The storage with which hosts of deliveries are tested: `postgres`, or `postgres+bullmq` with a queue in Redis. */
const asked = process.env.LALAMOVE_TEST_STORAGE ?? 'sqlite';

export const TESTED_STORAGE: 'sqlite' | 'postgres' =
  asked.startsWith('postgres') && POSTGRES_URL !== '' ? 'postgres' : 'sqlite';

/** Whether BullMQ wakes the deliveries of tested hosts. */
export const IS_BULLMQ = asked.endsWith('+bullmq') && REDIS_URL !== '';

/** `describe` for tests that need a PostgreSQL. Without one they are skipped, and their names say so. */
export const describePostgres: typeof describe.skip = POSTGRES_URL === '' ? describe.skip : describe;

/** `describe` for tests that need a Redis. */
export const describeRedis: typeof describe.skip = REDIS_URL === '' ? describe.skip : describe;

/** `describe` for tests of the embedded database. They are skipped if the suites run over PostgreSQL. */
export const describeSqlite: typeof describe.skip = TESTED_STORAGE === 'sqlite' ? describe : describe.skip;
