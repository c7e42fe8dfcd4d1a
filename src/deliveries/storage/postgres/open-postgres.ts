import { createHash, randomUUID } from 'node:crypto';
import { Kysely, sql } from 'kysely';
import type { OpenStorage, StorageContext } from '../open-storage.js';
import type { DeliveriesKysely, DeliveriesSchema } from '../sql/deliveries-schema.js';
import { connectionPool } from './connection-pool.js';
import { DatabaseOrigin, emptyIdentity } from './database-origin.js';
import { LeaseClock } from './lease-clock.js';
import { migratePostgres, refuseOtherPostgres } from './migrate-postgres.js';
import type { PostgresPool } from './postgres-pool.js';
import { checkServer } from './postgres-server.js';
import type { PostgresSettings } from './postgres-settings.js';
import { PostgresSignals } from './postgres-signals.js';
import { PostgresStorage } from './postgres-storage.js';
import { PreparedDialect } from './prepared-dialect.js';
import { RestoredDatabase } from './restored-database.js';
import { SchemaDialect } from './schema-dialect.js';
import { tablesIn, type PostgresTables } from './postgres-tables.js';
import { PostgresTransactions } from './postgres-transactions.js';

/** Opens the database, checks the server, and creates or checks the tables. */
export async function openPostgres(settings: PostgresSettings, context: StorageContext): Promise<OpenStorage> {
  const { schema, migrate, leaseClock, losslessFailover } = settings;
  const { pool, close } = await connectionPool(settings, context.logger);
  const database = kyselyOn(pool, schema);
  try {
    await checkServer(database, context.logger);
    await (migrate ? migratePostgres : refuseOtherPostgres)(database, schema);
    const tables = tablesIn(schema);
    const databaseId = await identityOf(database, tables);
    const process = randomUUID();
    const leases = new LeaseClock(leaseClock);
    const transactions = new PostgresTransactions(new Kysely({ dialect: new PreparedDialect(pool, schema) }));
    const { logger, now, leaseMs, sweepMs, handlerTimeoutMs } = context;
    const origin = await DatabaseOrigin.on(database, tables, !losslessFailover);
    const restored = new RestoredDatabase({ transactions, origin, logger, now });
    await restored.check();
    const channel = channelOf(databaseId, schema);
    const notify = async (name: string, payload: string): Promise<void> => {
      await sql`select pg_notify(${name}, ${payload})`.execute(database);
    };
    const signals = new PostgresSignals({ pool, notify, channel, process, logger });
    const parts = { db: database, transactions, schema, tables, databaseId, leases, signals, restored, process };
    const durations = { sweepMs: Math.min(sweepMs, leaseMs), dispatchMs: handlerTimeoutMs + leaseMs };
    return { database, storage: new PostgresStorage({ ...parts, ...durations, close }) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Kysely on a pool, with all tables in the schema. */
export function kyselyOn(pool: PostgresPool, schema: string): DeliveriesKysely {
  return new Kysely<DeliveriesSchema>({ dialect: new SchemaDialect(pool, schema) }).withSchema(schema);
}

async function identityOf(db: DeliveriesKysely, { identity: table }: PostgresTables): Promise<string> {
  const row = await sql<{ database_id: string }>`select database_id from ${table}`.execute(db);
  const [identity] = row.rows;
  if (!identity) throw emptyIdentity();
  return identity.database_id;
}

/** The same for all processes on these tables, and for no others on the server. */
function channelOf(databaseId: string, schema: string): string {
  return `lalamove_${createHash('sha256').update(`${databaseId} ${schema}`).digest('hex').slice(0, 32)}`;
}
