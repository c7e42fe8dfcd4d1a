import type { DeliveriesStorageProvider } from '../open-storage.js';
import { openPostgres } from './open-postgres.js';
import { postgresSettings } from './postgres-settings.js';
import type { PostgresStorageOptions } from './postgres-storage.options.js';

export type {
  PostgresClient,
  PostgresPool,
  PostgresPoolClient,
  PostgresQuery,
  PostgresResult,
  PostgresTypes,
} from './postgres-pool.js';
export type { PostgresStorageOptions } from './postgres-storage.options.js';
export type { DeliveriesStorageProvider } from '../open-storage.js';

/**
 * Stores deliveries in PostgreSQL 12 or later, for one process or several. All processes may book, receive webhooks and
 * work on deliveries at the same time.
 *
 * @throws DeliveriesOptionsException that lists every problem of the options
 *
 * @example
 * DeliveriesModule.forRoot({ storage: postgresStorage({ connectionString: process.env.DATABASE_URL }) })
 */
export function postgresStorage(options: PostgresStorageOptions): DeliveriesStorageProvider {
  const settings = postgresSettings(options);
  return { open: (context) => openPostgres(settings, context) };
}
