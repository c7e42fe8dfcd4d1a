import type { LoggerService } from '@nestjs/common';
import { sql } from 'kysely';
import { logLine, say } from '../../../internal/log-line.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import type { DeliveriesKysely } from '../sql/deliveries-schema.js';
import { storeFailure } from './postgres-failure.js';

/** PostgreSQL 12, by `server_version_num`. */
const OLDEST_VERSION = 120_000;

/** The settings that the promises depend on. */
interface ServerSettings {
  readonly version: number;
  readonly synchronous_commit: string;
  readonly fsync: string;
  readonly encoding: string;
  readonly is_replica: boolean;
}

/**
 * Checks the settings of the server: a commit must be on its disk before an order is posted.
 *
 * @throws DeliveriesStoreException if the server cannot keep the promises of deliveries
 */
export async function checkServer(db: DeliveriesKysely, logger: LoggerService): Promise<void> {
  const { rows } = await sql<ServerSettings>`select current_setting('server_version_num')::int as version,
    current_setting('synchronous_commit') as synchronous_commit, current_setting('fsync') as fsync,
    current_setting('server_encoding') as encoding, pg_is_in_recovery() as is_replica`
    .execute(db)
    .catch((error: unknown) => {
      throw storeFailure(error);
    });
  const [settings] = rows;
  if (!settings) throw new DeliveriesStoreException('PostgreSQL did not answer with its settings.');
  const problem = problemOf(settings);
  if (problem !== undefined) throw new DeliveriesStoreException(problem);
  if (settings.fsync === 'off') {
    const what = 'PostgreSQL runs with fsync = off: after a power cut an order may be posted twice. Set it to on';
    say(logger, 'warn', logLine(what, {}));
  }
}

function problemOf({
  version,
  synchronous_commit: commit,
  encoding,
  is_replica: isReplica,
}: ServerSettings): string | undefined {
  if (version < OLDEST_VERSION) return `Deliveries need PostgreSQL 12 or later, not ${Math.floor(version / 10_000)}.`;
  if (encoding !== 'UTF8') return `Deliveries need a database with the encoding UTF8, not ${encoding}.`;
  if (isReplica) return 'The server is a replica that only reads: connect to the primary.';
  if (commit !== 'off') return undefined;
  return (
    'PostgreSQL answers a commit before it is on disk (synchronous_commit = off), so a crash of the server could ' +
    'lose an attempt, and its order would be posted twice: alter role … set synchronous_commit = on.'
  );
}
