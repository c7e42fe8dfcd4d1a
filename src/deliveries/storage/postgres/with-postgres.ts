import { Logger } from '@nestjs/common';
import pg from 'pg';
import type { DeliveriesKysely } from '../sql/deliveries-schema.js';
import { DatabaseOrigin } from './database-origin.js';
import { migratePostgres } from './migrate-postgres.js';
import { kyselyOn } from './open-postgres.js';
import { storeFailure } from './postgres-failure.js';
import { checkServer } from './postgres-server.js';
import { tablesIn } from './postgres-tables.js';
import { PostgresTransactions } from './postgres-transactions.js';
import { RestoredDatabase } from './restored-database.js';

/** Limits of the connection of a command, in ms. Its transactions may take hours, so statements have no limit. */
const LIMITS = { connectionTimeoutMillis: 10_000, keepAlive: true } as const;

/** The database of a command. */
export interface CommandDatabase {
  readonly connectionString: string;
  readonly schema: string;
}

/**
 * Opens the database for a command, checks the server, and creates or updates the tables.
 *
 * @param work gets the database; it is closed afterwards
 * @throws DeliveriesStoreException if the database cannot be used
 */
export async function withPostgres<T>(
  { connectionString, schema }: CommandDatabase,
  work: (db: DeliveriesKysely) => Promise<T>,
): Promise<T> {
  const pool = new pg.Pool({ connectionString, max: 1, application_name: 'lalamove-deliveries-command', ...LIMITS });
  // Without a listener, the error of an idle connection would end the process. The next query reports it.
  pool.on('error', () => undefined);
  try {
    const db = kyselyOn(pool, schema);
    await checkServer(db, new Logger('LalamoveDeliveries'));
    await migratePostgres(db, schema);
    return await work(db);
  } catch (error) {
    throw storeFailure(error);
  } finally {
    await pool.end();
  }
}

/**
 * Creates or updates the tables of deliveries in a schema.
 *
 * @param declared what the operator declares about the data: they come from a backup, or were moved without a loss
 * @returns the number of unfinished deliveries that were marked as restored
 */
export async function migrateSchema(
  database: CommandDatabase,
  declared?: 'restored' | 'moved',
): Promise<number | undefined> {
  return withPostgres(database, async (db) => {
    if (declared === undefined) return undefined;
    const transactions = new PostgresTransactions(db);
    const origin = await DatabaseOrigin.on(db, tablesIn(database.schema), true);
    const restored = new RestoredDatabase({ transactions, origin, logger: new Logger(), now: Date.now });
    if (declared === 'restored') return restored.mark();
    await restored.moved();
    return undefined;
  });
}
