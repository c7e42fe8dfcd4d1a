import { sql } from 'kysely';
import type { DeliveriesModuleOptions, DeliveriesService } from '../../src/deliveries/index.js';
import type { HostPlan } from './messages.js';

/** The options of a host's storage: an embedded file. A plan for PostgreSQL would name its connection and schema. */
export function storageOf({ file, database }: HostPlan): Pick<DeliveriesModuleOptions, 'database' | 'storage'> {
  return { database: { file, ...database } };
}

/** `pragma synchronous` of the open file: what a power cut leaves depends on it. */
export async function synchronousOf({ database }: DeliveriesService): Promise<number | undefined> {
  const { rows } = await sql<{ synchronous: number }>`pragma synchronous`.execute(database);
  return rows[0]?.synchronous;
}
