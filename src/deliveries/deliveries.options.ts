import type { LoggerService } from '@nestjs/common';
import type { Clock } from '../internal/clock.js';
import { isObject } from '../internal/is-object.js';
import { isRecord } from '../internal/is-record.js';
import type { OptionChecks, OptionProblem } from '../internal/validate-options.js';
import {
  hasMethods,
  isBoolean,
  isFunction,
  isNumberFrom,
  isNumberUpTo,
  isWholeFrom,
} from '../internal/value-checks.js';
import { CLOCK_CHECK, LOGGER_CHECK, moduleOptionProblems } from '../nest/module-options.js';
import { DeliveriesOptionsException } from './deliveries-options.exception.js';
import type { DeliveriesHooks } from './deliveries.hooks.js';
import type { GivenPolicy } from './domain/delivery-policy.js';
import { policyProblems } from './domain/policy-checks.js';
import type { DeliveriesStorageProvider } from './storage/open-storage.js';
import type { EmbeddedDatabaseOptions } from './storage/sqlite/open-database.js';
import type { ResolveDeliveryAccount } from './application/account-services.js';
import type { DeliveriesQueue } from './queue/queue.js';

/** Options of `DeliveriesModule`. */
export interface DeliveriesModuleOptions {
  /**
   * The database: an embedded file that only this process uses.
   *
   * @default { file: 'deliveries.db', migrate: true }
   */
  database?: EmbeddedDatabaseOptions;
  /**
   * The storage of several processes, instead of `database`: `postgresStorage` of
   * `nestjs-lalamove/deliveries/postgres`.
   */
  storage?: DeliveriesStorageProvider;
  /**
   * Whether this process works on deliveries and calls its handlers. With `false` it only books, answers queries and
   * receives webhooks; another process on the same `storage` must work.
   *
   * @default true
   */
  worker?: boolean;
  /**
   * The queue that wakes deliveries.
   *
   * @default timers of this process
   */
  queue?: DeliveriesQueue;
  /**
   * What deliveries do automatically. `book` may give a delivery its own policy. Parts that are left out have the
   * values of `DEFAULT_POLICY`.
   */
  policy?: GivenPolicy;
  /**
   * Finds the keys of accounts that are not registered by name. `timeoutSeconds` limits `resolve`. If `resolve` takes
   * longer, throws or rejects, that counts as a failure of the delivery, which is retried later (`policy.failures`).
   *
   * @default timeoutSeconds: 10
   */
  accounts?: { resolve: ResolveDeliveryAccount; timeoutSeconds?: number };
  /**
   * How long a method with `@OnDelivery` or `@OnLalamoveEvent` may take for an event, in seconds. If it takes longer,
   * it counts as failed and is retried later. Meanwhile other handlers get their events.
   *
   * @default 60
   */
  handlerTimeoutSeconds?: number;
  /**
   * How many deliveries this process works on at a time.
   *
   * @default 16
   */
  concurrency?: number;
  /**
   * How long a worker holds the lease of a delivery, in seconds. Work goes on with a renewed lease. If the process
   * dies, another one goes on after this time. No order is posted later than the end of its lease.
   *
   * @default 120
   */
  leaseSeconds?: number;
  /**
   * How often the sweeper runs, in seconds. It finds due deliveries that were not woken, and webhooks that were not
   * applied.
   *
   * @default 30
   */
  sweepSeconds?: number;
  /**
   * How long unmatched webhooks (of unknown orders) wait before they are set aside, in hours.
   *
   * @default 24
   */
  unmatchedHours?: number;
  /**
   * After how many days names, phone numbers and addresses of ended deliveries are erased, as by `forget`.
   *
   * @default never
   */
  retentionDays?: number;
  /**
   * How long the shutdown waits for running work, in ms.
   *
   * @default 10000
   */
  shutdownMs?: number;
  /** Called before and after each step of the work. */
  hooks?: DeliveriesHooks;
  /** @default Nest's own logger */
  logger?: LoggerService;
  /**
   * The source of the time. If `LalamoveModule` has a `clock`, give the same one here. With `monotonic()`, a jump of
   * `now()` is detected, and the stored times are shifted.
   *
   * @default the system's clock
   */
  clock?: Clock;
}

/** Upper limits: an hour, a day, a year, a hundred years, an hour. */
const MAX = {
  timeoutSeconds: 3600,
  sweepSeconds: 86_400,
  unmatchedHours: 8760,
  retentionDays: 36_500,
  shutdownMs: 3_600_000,
} as const;
const SECONDS = `a number of seconds above 0 and up to ${MAX.timeoutSeconds}`;
const isTimeout = isNumberUpTo(MAX.timeoutSeconds);

const CHECKS: OptionChecks<keyof DeliveriesModuleOptions> = {
  database: {
    holds: (value) => isForeignDatabase(value) || isDatabase(value),
    remedy:
      "must be { file?, migrate?, create?: 'if-missing' | 'never', acceptRestored? }, " +
      "such as { file: 'deliveries.db' }",
    more: (value) => (isForeignDatabase(value) ? [FOREIGN_DATABASE] : []),
  },
  storage: {
    holds: hasMethods('open'),
    remedy: 'must be a storage, such as postgresStorage({ connectionString })',
  },
  worker: { holds: isBoolean, remedy: 'must be true or false' },
  queue: { holds: hasMethods('start', 'wake', 'stop'), remedy: 'must have start(), wake() and stop()' },
  policy: {
    holds: isObject,
    remedy: 'must be an object',
    more: (value) => policyProblems(value).map(({ part, message }) => ({ option: part, message })),
  },
  accounts: {
    holds: (value) =>
      isRecord(value) &&
      isFunction(value.resolve) &&
      (value.timeoutSeconds === undefined || isTimeout(value.timeoutSeconds)),
    remedy: `must be { resolve, timeoutSeconds? }: a function of the account, and ${SECONDS}`,
  },
  handlerTimeoutSeconds: { holds: isTimeout, remedy: `must be ${SECONDS}` },
  concurrency: { holds: isWholeFrom(1, 10_000), remedy: 'must be a whole number from 1 to 10000' },
  leaseSeconds: {
    holds: isNumberFrom(1, MAX.timeoutSeconds),
    remedy: `must be from 1 to ${MAX.timeoutSeconds} seconds`,
  },
  sweepSeconds: {
    holds: isNumberFrom(1, MAX.sweepSeconds),
    remedy: `must be a number of seconds, at least 1 and at most ${MAX.sweepSeconds} (a day)`,
  },
  unmatchedHours: {
    holds: isNumberUpTo(MAX.unmatchedHours),
    remedy: `must be a number of hours above 0, and at most ${MAX.unmatchedHours} (a year)`,
  },
  retentionDays: {
    holds: isNumberUpTo(MAX.retentionDays),
    remedy: `must be a number of days above 0, and at most ${MAX.retentionDays}; leave it out to erase nothing`,
  },
  shutdownMs: {
    holds: isNumberFrom(0, MAX.shutdownMs),
    remedy: `must be a number of ms from 0 to ${MAX.shutdownMs} (an hour)`,
  },
  hooks: { holds: isObject, remedy: 'must be an object with onStep' },
  logger: LOGGER_CHECK,
  clock: CLOCK_CHECK,
};

/** @throws DeliveriesOptionsException that lists every problem */
export function assertDeliveriesOptions(options: unknown): asserts options is DeliveriesModuleOptions {
  const problems = [...moduleOptionProblems(options, CHECKS), ...storageProblems(options)];
  if (problems.length > 0) throw new DeliveriesOptionsException(problems);
}

/** Finds options that do not fit the storage. */
function storageProblems(options: unknown): string[] {
  if (!isRecord(options)) return [];
  const { storage, database, worker } = options;
  if (storage !== undefined && database !== undefined) {
    return ['storage and database exclude each other: give one of them.'];
  }
  if (storage !== undefined || worker !== false) return [];
  return ['worker: false needs a storage that other processes use too: an embedded file has one process only.'];
}

/** On another database, two processes would post one delivery twice: this version does not prevent it there. */
const FOREIGN_DATABASE: OptionProblem = {
  option: 'kysely',
  message:
    'is not supported: deliveries need an embedded file of their own, because this version cannot prevent double ' +
    "bookings on another database. Use database: { file: 'deliveries.db' }, or storage: postgresStorage({ pool })",
};

function isForeignDatabase(value: unknown): boolean {
  return isRecord(value) && 'kysely' in value;
}

function isDatabase(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { file, migrate, create, acceptRestored, ...others } = value;
  const isFile = file === undefined || (typeof file === 'string' && file !== '');
  const isFlag = (flag: unknown): boolean => flag === undefined || typeof flag === 'boolean';
  const isCreate = create === undefined || create === 'if-missing' || create === 'never';
  return isFile && isCreate && isFlag(migrate) && isFlag(acceptRestored) && Object.keys(others).length === 0;
}
