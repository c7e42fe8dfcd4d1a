import pg from 'pg';
import type { PrivatePostgres } from '../support/private-postgres.js';
import type { PrivateRedis } from '../support/private-redis.js';
import type { SeededRandom } from '../support/seeded-random.js';
import { writeJournal } from './journal.js';

/** The servers of a world. */
export interface Servers {
  readonly postgres: PrivatePostgres;
  readonly redis: PrivateRedis;
}

/** What is disturbed, and where it is written down. */
export interface DisturbedWorld extends Servers {
  readonly journal: string;
  readonly schema: string;
}

/**
 * Disturbs the servers: a crash of PostgreSQL, its connections cut, Redis flushed or paused. It is written to the
 * journal before and after.
 */
export async function disturb(random: SeededRandom, world: DisturbedWorld): Promise<void> {
  const { postgres, redis, journal } = world;
  const disturbances: readonly [number, string, () => Promise<void>][] = [
    [2, 'crash of PostgreSQL', () => postgres.restart('immediate')],
    [4, 'connections cut', () => cutConnections(postgres.url)],
    [2, 'Redis flushed', () => redis.flush()],
    [2, 'Redis paused', () => redis.pause(700)],
  ];
  const [what, happen] = random.weighted(disturbances.map(([weight, name, run]) => [weight, [name, run] as const]));
  writeJournal(journal, { disturbed: what });
  await happen();
  writeJournal(journal, { disturbed: what });
}

async function cutConnections(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()');
  await client.end();
}
