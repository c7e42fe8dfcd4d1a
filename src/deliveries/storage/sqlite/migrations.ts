import { randomUUID } from 'node:crypto';
import { sql, type Kysely, type Migration, type MigrationProvider } from 'kysely';
import { duplicatesMigration } from './duplicates-migration.js';
import { firstMigration } from './first-migration.js';
import { progressMigration } from './progress-migration.js';
import { unreadableMigration } from './unreadable-migration.js';

/** SQLite integers have 64 bits. */
const MS = 'bigint';

/** Indexes for large tables: due deliveries in order, unmatched webhooks, events that wait for a handler's slot. */
const second: Migration = {
  up: async (db: Kysely<unknown>) => {
    await db.schema.alterTable('delivery_events').addColumn('look_at', MS).execute();
    await db.schema.alterTable('delivery_events').addColumn('blocked_on', 'text').execute();
    // The previous version did not store whether a webhook contains an attempt id, so check each webhook once.
    await sql`update delivery_events set look_at = received_at
      where source = 'webhook' and applied_at is null and set_aside_at is null`.execute(db);
    await sql`create index events_to_look_at on delivery_events (look_at, id)
      where source = 'webhook' and applied_at is null and set_aside_at is null
      and look_at is not null`.execute(db);
    await sql`create index events_unidentified on delivery_events (account, received_at, id)
      where source = 'webhook' and applied_at is null and set_aside_at is null
      and order_id is not null and quotation_id is null`.execute(db);
    await sql`drop index events_pending`.execute(db);
    await sql`create index events_open on delivery_events (blocked_on, next_try_at, id)
      where hand_over = 'pending'`.execute(db);
    await sql`drop index deliveries_due`.execute(db);
    await sql`create index deliveries_due_in_order on deliveries (due_at, id) where due_at is not null`.execute(db);
    await sql`create index attempts_given_up on delivery_attempts (delivery_id)
      where outcome in ('unknown', 'abandoned')`.execute(db);
  },
};

/** The identity and generation of the database. They detect a second process, a lost file and an older file. */
const identity: Migration = {
  up: async (db: Kysely<unknown>) => {
    await db.schema
      .createTable('delivery_process')
      .addColumn('database_id', 'text', (column) => column.notNull())
      .addColumn('generation', MS, (column) => column.notNull())
      .addColumn('commits', MS, (column) => column.notNull())
      .execute();
    await sql`insert into delivery_process values (${randomUUID()}, 0, 0)`.execute(db);
  },
};

const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '2026-11-22-first': firstMigration,
  '2026-11-26-identity': identity,
  '2026-11-27-second': second,
  '2026-11-28-unreadable': unreadableMigration,
  '2026-11-29-duplicates': duplicatesMigration,
  '2026-11-30-progress': progressMigration,
};

/** The migrations of the tables. They are code, so no file must be found at run time. */
export const deliveriesMigrations: MigrationProvider = {
  getMigrations: () => Promise.resolve({ ...MIGRATIONS }),
};

/** The names of all migrations, in order. */
export const MIGRATION_NAMES: readonly string[] = Object.keys(MIGRATIONS).sort();

/** A separate migration table, so it does not conflict with the host's. */
export const MIGRATION_TABLES = {
  migrationTableName: 'delivery_migrations',
  migrationLockTableName: 'delivery_migrations_lock',
} as const;
