import { sql, type Kysely, type Migration } from 'kysely';

/** Adds marks for unreadable rows, so that sweeps skip them. */
export const unreadableMigration: Migration = {
  up: async (db: Kysely<unknown>) => {
    await db.schema.alterTable('deliveries').addColumn('unreadable_at', 'bigint').execute();
    await db.schema.alterTable('delivery_events').addColumn('unreadable_at', 'bigint').execute();
    await sql`create index deliveries_unreadable on deliveries (id) where unreadable_at is not null`.execute(db);
    await sql`create index events_unreadable on delivery_events (id) where unreadable_at is not null`.execute(db);
  },
};
