import { Kysely, PostgresDialect, sql, type KyselyPlugin } from 'kysely';
import { isObject } from '../../../internal/is-object.js';
import { hasMethods } from '../../../internal/value-checks.js';
import { InvalidDeliveryException } from '../../delivery.exceptions.js';
import type { DeliveriesKysely, DeliveriesSchema } from '../sql/deliveries-schema.js';
import { exactInteger } from './exact-integers.js';
import { PostgresConnection } from './postgres-connection.js';
import { isConnectionLost, storeFailure } from './postgres-failure.js';
import type { PostgresClient } from './postgres-pool.js';
import type { PostgresTables } from './postgres-tables.js';

/** The database of the storage, for comparison. */
export interface OwnDatabase {
  readonly schema: string;
  readonly tables: PostgresTables;
  /** The identity of the database. */
  readonly databaseId: string;
}

/**
 * Checks the transaction in which a host books: a Kysely transaction, or a `pg` client on which a transaction is open.
 *
 * @throws InvalidDeliveryException if it is neither, has ended, or is on another database
 */
export async function hostTransaction(given: unknown, own: OwnDatabase): Promise<DeliveriesKysely> {
  const trx = transactionOf(given)?.withSchema(own.schema);
  if (!trx) {
    throw refused('must be a Kysely transaction, or a client of pg on which a transaction is open (after BEGIN)');
  }
  if (await isOpenOn(trx, own)) return trx;
  throw refused(
    'must be an open transaction on the database of these deliveries: begin it first, and await book() in it. ' +
      'Nothing was booked',
  );
}

function transactionOf(given: unknown): DeliveriesKysely | undefined {
  // The host may have another copy of Kysely, so `instanceof` does not help.
  // Its plugins are the host's: they would change the names of columns and tables.
  if (isKyselyTransaction(given)) return given.withoutPlugins().withPlugin(EXACT_INTEGERS);
  if (!isClient(given)) return undefined;
  const connection = new PostgresConnection(given);
  const pool = { connect: () => Promise.resolve(connection), end: () => Promise.resolve() };
  return new Kysely<DeliveriesSchema>({ dialect: new PostgresDialect({ pool }) });
}

function isKyselyTransaction(value: unknown): value is DeliveriesKysely {
  return isObject(value) && 'isTransaction' in value && value.isTransaction === true && 'withoutPlugins' in value;
}

function isClient(value: unknown): value is PostgresClient {
  // A pool has a `query` too.
  return hasMethods('query')(value) && !('totalCount' in value);
}

/** Two statements have the same transaction id only within one open transaction. */
async function isOpenOn(trx: DeliveriesKysely, { tables, databaseId }: OwnDatabase): Promise<boolean> {
  const idOf = async (): Promise<{ database_id: string; xid: string } | undefined> => {
    const { rows } = await sql<{ database_id: string; xid: string }>`
      select database_id, txid_current()::text as xid from ${tables.identity}`.execute(trx);
    return rows[0];
  };
  try {
    const first = await idOf();
    const second = await idOf();
    return first?.database_id === databaseId && first.xid === second?.xid;
  } catch (error) {
    if (isConnectionLost(error)) throw storeFailure(error);
    // The transaction has ended or failed, or its database has no such table.
    return false;
  }
}

/** The integer columns of a delivery and of an event's id. The host's own driver may return them as text. */
const INTEGERS: ReadonlySet<string> = new Set([
  'version',
  'schedule_at',
  'due_at',
  'lease_until',
  'created_at',
  'updated_at',
  'unreadable_at',
]);

const EXACT_INTEGERS: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  transformResult: ({ result }) =>
    Promise.resolve({ ...result, rows: result.rows.map((row) => Object.fromEntries(Object.entries(row).map(exact))) }),
};

/** The id of an event is a number; all other ids are UUIDs. */
function exact([name, value]: [string, unknown]): [string, unknown] {
  const isInteger = INTEGERS.has(name) || name === 'id';
  const isDigits = typeof value === 'string' && /^-?\d+$/.test(value);
  if (isInteger && isDigits) return [name, exactInteger(value)];
  return [name, typeof value === 'bigint' ? Number(value) : value];
}

function refused(message: string): InvalidDeliveryException {
  return new InvalidDeliveryException([{ pointer: '/trx', message }]);
}
