import type { LoggerService } from '@nestjs/common';
import { isClock, type Clock } from '../internal/clock.js';
import { isRecord } from '../internal/is-record.js';
import type { DeliveriesHooks } from './deliveries.hooks.js';
import type { GivenPolicy } from './domain/delivery-policy.js';
import { policyProblems } from './domain/policy-checks.js';
import type { EmbeddedDatabaseOptions } from './storage/sqlite/open-database.js';
import type { ResolveDeliveryAccount } from './application/account-services.js';
import type { DeliveriesQueue } from './queue/in-process-queue.js';

/** Options of `DeliveriesModule`. */
export interface DeliveriesModuleOptions {
  /**
   * Where the truth is kept: an embedded file of this process alone.
   *
   * @default { file: 'deliveries.db', migrate: true }
   */
  database?: EmbeddedDatabaseOptions;
  /**
   * What wakes deliveries.
   *
   * @default timers of this process
   */
  queue?: DeliveriesQueue;
  /** What deliveries do by themselves; each may differ from it in `book`. What is left out is as in `DEFAULT_POLICY`. */
  policy?: GivenPolicy;
  /**
   * Accounts that are not registered by name. `timeoutSeconds`: how long `resolve` may take; what takes longer, throws
   * or rejects counts as a failure of the delivery that asks, which is tried again later (`policy.failures`).
   *
   * @default timeoutSeconds: 10
   */
  accounts?: { resolve: ResolveDeliveryAccount; timeoutSeconds?: number };
  /**
   * How long a method with `@OnDelivery` or `@OnLalamoveEvent` may take for an event, in seconds. What takes longer
   * counts as failed: it gets the event again, and meanwhile others get theirs.
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
   * How often what was lost is looked for, in seconds: due deliveries that nobody woke, webhooks that took no effect.
   *
   * @default 30
   */
  sweepSeconds?: number;
  /**
   * How long webhooks of orders that nobody here knows are kept waiting, in hours, before they are set aside.
   *
   * @default 24
   */
  unmatchedHours?: number;
  /**
   * After how many days names, phones and addresses of deliveries that have ended are erased, as by `forget`. Not at all by default.
   */
  retentionDays?: number;
  /**
   * How long is waited at shutdown for work under way, in ms.
   *
   * @default 10000
   */
  shutdownMs?: number;
  /** Told of the work as it happens. */
  hooks?: DeliveriesHooks;
  /** @default Nest's own logger */
  logger?: LoggerService;
  /**
   * Where time comes from; give it the module's `clock` where that has one. With `monotonic()` a jump of its `now()`
   * is noticed, and the times that are kept follow it.
   *
   * @default the system's clock
   */
  clock?: Clock;
}

/** Options that are wrong, at boot: the message lists every problem and its remedy. */
export class DeliveriesOptionsException extends Error {
  override readonly name = 'DeliveriesOptionsException';

  /** @param problems one sentence each */
  constructor(readonly problems: readonly string[]) {
    super(`The options of DeliveriesModule are wrong:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
const isUpTo =
  (limit: number, least = 0) =>
  (value: unknown): boolean =>
    typeof value === 'number' && value > 0 && value >= least && value <= limit;

/** Upper limits: a day, a year, a hundred years, an hour. */
const MAX = { sweepSeconds: 86_400, unmatchedHours: 8760, retentionDays: 36_500, shutdownMs: 3_600_000 } as const;
const has =
  (...methods: string[]) =>
  (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    methods.every((name) => typeof Reflect.get(value, name) === 'function');

/** An hour: longer, and what hangs is not found out. */
const MAX_TIMEOUT_SECONDS = 3600;
const SECONDS = `a number of seconds above 0 and up to ${MAX_TIMEOUT_SECONDS}`;
const isTimeout = isUpTo(MAX_TIMEOUT_SECONDS);
const isAccounts = (value: unknown): boolean =>
  has('resolve')(value) && isRecord(value) && (value.timeoutSeconds === undefined || isTimeout(value.timeoutSeconds));

const CHECKS: Readonly<Record<keyof DeliveriesModuleOptions, { holds: (value: unknown) => boolean; remedy: string }>> =
  {
    database: {
      holds: isDatabase,
      remedy:
        "must be { file?, migrate?, create?: 'if-missing' | 'never', acceptRestored? }, such as { file: 'deliveries.db' }",
    },
    queue: { holds: has('start', 'wake', 'stop'), remedy: 'must have start(), wake() and stop()' },
    policy: { holds: isObject, remedy: 'must be an object' },
    accounts: {
      holds: isAccounts,
      remedy: `must be { resolve, timeoutSeconds? }: a function of the account, and ${SECONDS}`,
    },
    handlerTimeoutSeconds: { holds: isTimeout, remedy: `must be ${SECONDS}` },
    concurrency: {
      holds: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 10_000,
      remedy: 'must be a whole number from 1 to 10000',
    },
    sweepSeconds: {
      holds: isUpTo(MAX.sweepSeconds, 1),
      remedy: `must be a number of seconds, at least 1 and at most ${MAX.sweepSeconds} (a day)`,
    },
    unmatchedHours: {
      holds: isUpTo(MAX.unmatchedHours),
      remedy: `must be a number of hours above 0, and at most ${MAX.unmatchedHours} (a year)`,
    },
    retentionDays: {
      holds: isUpTo(MAX.retentionDays),
      remedy: `must be a number of days above 0, and at most ${MAX.retentionDays}; leave it out to erase nothing`,
    },
    shutdownMs: {
      holds: (value) => value === 0 || isUpTo(MAX.shutdownMs)(value),
      remedy: `must be a number of ms from 0 to ${MAX.shutdownMs} (an hour)`,
    },
    hooks: { holds: isObject, remedy: 'must be an object with onStep' },
    logger: { holds: has('error', 'warn', 'log'), remedy: "must be a logger as Nest's LoggerService describes it" },
    clock: {
      holds: isClock,
      remedy: 'must have now() and setTimeout(), and monotonic() may be left out',
    },
  };

/** @throws DeliveriesOptionsException that lists everything that is wrong */
export function assertDeliveriesOptions(options: unknown): asserts options is DeliveriesModuleOptions {
  const problems = isRecord(options)
    ? Object.entries(options).flatMap(([name, value]) => problemOf(name, value))
    : ['The options are missing: pass an object, or return one from the factory.'];
  if (problems.length > 0) throw new DeliveriesOptionsException(problems);
}

function problemOf(name: string, value: unknown): string[] {
  if (value === undefined) return [];
  const check = isOption(name) ? CHECKS[name] : undefined;
  if (!check) return [`${name} is not an option: the options are ${Object.keys(CHECKS).join(', ')}.`];
  if (name === 'database' && isRecord(value) && 'kysely' in value) return [FOREIGN_DATABASE];
  if (!check.holds(value)) return [`${name} ${check.remedy}.`];
  if (name !== 'policy') return [];
  return policyProblems(value).map(({ part, message }) => `${part === '' ? 'policy' : `policy.${part}`} ${message}.`);
}

/** On PostgreSQL, say, two processes would post one delivery twice: nothing there is made for it. */
const FOREIGN_DATABASE =
  'database.kysely is not supported: deliveries are kept in an embedded file of their own, for no other database ' +
  "keeps them from being booked twice. Use database: { file: 'deliveries.db' }.";

function isOption(name: string): name is keyof DeliveriesModuleOptions {
  return Object.hasOwn(CHECKS, name);
}

function isDatabase(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { file, migrate, create, acceptRestored, ...others } = value;
  const isFile = file === undefined || (typeof file === 'string' && file !== '');
  const isFlag = (flag: unknown): boolean => flag === undefined || typeof flag === 'boolean';
  const isCreate = create === undefined || create === 'if-missing' || create === 'never';
  return isFile && isCreate && isFlag(migrate) && isFlag(acceptRestored) && Object.keys(others).length === 0;
}
