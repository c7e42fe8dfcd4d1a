import type { PostgresPool } from './postgres-pool.js';

/** Options of `postgresStorage`: a connection string, or a pool of the host. */
export interface PostgresStorageOptions {
  /** Such as `postgres://user:password@host:5432/database`. The storage opens and closes its own pool. */
  connectionString?: string;
  /** A pool of `pg`. The host closes it. It needs at least 3 connections; one of them listens. */
  pool?: PostgresPool;
  /**
   * The schema of the tables. It is created if it is missing and `migrate` allows it.
   *
   * @default 'lalamove'
   */
  schema?: string;
  /**
   * The maximum number of connections of the own pool.
   *
   * @default 10
   */
  maxConnections?: number;
  /**
   * Whether missing tables are created at start. Use `false` if the app may not create tables. In that case run
   * `lalamove-deliveries-migrate`.
   *
   * @default true
   */
  migrate?: boolean;
  /**
   * Whether a replica that is promoted has lost nothing, because replication is synchronous. By default a new WAL
   * timeline counts as a restore: unfinished deliveries order nothing until a person has resolved them. With `true`, a
   * restore to a point in time is not detected: run `lalamove-deliveries-migrate` with `--restored` after it.
   *
   * @default false
   */
  losslessFailover?: boolean;
  /**
   * The clock of leases in Unix ms, for tests with a clock of their own. Without it, leases use the clock of the
   * server.
   */
  leaseClock?: () => number;
}
