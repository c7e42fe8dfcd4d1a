import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Kysely, Migrator } from 'kysely';
import { wordsOf } from '../../log-line.js';
import { DeliveriesStoreException } from '../delivery.exceptions.js';
import type { DeliveriesSchema } from './deliveries-schema.js';
import { LibsqlDialect } from './libsql-dialect.js';
import { deliveriesMigrations, MIGRATION_TABLES } from './migrations.js';

/** Where the embedded database is, and who makes its tables. */
export interface EmbeddedDatabaseOptions {
  /**
   * The file. `':memory:'` for tests.
   *
   * @default 'deliveries.db'
   */
  file?: string;
  /**
   * Whether missing tables are made at start. `false` for who forbids that: `lalamove-deliveries-migrate` (or `migrateDeliveries`) does it then.
   *
   * @default true
   */
  migrate?: boolean;
}

/**
 * Opens the embedded database: WAL, `synchronous=FULL`, locked for this process as long as it is open.
 *
 * @throws DeliveriesStoreException where another process has it, where it cannot be opened, or where its tables are missing
 */
export async function openDatabase({
  file = 'deliveries.db',
  migrate = true,
}: EmbeddedDatabaseOptions): Promise<Kysely<DeliveriesSchema>> {
  const database = await opened(file);
  const db = new Kysely<DeliveriesSchema>({ dialect: new LibsqlDialect(database) });
  try {
    if (migrate) await migrateDeliveries(db);
    else await refuseOld(db, file);
    return db;
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/**
 * Makes or brings up to date the tables of deliveries.
 *
 * @throws DeliveriesStoreException where that fails; nothing has changed then
 */
export async function migrateDeliveries(db: Kysely<DeliveriesSchema>): Promise<void> {
  const { error } = await migratorOf(db).migrateToLatest();
  if (error !== undefined)
    throw new DeliveriesStoreException('The tables of deliveries could not be made.', { cause: error });
}

function migratorOf(db: Kysely<DeliveriesSchema>): Migrator {
  return new Migrator({ db, provider: deliveriesMigrations, ...MIGRATION_TABLES });
}

async function refuseOld(db: Kysely<DeliveriesSchema>, file: string): Promise<void> {
  const missing = (await migratorOf(db).getMigrations()).filter(({ executedAt }) => executedAt === undefined);
  if (missing.length === 0) return;
  throw new DeliveriesStoreException(
    `The tables of deliveries in ${file} are missing, or not up to date: run npx lalamove-deliveries-migrate ${file}, or allow it with database: { migrate: true }.`,
  );
}

async function opened(file: string): Promise<ConstructorParameters<typeof LibsqlDialect>[0]> {
  const { default: Database } = await import('libsql').catch((cause: unknown) => {
    throw new DeliveriesStoreException(
      'The embedded database of deliveries needs the package libsql: npm install libsql',
      { cause },
    );
  });
  try {
    if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
    const database = new Database(file);
    try {
      // The first statement that touches the file takes the lock, for as long as it is open.
      for (const pragma of [
        'locking_mode = exclusive',
        'journal_mode = wal',
        'synchronous = full',
        'busy_timeout = 0',
      ]) {
        database.exec(`pragma ${pragma}`);
      }
      database.exec('begin exclusive; commit');
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (cause) {
    const isTaken = /busy|locked/i.test(String(cause));
    const told = isTaken
      ? `The deliveries' file ${file} is in use by another process: one process works on a file. Give each its own, or stop the other.`
      : `The deliveries' file ${file} cannot be opened: ${wordsOf(cause)}`;
    throw new DeliveriesStoreException(told, { cause });
  }
}
