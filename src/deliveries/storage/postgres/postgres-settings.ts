import { validateOptions, sentencesOf, type OptionChecks } from '../../../internal/validate-options.js';
import { hasMethods, isBoolean, isFunction, isWholeFrom } from '../../../internal/value-checks.js';
import { DeliveriesOptionsException } from '../../deliveries-options.exception.js';
import type { PostgresPool } from './postgres-pool.js';
import type { PostgresStorageOptions } from './postgres-storage.options.js';

/** The options of `postgresStorage` with their defaults. */
export interface PostgresSettings {
  /** A connection string, or the pool of the host. */
  readonly source: string | PostgresPool;
  readonly schema: string;
  readonly maxConnections: number;
  readonly migrate: boolean;
  readonly losslessFailover: boolean;
  readonly leaseClock: (() => number) | undefined;
}

/** PostgreSQL cuts longer names. */
const MAX_NAME = 63;

const CHECKS: OptionChecks<keyof PostgresStorageOptions> = {
  connectionString: { holds: isConnectionString, remedy: 'must be a URL like postgres://user:password@host:5432/name' },
  pool: { holds: hasMethods('connect', 'end', 'on'), remedy: 'must be a Pool of pg' },
  schema: {
    holds: isSchemaName,
    remedy: `must be the name of a schema, of at most ${MAX_NAME} bytes`,
  },
  maxConnections: { holds: isWholeFrom(3, 1000), remedy: 'must be a whole number from 3 to 1000' },
  migrate: { holds: isBoolean, remedy: 'must be true or false' },
  losslessFailover: { holds: isBoolean, remedy: 'must be true or false' },
  leaseClock: { holds: isFunction, remedy: 'must be a function that returns Unix ms' },
};

/** @throws DeliveriesOptionsException that lists every problem; it never quotes a connection string */
export function postgresSettings(options: PostgresStorageOptions): PostgresSettings {
  const problems = sentencesOf(validateOptions(options, CHECKS), 'The options of postgresStorage');
  const { connectionString, pool, schema = 'lalamove', maxConnections = 10, migrate = true } = options;
  const { losslessFailover = false, leaseClock } = options;
  const source = pool ?? connectionString;
  if (source === undefined || (pool !== undefined && connectionString !== undefined)) {
    problems.push('postgresStorage needs either connectionString or pool.');
  }
  if (problems.length > 0 || source === undefined) throw new DeliveriesOptionsException(problems);
  return { source, schema, maxConnections, migrate, losslessFailover, leaseClock };
}

/** Also used by the commands. */
export function isConnectionString(value: unknown): value is string {
  return typeof value === 'string' && /^postgres(ql)?:\/\/\S+$/.test(value);
}

/** Also used by the commands. */
export function isSchemaName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= MAX_NAME;
}
