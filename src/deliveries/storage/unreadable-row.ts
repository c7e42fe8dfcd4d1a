import { DeliveriesStoreException } from '../delivery.exceptions.js';

/** A row that this version cannot read. */
export interface StoredRow {
  readonly table: 'deliveries' | 'delivery_events';
  readonly id: string | number;
  /** The reference of a delivery. */
  readonly reference?: string;
}

/**
 * A row is damaged, or was written by another version. The message says which row, what is wrong with it and what to
 * do, and quotes nothing of it: people's names may be in there.
 */
export class UnreadableRow extends DeliveriesStoreException {
  /** @param fault what is wrong: `its progress is no JSON` */
  constructor(
    readonly row: StoredRow,
    readonly fault: string,
  ) {
    const { table, id, reference } = row;
    const which = reference === undefined ? `The row ${id}` : `The delivery ${JSON.stringify(reference)}`;
    super(
      `${which} cannot be read: ${fault}. Its row in ${table} (id ${id}) is damaged, or of another version. ${REMEDY}`,
    );
  }
}

/** What to do about a row that cannot be read. */
export const REMEDY =
  'Restore the row from a backup, or run the version that wrote it, and start the app again: ' +
  'rows are looked at again at each start.';

/**
 * Reads what we have written as JSON. It is looked at, not checked in full: a row of another version fails here and
 * not later.
 *
 * @throws UnreadableRow for what is no JSON, or something else
 */
export function readJson<T>(text: string, is: (value: unknown) => value is T, row: StoredRow, column: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The error of the parser quotes the text.
    throw new UnreadableRow(row, `its ${column} is no JSON`);
  }
  if (is(value)) return value;
  throw new UnreadableRow(row, `its ${column} is not of a form that this version knows`);
}

/** @throws UnreadableRow for what is no time: SQLite stores a text in a column of numbers, too */
export function assertTime(value: unknown, row: StoredRow, column: string): void {
  if (typeof value !== 'number' || !(Math.abs(value) <= LAST_TIME)) {
    throw new UnreadableRow(row, `its ${column} is no number of ms`);
  }
}

/** The last time that a Date can hold. */
const LAST_TIME = 8.64e15;
