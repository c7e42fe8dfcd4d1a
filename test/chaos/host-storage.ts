import { sql } from 'kysely';
import type { DeliveriesModuleOptions, DeliveriesQueue, DeliveriesService } from '../../src/deliveries/index.js';
import type { HostPlan } from './messages.js';

/** The options of a host's storage: an embedded file, or a schema of PostgreSQL that other hosts use too. */
export async function storageOf({
  file,
  database,
  postgres,
}: HostPlan): Promise<
  Pick<DeliveriesModuleOptions, 'database' | 'storage' | 'leaseSeconds' | 'handlerTimeoutSeconds'>
> {
  if (!postgres) return { database: { file, ...database } };
  const { url: connectionString, schema, leaseSeconds } = postgres;
  // Loaded only here, so that a host with a file starts as fast as before.
  const { postgresStorage } = await import('../../src/deliveries/storage/postgres/index.js');
  const storage = postgresStorage({ connectionString, schema, maxConnections: 6 });
  return { storage, leaseSeconds, handlerTimeoutSeconds: leaseSeconds };
}

/** The queue of a host whose plan names a Redis. */
export async function queueOf({ redis }: HostPlan): Promise<DeliveriesQueue | undefined> {
  if (!redis) return undefined;
  const { bullmqQueue } = await import('../../src/deliveries/queue/bullmq/index.js');
  return bullmqQueue({ connection: redis.url, prefix: redis.prefix });
}

/** `pragma synchronous` of the open file: what a power cut leaves depends on it. PostgreSQL has none. */
export async function synchronousOf(
  { database }: DeliveriesService,
  { postgres }: HostPlan,
): Promise<number | undefined> {
  if (postgres) return undefined;
  const { rows } = await sql<{ synchronous: number }>`pragma synchronous`.execute(database);
  return rows[0]?.synchronous;
}
