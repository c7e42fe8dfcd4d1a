import { Migrator, sql, type Kysely } from 'kysely';
import { wordsOf } from '../../../internal/log-line.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import type { DeliveriesSchema } from '../sql/deliveries-schema.js';
import { deliveriesMigrations, MIGRATION_NAMES, MIGRATION_TABLES } from './migrations.js';

/**
 * Creates or updates the tables of deliveries, in one transaction.
 *
 * @param file the name of the file, for messages
 * @throws DeliveriesStoreException if a newer version wrote the tables, or the migration fails; nothing changes then
 */
export async function migrateDeliveries(db: Kysely<DeliveriesSchema>, file = 'this database'): Promise<void> {
  await refuseNewer(db, file);
  const { error } = await new Migrator({ db, provider: deliveriesMigrations, ...MIGRATION_TABLES }).migrateToLatest();
  if (error === undefined) return;
  if (error instanceof DeliveriesStoreException) throw error;
  const message = `The tables of deliveries in ${file} could not be made, and are as they were: ${wordsOf(error)}`;
  throw new DeliveriesStoreException(message, { cause: error });
}

/**
 * Checks the tables if the app may not create them.
 *
 * @throws DeliveriesStoreException if the tables are missing, or have another version
 */
export async function refuseOtherVersions(db: Kysely<DeliveriesSchema>, file: string): Promise<void> {
  await refuseNewer(db, file);
  const executed = new Set(await executedMigrations(db));
  if (MIGRATION_NAMES.every((name) => executed.has(name))) return;
  throw new DeliveriesStoreException(
    `The tables of deliveries in ${file} are missing, or not up to date: run ` +
      `npx lalamove-deliveries-migrate ${file}, or allow it with database: { migrate: true }. ` +
      versions([...executed]),
  );
}

async function refuseNewer(db: Kysely<DeliveriesSchema>, file: string): Promise<void> {
  const executed = await executedMigrations(db);
  const unknown = executed.filter((name) => !MIGRATION_NAMES.includes(name));
  if (unknown.length === 0) return;
  throw new DeliveriesStoreException(
    `The tables of deliveries in ${file} were made by a newer version of nestjs-lalamove: install that ` +
      `version again, or restore a backup from before the update. ${versions(executed)}`,
  );
}

function versions(found: readonly string[]): string {
  const newest = [...found].sort().at(-1) ?? 'none';
  return `Newest migration found in it: ${newest}; newest known here: ${MIGRATION_NAMES.at(-1) ?? 'none'}.`;
}

async function executedMigrations(db: Kysely<DeliveriesSchema>): Promise<string[]> {
  const table = MIGRATION_TABLES.migrationTableName;
  const tables = await sql`select 1 from sqlite_schema where type = 'table' and name = ${table}`.execute(db);
  if (tables.rows.length === 0) return [];
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(table)}`.execute(db);
  return rows.map(({ name }) => name);
}
