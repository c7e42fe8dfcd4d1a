import { sql, type Kysely, type Migration } from 'kysely';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';

/** SQLite integers have 64 bits. */
const MS = 'bigint';

type Database = Kysely<unknown>;

/**
 * All statements use `if not exists`: the previous version created the tables one by one and may have stopped halfway.
 */
export const firstMigration: Migration = {
  up: async (db: Database) => {
    await assertOurs(db, 'deliveries', ['reference', 'request_hash', 'course']);
    await assertOurs(db, 'delivery_attempts', ['delivery_id', 'quotation_id', 'outcome']);
    await assertOurs(db, 'delivery_events', ['delivery_id', 'fingerprint', 'hand_over']);
    await createDeliveries(db);
    await indexDeliveries(db);
    await createAttempts(db);
    await indexAttempts(db);
    await createEvents(db);
    await indexEvents(db);
  },
};

async function createDeliveries(db: Database): Promise<void> {
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
}

async function indexDeliveries(db: Database): Promise<void> {
  await sql`create index if not exists deliveries_due on deliveries (due_at) where due_at is not null`.execute(db);
  await sql`create index if not exists deliveries_order on deliveries (order_id) where order_id is not null`.execute(
    db,
  );
  await sql`create index if not exists deliveries_listed on deliveries (created_at, id)`.execute(db);
  await sql`create index if not exists deliveries_kept on deliveries (updated_at)
    where request is not null and state in ('completed', 'canceled', 'failed')`.execute(db);
  await sql`create index if not exists deliveries_state on deliveries (state, created_at, id)`.execute(db);
}

async function createAttempts(db: Database): Promise<void> {
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
}

async function indexAttempts(db: Database): Promise<void> {
  await sql`create index if not exists attempts_delivery on delivery_attempts (delivery_id)`.execute(db);
  await sql`create index if not exists attempts_quotation on delivery_attempts (account, quotation_id)`.execute(db);
  await sql`create unique index if not exists attempts_order on delivery_attempts (account, order_id)
    where order_id is not null`.execute(db);
  await sql`create index if not exists attempts_open on delivery_attempts (account, outcome, reserved_at)`.execute(db);
}

async function createEvents(db: Database): Promise<void> {
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
}

async function indexEvents(db: Database): Promise<void> {
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
  await sql`create index if not exists events_aside on delivery_events (id) where hand_over = 'set_aside'`.execute(db);
  await sql`create index if not exists events_pending on delivery_events (next_try_at, id)
    where hand_over = 'pending'`.execute(db);
  await sql`create index if not exists events_in_order on delivery_events (delivery_id, id)
    where hand_over = 'pending'`.execute(db);
}

/** The host may already have tables with these names. */
async function assertOurs(db: Kysely<unknown>, table: string, columns: readonly string[]): Promise<void> {
  const { rows } = await sql<{ name: string }>`select name from pragma_table_info(${table})`.execute(db);
  const names = new Set(rows.map(({ name }) => name));
  if (rows.length === 0 || columns.every((column) => names.has(column))) return;
  throw new DeliveriesStoreException(
    `There is a table ${table} that is not of deliveries: give deliveries a file of their own, with ` +
      'database: { file }.',
  );
}
