import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import type { ColumnType, CopiedRow, CopiedTable } from './copied-tables.js';

/** A row that PostgreSQL can store, and whether it differs from the row in the file. */
export interface CheckedRow {
  readonly row: CopiedRow;
  readonly isChanged: boolean;
}

/** The limits of `integer` in PostgreSQL. In SQLite it has 64 bits. */
const MIN_INTEGER = -(2 ** 31);
const MAX_INTEGER = 2 ** 31 - 1;

/** The message of a handler's error. It is for people, so one character may be replaced. */
const DIAGNOSTIC = 'error';

/**
 * Checks that PostgreSQL stores and reads the values exactly. A NUL character in the message of a handler's error is
 * replaced. All other columns are keys, or JSON, which escapes it.
 *
 * @throws DeliveriesStoreException that names the row and the column
 */
export function checkedRow({ name, columns }: CopiedTable, values: readonly (string | null)[]): CheckedRow {
  const [id = null] = values;
  const row = values.map((value, index) => {
    const [column, type] = columns[index] ?? ['', 'text'];
    const problem = problemOf(value, column, type);
    if (problem === undefined) return column === DIAGNOSTIC && value !== null ? withoutNul(value) : value;
    throw new DeliveriesStoreException(
      `The row with the id ${JSON.stringify(id)} of ${name} cannot be copied: its column ${column} ${problem}. ` +
        'Nothing was copied. Correct this row in the file, with the app stopped and after a backup.',
      { retryable: false },
    );
  });
  return { row, isChanged: row.some((value, index) => value !== values[index]) };
}

function problemOf(value: string | null, column: string, type: ColumnType): string | undefined {
  if (value === null) return column === 'id' ? 'is null' : undefined;
  if (type !== 'text') return numberProblem(value, type);
  const hasNul = column !== DIAGNOSTIC && value.includes('\0');
  return hasNul ? 'contains a NUL character, which PostgreSQL cannot store' : undefined;
}

function numberProblem(value: string, type: ColumnType): string | undefined {
  const number = Number(value);
  if (!/^-?\d+$/.test(value)) return 'is not a whole number';
  if (!Number.isSafeInteger(number)) return 'is a number that JavaScript cannot read exactly';
  if (type === 'bigint' || (number >= MIN_INTEGER && number <= MAX_INTEGER)) return undefined;
  return 'is too large for an integer of PostgreSQL';
}

function withoutNul(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}
