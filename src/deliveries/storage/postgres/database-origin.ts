import { sql, type RawBuilder } from 'kysely';
import { isStringMap } from '../../../internal/is-record.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import type { DeliveriesKysely } from '../sql/deliveries-schema.js';
import { codeOf, storeFailure } from './postgres-failure.js';
import type { PostgresTables } from './postgres-tables.js';

/**
 * Where the rows are: the system identifier of the server, the OIDs of the database and of the table, and the WAL
 * timeline. A restore changes a part of it: a dump makes new tables, another server has another identifier, and a
 * restore to a point in time or the promotion of a replica begins a new timeline.
 */
type Origin = Readonly<Record<string, string>>;

/** The parts of an origin that a managed server may not tell. */
const PARTS = {
  system: sql<string>`(select system_identifier::text from pg_control_system())`,
  timeline: sql<string>`substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)`,
} as const;

/** The SQLSTATEs of a function that is forbidden, does not exist, or is not supported. */
const NOT_OFFERED = /^(42501|42883|0A000)$/;

const NOT_TOLD = sql<null>`null::text`;

/** The OID of the database, which a restore into another one changes. */
const DATABASE = sql<string>`(select oid::text from pg_database where datname = current_database())`;

/** The error if the row of the table is missing. */
export function emptyIdentity(): DeliveriesStoreException {
  return new DeliveriesStoreException('The table delivery_identity is empty: restore the database from a backup.');
}

/** Compares the stored origin of a database with the present one. */
export class DatabaseOrigin {
  private constructor(
    private readonly identity: RawBuilder<unknown>,
    private readonly current: RawBuilder<string>,
  ) {}

  /**
   * Finds out which parts the server tells.
   *
   * @param withTimeline whether a new timeline is a restore
   */
  static async on(
    db: DeliveriesKysely,
    { identity }: Pick<PostgresTables, 'identity'>,
    withTimeline: boolean,
  ): Promise<DatabaseOrigin> {
    const system = (await isTold(db, PARTS.system)) ? PARTS.system : NOT_TOLD;
    const timeline = withTimeline && (await isTold(db, PARTS.timeline)) ? PARTS.timeline : NOT_TOLD;
    const current = sql<string>`json_strip_nulls(json_build_object(
      'system', ${system}, 'database', ${DATABASE}, 'table', tableoid::text, 'timeline', ${timeline}))::text`;
    return new DatabaseOrigin(identity, current);
  }

  /**
   * Whether the rows come from a restore, or the stored origin lacks a part: `new`.
   *
   * @param lock whether other transactions wait until this one has ended
   */
  async compare(db: DeliveriesKysely, lock: 'lock' | 'no lock' = 'no lock'): Promise<'same' | 'restored' | 'new'> {
    const { rows } = await sql<{ stored: string | null; current: string }>`select origin as stored,
      ${this.current} as current from ${this.identity} ${lock === 'lock' ? sql`for update` : sql``}`.execute(db);
    const [row] = rows;
    if (!row) throw emptyIdentity();
    const stored = originIn(row.stored);
    if (stored === undefined) return 'new';
    const current = originIn(row.current) ?? {};
    const isSame = Object.entries(stored).every(([part, value]) => (current[part] ?? value) === value);
    if (!isSame) return 'restored';
    return Object.keys(current).every((part) => part in stored) ? 'same' : 'new';
  }

  /** Stores the present origin. */
  async store(db: DeliveriesKysely): Promise<void> {
    const { numAffectedRows } = await sql`update ${this.identity} set origin = ${this.current}`.execute(db);
    if (numAffectedRows !== 1n) throw emptyIdentity();
  }
}

async function isTold(db: DeliveriesKysely, part: RawBuilder<string>): Promise<boolean> {
  try {
    await sql`select ${part}`.execute(db);
    return true;
  } catch (error) {
    // After any other error, such as a lost connection, the part would be missing for the life of the process.
    if (NOT_OFFERED.test(codeOf(error))) return false;
    throw storeFailure(error);
  }
}

function originIn(text: string | null): Origin | undefined {
  if (text === null) return undefined;
  const value: unknown = JSON.parse(text);
  return isStringMap(value) ? value : undefined;
}
