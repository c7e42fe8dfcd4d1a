import { randomUUID } from 'node:crypto';
import type { DeliveriesModuleOptions } from 'nestjs-lalamove/deliveries';
import { postgresStorage } from 'nestjs-lalamove/deliveries/postgres';
import { POSTGRES_URL, TESTED_STORAGE } from '../support/servers.js';

/**
 * The storage of a host that does not ask for one: an embedded database in memory, or a new schema in PostgreSQL if the
 * tests run over PostgreSQL.
 */
export function storageOptions(
  given: DeliveriesModuleOptions = {},
  clock: { now(): number },
): Pick<DeliveriesModuleOptions, 'database' | 'storage'> {
  if (given.database !== undefined || given.storage !== undefined) return {};
  if (TESTED_STORAGE === 'sqlite') return { database: { file: ':memory:' } };
  const schema = `test_${randomUUID().replaceAll('-', '')}`;
  const leaseClock = (): number => clock.now();
  return { storage: postgresStorage({ connectionString: POSTGRES_URL, schema, leaseClock, maxConnections: 4 }) };
}
