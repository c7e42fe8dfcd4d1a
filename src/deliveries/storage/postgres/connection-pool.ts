import type { LoggerService } from '@nestjs/common';
import pg from 'pg';
import { logLine, say, wordsOf } from '../../../internal/log-line.js';
import { codeOf } from './postgres-failure.js';
import type { PostgresPool } from './postgres-pool.js';
import type { PostgresSettings } from './postgres-settings.js';

/** Limits of the own pool, in ms. */
const CLIENT_LIMITS = { connectionTimeoutMillis: 10_000, query_timeout: 60_000, keepAlive: true } as const;

/**
 * Limits that the server holds, in ms. A statement or a lock that takes longer fails and is retried. A transaction of a
 * suspended process ends, so that its locks do not block the others.
 */
const SESSION_LIMITS = {
  statement_timeout: 30_000,
  lock_timeout: 10_000,
  idle_in_transaction_session_timeout: 30_000,
} as const;

/** The SQLSTATEs with which a pooler refuses settings of a session: of PgBouncer, and of RDS Proxy. */
const SETTINGS_REFUSED = /^(08P01|0A000)$/;

/** A pool, and what closes it. */
export interface ConnectionPool {
  readonly pool: PostgresPool;
  /** Leaves a pool of the host open. */
  readonly close: () => Promise<void>;
}

/** The pool of the host, or a new one. */
export async function connectionPool(
  { source, maxConnections }: Pick<PostgresSettings, 'source' | 'maxConnections'>,
  logger: LoggerService,
): Promise<ConnectionPool> {
  if (typeof source !== 'string') return { pool: guarded(source, logger), close: () => Promise.resolve() };
  const settings = { connectionString: source, max: maxConnections, application_name: 'nestjs-lalamove' };
  const limited = new pg.Pool({ ...settings, ...CLIENT_LIMITS, ...SESSION_LIMITS });
  const refusal = await settingsRefusal(limited);
  if (refusal === undefined) return { pool: guarded(limited, logger), close: () => limited.end() };
  await limited.end();
  const what =
    'The pooler of PostgreSQL refuses the timeouts of a session, so the server holds none: set statement_timeout, ' +
    'lock_timeout and idle_in_transaction_session_timeout with alter role';
  say(logger, 'warn', logLine(what, { error: refusal }));
  const unlimited = new pg.Pool({ ...settings, ...CLIENT_LIMITS });
  return { pool: guarded(unlimited, logger), close: () => unlimited.end() };
}

/** Any other error comes again with the first query, which reports it. */
async function settingsRefusal(pool: pg.Pool): Promise<string | undefined> {
  try {
    (await pool.connect()).release();
    return undefined;
  } catch (error) {
    return SETTINGS_REFUSED.test(codeOf(error)) ? wordsOf(error) : undefined;
  }
}

/** Without a listener, the error of an idle connection would end the process. Each query reports its own errors. */
function guarded(pool: PostgresPool, logger: LoggerService): PostgresPool {
  pool.on('error', (error) => {
    say(logger, 'debug', logLine('An idle connection to PostgreSQL was lost', { error: wordsOf(error) }));
  });
  return pool;
}
