import { describe, expect, it } from '@jest/globals';
import { bullmqQueue } from './bullmq-queue.js';
import { redisConnections } from './redis-connections.js';

describe('redisConnections', () => {
  it.each([
    ['redis://redis.internal', { host: 'redis.internal', port: 6379, db: 0 }],
    ['redis://[::1]:7000/3?family=6', { host: '::1', port: 7000, db: 3, family: '6' }],
    ['rediss://app:s3%3Acret@redis.internal', { username: 'app', password: 's3:cret', tls: {} }],
  ])('reads the URL %s', (url, options) => {
    expect(redisConnections(url, true).forQueue).toMatchObject({ ...options, maxRetriesPerRequest: null });
  });

  it.each(['redis://:s3%3Acret@redis', { url: 'redis://:s3%3Acret@redis' }, { host: 'redis', password: 's3:cret' }])(
    'knows the password in %j',
    (connection) => {
      expect(redisConnections(connection, true).secrets).toContain('s3:cret');
    },
  );
});

describe('bullmqQueue', () => {
  it.each([
    [undefined, 'bullmqQueue: The options are missing: pass an object, or return one from the factory.'],
    [{}, 'bullmqQueue: connection is missing: it must be a redis:// or rediss:// URL'],
    [{ connection: 'http://redis' }, 'bullmqQueue: connection must be a redis:// or rediss:// URL'],
    [{ connection: 'redis://redis/first' }, 'bullmqQueue: connection must be a redis:// or rediss:// URL'],
    [{ connection: { duplicate: () => undefined } }, 'bullmqQueue: connection must be a redis:// or rediss:// URL'],
    [{ connection: {}, name: 'a:b' }, 'bullmqQueue: name must be a text that is not empty and has no colon.'],
    [{ connection: {}, concurrency: 0 }, 'bullmqQueue: concurrency must be a whole number from 1 to 10000.'],
    [{ connection: {}, workers: 1 }, 'bullmqQueue: workers is not an option'],
  ])('refuses %j', (options, problem) => {
    const refused = (): void => void Reflect.apply(bullmqQueue, undefined, [options]);
    expect(refused).toThrow(problem);
  });
});
