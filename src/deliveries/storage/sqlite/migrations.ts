import { randomUUID } from 'node:crypto';
import { sql, type Kysely, type Migration, type MigrationProvider } from 'kysely';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import { duplicatesMigration } from './duplicates-migration.js';
import { progressMigration } from './progress-migration.js';
import { unreadableMigration } from './unreadable-migration.js';

/** One column type for two dialects: SQLite's integers have 64 bits, PostgreSQL's `integer` has 32. */
const MS = 'bigint';

/** `if not exists` everywhere: the version before made these one by one, and may have been killed in between. */
const first: Migration = {
  up: async (db: Kysely<unknown>) => {
    await assertOurs(db, 'deliveries', ['reference', 'request_hash', 'course']);
    await assertOurs(db, 'delivery_attempts', ['delivery_id', 'quotation_id', 'outcome']);
    await assertOurs(db, 'delivery_events', ['delivery_id', 'fingerprint', 'hand_over']);
    await db.schema
      .createTable('deliveries')
      .ifNotExists()
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('account', 'text', (column) => column.notNull())
      .addColumn('reference', 'text', (column) => column.notNull())
      .addColumn('request_hash', 'text', (column) => column.notNull())
      .addColumn('request', 'text')
      .addColumn('schedule_at', MS)
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('due_at', MS)
      .addColumn('lease_token', 'text')
      .addColumn('lease_until', MS)
      .addColumn('order_id', 'text')
      .addColumn('course', 'text', (column) => column.notNull())
      .addColumn('created_at', MS, (column) => column.notNull())
      .addColumn('updated_at', MS, (column) => column.notNull())
      .addUniqueConstraint('deliveries_reference', ['account', 'reference'])
      .execute();
    await sql`create index if not exists deliveries_due on deliveries (due_at) where due_at is not null`.execute(db);
    await sql`create index if not exists deliveries_order on deliveries (order_id) where order_id is not null`.execute(
      db,
    );
    await sql`create index if not exists deliveries_listed on deliveries (created_at, id)`.execute(db);
    await sql`create index if not exists deliveries_kept on deliveries (updated_at)
      where request is not null and state in ('completed', 'canceled', 'failed')`.execute(db);
    await sql`create index if not exists deliveries_state on deliveries (state, created_at, id)`.execute(db);

    await db.schema
      .createTable('delivery_attempts')
      .ifNotExists()
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('delivery_id', 'text', (column) => column.notNull())
      .addColumn('account', 'text', (column) => column.notNull())
      .addColumn('number', 'integer', (column) => column.notNull())
      .addColumn('quotation_id', 'text', (column) => column.notNull())
      .addColumn('order_id', 'text')
      .addColumn('outcome', 'text', (column) => column.notNull())
      .addColumn('total', 'text', (column) => column.notNull())
      .addColumn('currency', 'text', (column) => column.notNull())
      .addColumn('reserved_at', MS, (column) => column.notNull())
      .addColumn('settled_at', MS)
      .execute();
    await sql`create index if not exists attempts_delivery on delivery_attempts (delivery_id)`.execute(db);
    await sql`create index if not exists attempts_quotation on delivery_attempts (account, quotation_id)`.execute(db);
    await sql`create unique index if not exists attempts_order on delivery_attempts (account, order_id)
      where order_id is not null`.execute(db);
    await sql`create index if not exists attempts_open on delivery_attempts (account, outcome, reserved_at)`.execute(
      db,
    );

    await db.schema
      .createTable('delivery_events')
      .ifNotExists()
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('delivery_id', 'text')
      .addColumn('account', 'text', (column) => column.notNull())
      .addColumn('source', 'text', (column) => column.notNull())
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('fingerprint', 'text')
      .addColumn('repeat_key', 'text')
      .addColumn('order_id', 'text')
      .addColumn('quotation_id', 'text')
      .addColumn('occurred_at', MS, (column) => column.notNull())
      .addColumn('received_at', MS, (column) => column.notNull())
      .addColumn('payload', 'text', (column) => column.notNull())
      .addColumn('applied_at', MS)
      .addColumn('set_aside_at', MS)
      .addColumn('hand_over', 'text', (column) => column.notNull())
      .addColumn('handled_by', 'text', (column) => column.notNull().defaultTo('[]'))
      .addColumn('tries', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('next_try_at', MS)
      .addColumn('error', 'text')
      .execute();
    await sql`create unique index if not exists events_fingerprint on delivery_events (fingerprint)
      where fingerprint is not null`.execute(db);
    await sql`create unique index if not exists events_repeat on delivery_events (repeat_key)
      where repeat_key is not null`.execute(db);
    await sql`create index if not exists events_delivery on delivery_events (delivery_id, id)
      where delivery_id is not null`.execute(db);
    await sql`create index if not exists events_waiting on delivery_events (account, order_id)
      where source = 'webhook' and applied_at is null and set_aside_at is null`.execute(db);
    await sql`create index if not exists events_waiting_since on delivery_events (received_at, id)
      where source = 'webhook' and applied_at is null and set_aside_at is null`.execute(db);
    await sql`create index if not exists events_lost on delivery_events (set_aside_at)
      where set_aside_at is not null`.execute(db);
    await sql`create index if not exists events_aside on delivery_events (id) where hand_over = 'set_aside'`.execute(
      db,
    );
    await sql`create index if not exists events_pending on delivery_events (next_try_at, id)
      where hand_over = 'pending'`.execute(db);
    await sql`create index if not exists events_in_order on delivery_events (delivery_id, id)
      where hand_over = 'pending'`.execute(db);
  },
};

/** What a process needs to find little among much: what is due in order, unmatched webhooks, handlers' places. */
const second: Migration = {
  up: async (db: Kysely<unknown>) => {
    await db.schema.alterTable('delivery_events').addColumn('look_at', MS).execute();
    await db.schema.alterTable('delivery_events').addColumn('blocked_on', 'text').execute();
    // Whether they name an attempt was not kept: each is looked at once.
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

/** The database's identity and generation, by which a second process and a lost or older file are recognised. */
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

/** Tables of these names may be the host's own. */
async function assertOurs(db: Kysely<unknown>, table: string, columns: readonly string[]): Promise<void> {
  const { rows } = await sql<{ name: string }>`select name from pragma_table_info(${table})`.execute(db);
  const names = new Set(rows.map(({ name }) => name));
  if (rows.length === 0 || columns.every((column) => names.has(column))) return;
  throw new DeliveriesStoreException(
    `There is a table ${table} that is not of deliveries: give deliveries a file of their own, with ` +
      'database: { file }.',
  );
}

const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '2026-11-22-first': first,
  '2026-11-26-identity': identity,
  '2026-11-27-second': second,
  '2026-11-28-unreadable': unreadableMigration,
  '2026-11-29-duplicates': duplicatesMigration,
  '2026-11-30-progress': progressMigration,
};

/** The migrations of the tables, in code: nothing has to be found on a disk. */
export const deliveriesMigrations: MigrationProvider = {
  getMigrations: () => Promise.resolve({ ...MIGRATIONS }),
};

/** The names of all migrations, in their order. */
export const MIGRATION_NAMES: readonly string[] = Object.keys(MIGRATIONS).sort();

/** Their own table, so that they and the host's do not mistake each other's. */
export const MIGRATION_TABLES = {
  migrationTableName: 'delivery_migrations',
  migrationLockTableName: 'delivery_migrations_lock',
} as const;
