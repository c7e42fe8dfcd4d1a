import { unescape } from 'node:querystring';
import type { ConnectionOptions, RedisOptions } from 'bullmq';
import { isRecord } from '../../../internal/is-record.js';
import { hasMethods } from '../../../internal/value-checks.js';

/** The connection options that the queue needs, whatever the host's are. */
const REQUIRED = {
  // The default of ioredis gives up on a command after 20 attempts. A worker must wait for Redis instead.
  maxRetriesPerRequest: null,
  enableOfflineQueue: true,
  lazyConnect: false,
  // BullMQ has its own prefix.
  keyPrefix: '',
  /** A connection that does not close is destroyed after this time, in ms. Its timer keeps the process alive. */
  disconnectTimeout: 500,
  /** The delay before the next attempt to connect, in ms. It never gives up. */
  retryStrategy: (attempt: number): number => Math.min(attempt * 200, 2000),
};

/** The same for a Redis Cluster as a whole. Its `clusterRetryStrategy` stays the host's. */
const REQUIRED_IN_CLUSTER = { enableOfflineQueue: true, lazyConnect: false, keyPrefix: '' };

/** The connections of one queue to Redis. */
export interface RedisConnections {
  /** What BullMQ gets for its `Queue`, and for its `Worker`. */
  readonly forQueue: ConnectionOptions;
  readonly forWorker: ConnectionOptions;
  /** The texts that must not be logged. */
  readonly secrets: readonly string[];
  /** Closes the connections that BullMQ does not close. */
  close(): void;
}

/** The methods of a client of ioredis that are used here. */
interface RedisClient {
  duplicate(...overrides: unknown[]): unknown;
  on(event: 'error', listener: () => void): unknown;
  disconnect(): void;
}

/**
 * Prepares connections of the queue's own. BullMQ opens and closes those of a URL or of options. It does not close
 * those of a client, so a client is duplicated here.
 */
export function redisConnections(given: string | ConnectionOptions, isWorker: boolean): RedisConnections {
  if (isClient(given)) return duplicatesOf(given, isWorker);
  const options = typeof given === 'string' ? optionsOf(new URL(given)) : given;
  const connection = { ...options, ...REQUIRED };
  return { forQueue: connection, forWorker: connection, secrets: secretsOf(options), close: () => undefined };
}

function duplicatesOf(client: RedisClient, isWorker: boolean): RedisConnections {
  const forQueue = duplicateOf(client);
  const forWorker = isWorker ? duplicateOf(client) : forQueue;
  const close = (): void => {
    for (const connection of new Set([forQueue, forWorker])) connection.disconnect();
  };
  return { forQueue, forWorker, secrets: secretsOf(Reflect.get(client, 'options')), close };
}

function duplicateOf(client: RedisClient): ConnectionOptions & RedisClient {
  const { redisOptions } = membersOf(Reflect.get(client, 'options'));
  const duplicate =
    Reflect.get(client, 'isCluster') === true
      ? client.duplicate([], { ...REQUIRED_IN_CLUSTER, redisOptions: { ...membersOf(redisOptions), ...REQUIRED } })
      : client.duplicate(REQUIRED);
  if (!isClient(duplicate)) throw new TypeError('duplicate() of the Redis client does not return a client');
  // BullMQ listens until it is closed. ioredis prints later errors if nobody listens.
  duplicate.on('error', () => undefined);
  return duplicate;
}

function isClient(value: unknown): value is ConnectionOptions & RedisClient {
  return hasMethods('duplicate', 'defineCommand', 'disconnect', 'on')(value);
}

/** The options that a URL stands for. Early versions of BullMQ 5 ignore a `url`, without an error. */
function optionsOf({ protocol, hostname, port, username, password, pathname, searchParams }: URL): RedisOptions {
  return {
    ...Object.fromEntries(searchParams),
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 6379),
    db: Number(pathname.slice(1)),
    ...(username !== '' && { username: unescape(username) }),
    ...(password !== '' && { password: unescape(password) }),
    ...(protocol === 'rediss:' && { tls: {} }),
  };
}

/** The passwords in connection options. */
function secretsOf(options: unknown): string[] {
  const { url, password, sentinelPassword } = membersOf(options);
  const inUrl = typeof url === 'string' && URL.canParse(url) ? unescape(new URL(url).password) : undefined;
  return [url, inUrl, password, sentinelPassword].filter((text) => typeof text === 'string');
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}
