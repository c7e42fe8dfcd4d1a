import { Migrator, sql, type Migration } from 'kysely';
import { setTimeout as pause } from 'node:timers/promises';
import { wordsOf } from '../../../internal/log-line.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import type { DeliveriesKysely } from '../sql/deliveries-schema.js';
import { firstPostgresMigration } from './first-postgres-migration.js';
import { codeOf, isConflict, storeFailure } from './postgres-failure.js';
import { tablesIn } from './postgres-tables.js';

/** A migration with this ending only adds tables, columns or indexes. A version that does not know it can go on. */
const ADDITIVE = '-additive';

/** A migration of a newer version. It was executed, so it never runs here. */
const EXECUTED: Migration = { up: () => Promise.resolve() };

/** The SQLSTATE if another host has migrated for longer than `lock_timeout`. */
const LOCK_NOT_FREE = '55P03';

/**
 * The SQLSTATEs if another host made the schema or the tables after the snapshot of this transaction, with a default
 * isolation level above `read committed`.
 */
const MADE_BY_ANOTHER = /^42P0[67]$/;

/** How often the migration runs if another host migrates at the same time. */
const MAX_RUNS = 5;

function migrationsIn(schema: string): Readonly<Record<string, Migration>> {
  return { '2026-11-27-first': firstPostgresMigration(tablesIn(schema)) };
}

/**
 * Creates or updates the tables of deliveries in a schema, in one transaction under an advisory lock, so several hosts
 * may start at once.
 *
 * @throws DeliveriesStoreException if a newer version wrote the tables, or the migration fails; nothing changes then
 */
export async function migratePostgres(db: DeliveriesKysely, schema: string): Promise<void> {
  await refuseNewer(db, schema);
  if (isUpToDate(await executedMigrations(db, schema), schema)) return;
  for (let runs = 1; ; runs += 1) {
    // Read before the migrator has its connection: the pool may have only one.
    const known = await knownMigrations(db, schema);
    const provider = { getMigrations: () => Promise.resolve(known) };
    const migrator = new Migrator({
      db,
      provider,
      migrationTableName: 'delivery_migrations',
      migrationLockTableName: 'delivery_migrations_lock',
      migrationTableSchema: schema,
      // A newer version may have added additive migrations.
      allowUnorderedMigrations: true,
    });
    const { error } = await migrator.migrateToLatest();
    if (error === undefined) return;
    if (!mayRunAgain(error) || runs >= MAX_RUNS) throw migrationFailure(error, schema);
    await pause(100 * runs);
  }
}

/** The migrations of this version, and the additive ones of a newer version, without which Kysely reports an error. */
async function knownMigrations(db: DeliveriesKysely, schema: string): Promise<Record<string, Migration>> {
  const executed = await executedMigrations(db, schema);
  const additive = executed.filter((name) => name.endsWith(ADDITIVE)).map((name) => [name, EXECUTED] as const);
  return { ...Object.fromEntries(additive), ...migrationsIn(schema) };
}

/**
 * Checks the tables if the app may not create them.
 *
 * @throws DeliveriesStoreException if the tables are missing, or have another version
 */
export async function refuseOtherPostgres(db: DeliveriesKysely, schema: string): Promise<void> {
  await refuseNewer(db, schema);
  const executed = await executedMigrations(db, schema);
  if (isUpToDate(executed, schema)) return;
  throw new DeliveriesStoreException(
    `The tables of deliveries in the schema ${schema} are missing, or not up to date: run npx ` +
      'lalamove-deliveries-migrate with the connection string, or allow it with postgresStorage({ migrate: true }). ' +
      versions(executed, schema),
  );
}

function isUpToDate(executed: readonly string[], schema: string): boolean {
  return Object.keys(migrationsIn(schema)).every((name) => executed.includes(name));
}

function mayRunAgain(error: unknown): boolean {
  const code = codeOf(error);
  return isConflict(error) || code === LOCK_NOT_FREE || MADE_BY_ANOTHER.test(code);
}

async function refuseNewer(db: DeliveriesKysely, schema: string): Promise<void> {
  const known = Object.keys(migrationsIn(schema));
  const executed = await executedMigrations(db, schema);
  if (executed.every((name) => known.includes(name) || name.endsWith(ADDITIVE))) return;
  throw new DeliveriesStoreException(
    `The tables of deliveries in the schema ${schema} were made by a newer version of nestjs-lalamove: install that ` +
      `version again, or restore a backup from before the update. ${versions(executed, schema)}`,
  );
}

function versions(found: readonly string[], schema: string): string {
  const newest = (names: readonly string[]): string => [...names].sort().at(-1) ?? 'none';
  return `Newest migration found: ${newest(found)}; newest known here: ${newest(Object.keys(migrationsIn(schema)))}.`;
}

async function executedMigrations(db: DeliveriesKysely, schema: string): Promise<string[]> {
  try {
    const { rows: tables } = await sql`select 1 from information_schema.tables
      where table_schema = ${schema} and table_name = 'delivery_migrations'`.execute(db);
    if (tables.length === 0) return [];
    const table = sql.id(schema, 'delivery_migrations');
    const { rows } = await sql<{ name: string }>`select name from ${table}`.execute(db);
    return rows.map(({ name }) => name);
  } catch (error) {
    throw storeFailure(error);
  }
}

function migrationFailure(error: unknown, schema: string): unknown {
  const failure = storeFailure(error);
  if (failure instanceof DeliveriesStoreException) return failure;
  const message = `The tables of deliveries in the schema ${schema} could not be made: ${wordsOf(error)}`;
  return new DeliveriesStoreException(message, { cause: error });
}
