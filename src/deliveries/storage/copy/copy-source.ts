import { sql } from 'kysely';
import { isAnyArrayBuffer } from 'node:util/types';
import { isRecord } from '../../../internal/is-record.js';
import { wordsOf } from '../../../internal/log-line.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import type { DeliveriesKysely } from '../sql/deliveries-schema.js';
import { checkedRow, type CheckedRow } from './checked-row.js';
import { BATCH, type CopiedTable } from './copied-tables.js';
import { parseRow } from './parse-row.js';

/** Reads the rows of an open SQLite file. */
export class CopySource {
  readonly #db: DeliveriesKysely;

  constructor(db: DeliveriesKysely) {
    this.#db = db;
  }

  /**
   * Reads a table in the order of its ids.
   *
   * @throws DeliveriesStoreException if PostgreSQL cannot store a row
   */
  async *batches(table: CopiedTable): AsyncGenerator<readonly CheckedRow[]> {
    let after: string | undefined;
    for (;;) {
      const rows = await this.#batch(table, after);
      if (rows.length > 0) yield rows;
      if (rows.length < BATCH) return;
      after = rows.at(-1)?.row[0] ?? undefined;
    }
  }

  async #batch(table: CopiedTable, after: string | undefined): Promise<CheckedRow[]> {
    const id = table.name === 'delivery_events' ? sql`cast(${after} as integer)` : sql`${after}`;
    // As text, because libsql rounds large integers. As bytes, because it cuts a text at a NUL character, and ends the
    // process if a text is not UTF-8.
    const values = table.columns.map(([name]) => sql`cast(${sql.id(name)} as text)`);
    const { rows } = await sql<{ line: unknown }>`select cast(json_array(${sql.join(values)}) as blob) as line
      from ${sql.id(table.name)} ${after === undefined ? sql`` : sql`where id > ${id}`} order by id
      limit ${sql.lit(BATCH)}`.execute(this.#db);
    return rows.map(({ line }) => checkedRow(table, parseRow(textOf(line, table.name))));
  }

  /** The highest id that an event ever had. It may be higher than that of the last event. */
  async lastEventId(): Promise<string | undefined> {
    const { rows } = await sql<{ seq: unknown }>`select cast(max(seq) as text) as seq from (
      select seq from sqlite_sequence where name = 'delivery_events'
      union all select max(id) from delivery_events)`.execute(this.#db);
    const seq = rows[0]?.seq;
    return typeof seq === 'string' ? seq : undefined;
  }

  /** How often the file was opened. It shows whether another process opens it later. */
  async generation(): Promise<number> {
    const { rows } = await sql`select generation from delivery_process`.execute(this.#db);
    const [row] = rows;
    return isRecord(row) ? Number(row.generation) : 0;
  }
}

function textOf(line: unknown, table: string): string {
  try {
    if (!isAnyArrayBuffer(line)) throw new TypeError('it was not read as bytes');
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(line));
  } catch (cause) {
    const message = `A row of ${table} cannot be copied, because its text is not UTF-8: ${wordsOf(cause)}.`;
    throw new DeliveriesStoreException(message, { cause, retryable: false });
  }
}
