import type { ConnectionOptions } from 'bullmq';
import { isObject } from '../../../internal/is-object.js';
import { isRecord } from '../../../internal/is-record.js';
import type { OptionChecks } from '../../../internal/validate-options.js';
import { hasMethods, isBoolean, isWholeFrom } from '../../../internal/value-checks.js';
import { moduleOptionProblems } from '../../../nest/module-options.js';
import { DeliveriesOptionsException } from '../../deliveries-options.exception.js';

/** Options of `bullmqQueue`. */
export interface BullmqQueueOptions {
  /**
   * Redis: a URL (`redis://` or `rediss://`), options of ioredis, or a client of ioredis. The queue opens its own
   * connections. It uses the settings of a given client, but not the client itself.
   */
  connection: string | ConnectionOptions;
  /**
   * The start of all keys in Redis. On a Redis Cluster it needs a hash tag: `{bull}`.
   *
   * @default 'bull'
   */
  prefix?: string;
  /**
   * The name of the queue in Redis. Each database of deliveries needs a name or a prefix of its own.
   *
   * @default 'lalamove-deliveries'
   */
  name?: string;
  /**
   * How many deliveries this process works on at a time.
   *
   * @default the `concurrency` of `DeliveriesModule`
   */
  concurrency?: number;
  /**
   * Whether this process works on woken deliveries. With `false` it only wakes them, for workers in other processes.
   *
   * @default the `worker` of `DeliveriesModule`
   */
  worker?: boolean;
}

const CHECKS: OptionChecks<keyof BullmqQueueOptions> = {
  connection: {
    required: true,
    holds: (value) => (typeof value === 'string' ? isRedisUrl(value) : isObject(value) && !isOtherClient(value)),
    remedy: 'must be a redis:// or rediss:// URL, options of ioredis, or a client of ioredis',
  },
  prefix: { holds: isName, remedy: 'must be a text that is not empty' },
  name: {
    holds: (value) => isName(value) && !value.includes(':'),
    remedy: 'must be a text that is not empty and has no colon',
  },
  concurrency: { holds: isWholeFrom(1, 10_000), remedy: 'must be a whole number from 1 to 10000' },
  worker: { holds: isBoolean, remedy: 'must be true or false' },
};

/** @throws DeliveriesOptionsException that lists every problem, without a value of an option */
export function assertBullmqQueueOptions(options: unknown): asserts options is BullmqQueueOptions {
  const problems = [...moduleOptionProblems(options, CHECKS), ...clusterProblems(options)];
  if (problems.length > 0) throw new DeliveriesOptionsException(problems.map((problem) => `bullmqQueue: ${problem}`));
}

/** The scripts of BullMQ use many keys, so all of them must be on one node of a cluster. */
function clusterProblems(options: unknown): string[] {
  if (!isRecord(options)) return [];
  const { connection, prefix = '', name = '' } = options;
  if (!isObject(connection) || Reflect.get(connection, 'isCluster') !== true) return [];
  const hasTag = /^[^{]*\{[^}]+\}/.test(`${String(prefix)}:${String(name)}`);
  return hasTag ? [] : ['prefix needs a hash tag on a Redis Cluster, such as {bull}.'];
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isRedisUrl(text: string): boolean {
  return /^rediss?:\/\/./.test(text) && URL.canParse(text) && /^\/?\d*$/.test(new URL(text).pathname);
}

/** A client, but not one of ioredis: only ioredis has `defineCommand`. */
function isOtherClient(value: unknown): boolean {
  return hasMethods('duplicate')(value) && !hasMethods('defineCommand')(value);
}
