import { sql, type RawBuilder } from 'kysely';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import { codeOf } from '../postgres/postgres-failure.js';
import type { DeliveriesKysely } from '../sql/deliveries-schema.js';
import { BATCH, COPIED_TABLES, type CopiedRow, type CopiedTable } from './copied-tables.js';
import { parseRow } from './parse-row.js';

/** The lock of another process was not released within `lock_timeout`. */
const LOCK_NOT_AVAILABLE = '55P03';

/** Writes and reads rows in one transaction on PostgreSQL. */
export class CopyTarget {
  readonly #trx: DeliveriesKysely;
  readonly #schema: string;

  constructor(trx: DeliveriesKysely, schema: string) {
    this.#trx = trx;
    this.#schema = schema;
  }

  /**
   * Switches the timeouts off that a long transaction would exceed, and locks the tables against all writers.
   *
   * @throws DeliveriesStoreException if an app is working on the tables
   */
  async lock(): Promise<void> {
    // `transaction_timeout` exists since PostgreSQL 17.
    await sql`select set_config(name, '0', true) from pg_settings where name in
      ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')`.execute(this.#trx);
    await sql`set local lock_timeout = '10s'`.execute(this.#trx);
    const tables = COPIED_TABLES.map((table) => this.#nameOf(table));
    try {
      await sql`lock table ${sql.join(tables)} in exclusive mode`.execute(this.#trx);
    } catch (cause) {
      if (codeOf(cause) !== LOCK_NOT_AVAILABLE) throw cause;
      const message = `Another process is writing to the schema ${this.#schema}: stop it. Nothing was copied.`;
      throw new DeliveriesStoreException(message, { cause });
    }
  }

  async isEmpty(): Promise<boolean> {
    for (const table of COPIED_TABLES) {
      const { rows } = await sql`select 1 from ${this.#nameOf(table)} limit 1`.execute(this.#trx);
      if (rows.length > 0) return false;
    }
    return true;
  }

  async insert(table: CopiedTable, rows: readonly CopiedRow[]): Promise<void> {
    const { columns } = table;
    const records = rows.map((row) => Object.fromEntries(columns.map(([name], index) => [name, row[index]])));
    const names = sql.join(columns.map(([name]) => sql.id(name)));
    const types = sql.join(columns.map(([name, type]) => sql`${sql.id(name)} ${sql.raw(type)}`));
    await sql`insert into ${this.#nameOf(table)} (${names}) overriding system value
      select ${names} from json_to_recordset(${JSON.stringify(records)}::json) as given (${types})`.execute(this.#trx);
  }

  /** Reads a table in the order of its ids. Only the ids are sorted, because a sort of whole rows needs much disk. */
  async *batches(table: CopiedTable): AsyncGenerator<readonly CopiedRow[]> {
    const isText = table.name !== 'delivery_events';
    // The order of bytes, as in SQLite.
    const order = isText ? sql`t.id collate "C"` : sql`t.id`;
    await sql`declare copied_ids no scroll cursor for
      select t.id::text as id from ${this.#nameOf(table)} t order by ${order}`.execute(this.#trx);
    for (;;) {
      const fetched = await sql<{ id: string }>`fetch ${sql.lit(BATCH)} from copied_ids`.execute(this.#trx);
      const ids = fetched.rows.map(({ id }) => id);
      if (ids.length > 0) yield await this.#rows(table, ids, isText ? sql`text` : sql`bigint`);
      if (ids.length < BATCH) break;
    }
    await sql`close copied_ids`.execute(this.#trx);
  }

  async #rows(table: CopiedTable, ids: string[], idType: RawBuilder<unknown>): Promise<CopiedRow[]> {
    const values = sql.join(table.columns.map(([name]) => sql`t.${sql.id(name)}::text`));
    const { rows } = await sql<{ line: string }>`select array_to_json(array[${values}])::text as line
      from unnest(${sql.val(ids)}::${idType}[]) with ordinality as wanted (id, place)
      join ${this.#nameOf(table)} t on t.id = wanted.id order by wanted.place`.execute(this.#trx);
    return rows.map(({ line }) => parseRow(line));
  }

  /** New events get ids above this one. */
  async continueIdsAfter(lastEventId: string): Promise<void> {
    const table = sql`quote_ident(${this.#schema}) || '.delivery_events'`;
    await sql`select setval(pg_get_serial_sequence(${table}, 'id'), ${lastEventId}::bigint)`.execute(this.#trx);
  }

  #nameOf({ name }: CopiedTable): RawBuilder<unknown> {
    return sql`${sql.id(this.#schema, name)}`;
  }
}
