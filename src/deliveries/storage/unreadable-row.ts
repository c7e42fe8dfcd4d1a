import { DeliveriesStoreException } from '../delivery.exceptions.js';

/** A row that this version cannot read. */
export interface StoredRow {
  readonly table: 'deliveries' | 'delivery_events';
  readonly id: string | number;
  /** The reference of a delivery. */
  readonly reference?: string;
}

/**
 * The row is damaged, or another version wrote it. The message contains the row's id, the problem and the remedy. It
 * quotes no contents, because they may contain names of people.
 */
export class UnreadableRow extends DeliveriesStoreException {
  /** @param fault the problem: `its progress is no JSON` */
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

/** The remedy for an unreadable row. */
export const REMEDY =
  'Restore the row from a backup, or run the version that wrote it, and start the app again: ' +
  'rows are looked at again at each start.';

/**
 * Parses stored JSON. It checks only the main structure, so that a row of another version fails here and not later.
 *
 * @throws UnreadableRow if the text is not JSON, or has another structure
 */
export function readJson<T>(text: string, is: (value: unknown) => value is T, row: StoredRow, column: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's error quotes the text, so it is not passed on.
    throw new UnreadableRow(row, `its ${column} is no JSON`);
  }
  if (is(value)) return value;
  throw new UnreadableRow(row, `its ${column} is not of a form that this version knows`);
}

/** @throws UnreadableRow if the value is not a time: SQLite also stores text in a numeric column */
export function assertTime(value: unknown, row: StoredRow, column: string): void {
  if (typeof value !== 'number' || !(Math.abs(value) <= LAST_TIME)) {
    throw new UnreadableRow(row, `its ${column} is no number of ms`);
  }
}

/** The latest time that a Date can represent. */
const LAST_TIME = 8.64e15;
