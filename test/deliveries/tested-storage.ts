import { randomUUID } from 'node:crypto';
import type { DeliveriesModuleOptions } from 'nestjs-lalamove/deliveries';
import { bullmqQueue } from 'nestjs-lalamove/deliveries/bullmq';
import { postgresStorage } from 'nestjs-lalamove/deliveries/postgres';
import pg from 'pg';
import { Logger } from '@nestjs/common';
import type { OpenStorage } from '../../src/deliveries/storage/open-storage.js';
import { sqliteStorage } from '../../src/deliveries/storage/sqlite/open-sqlite.js';
import { IS_BULLMQ, POSTGRES_URL, REDIS_URL, TESTED_STORAGE } from '../support/servers.js';

/** The storage of a tested host. */
export interface TestedStorage {
  readonly options: Pick<DeliveriesModuleOptions, 'database' | 'storage' | 'queue'>;
  /** Removes its tables. */
  readonly drop: () => Promise<void>;
}

/**
 * The storage of a host that does not ask for one: an embedded database in memory, or a new schema in PostgreSQL if the
 * tests run over PostgreSQL.
 */
export function testedStorage(given: DeliveriesModuleOptions = {}, clock: { now(): number }): TestedStorage {
  const drop = (): Promise<void> => Promise.resolve();
  if (given.database !== undefined || given.storage !== undefined) return { options: {}, drop };
  if (TESTED_STORAGE === 'sqlite') return { options: { database: { file: ':memory:' } }, drop };
  const schema = newSchema();
  const leaseClock = (): number => clock.now();
  const storage = postgresStorage({ connectionString: POSTGRES_URL, schema, leaseClock, maxConnections: 4 });
  const queue = IS_BULLMQ && { queue: bullmqQueue({ connection: REDIS_URL, prefix: schema }) };
  return { options: { storage, ...queue }, drop: () => dropSchema(schema) };
}

/** An open storage without a host. */
export interface TestedDatabase extends OpenStorage {
  readonly db: OpenStorage['database'];
  readonly close: () => Promise<void>;
}

/** Opens a new database of the tested kind. Its leases use the given clock. */
export async function openTestedDatabase(now: () => number): Promise<TestedDatabase> {
  const { options, drop } = testedStorage({}, { now });
  const provider = options.storage ?? sqliteStorage(options.database);
  const logger = new Logger('LalamoveDeliveries');
  const opened = await provider.open({ logger, now, leaseMs: 120_000, sweepMs: 30_000, handlerTimeoutMs: 60_000 });
  const close = async (): Promise<void> => {
    await opened.storage.close();
    await drop();
  };
  return { ...opened, db: opened.database, close };
}

/** The name of a schema that no other test uses. */
export function newSchema(): string {
  return `test_${randomUUID().replaceAll('-', '')}`;
}

/** Removes a schema with all its tables. */
export async function dropSchema(schema: string, connectionString = POSTGRES_URL): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(`drop schema if exists ${schema} cascade`);
  } finally {
    await client.end();
  }
}
