import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import { COPIED_TABLES, type CopiedTable } from './copied-tables.js';
import type { CopySource } from './copy-source.js';
import type { CopyTarget } from './copy-target.js';
import { RowsDigest, type TableDigest } from './rows-digest.js';

/** The comparison of a table on both sides. */
export interface TableReport {
  readonly table: string;
  readonly source: TableDigest;
  readonly target: TableDigest;
}

/** The result of a copy. */
export interface CopyReport {
  /** `same`: the target had these rows already, and nothing was changed. */
  readonly outcome: 'copied' | 'same';
  readonly tables: readonly TableReport[];
  /** The number of error messages in which NUL characters were replaced. */
  readonly replaced: number;
}

/** Gets the progress: the number of rows of a table that were read from the file so far. */
export type CopyProgress = (table: string, rows: number) => void;

/** The target has other rows than the file. */
export class OtherRowsException extends DeliveriesStoreException {
  constructor(
    message: string,
    readonly tables: readonly TableReport[],
  ) {
    super(message, { retryable: false });
  }
}

/**
 * Copies all rows to a target without rows. If the target has rows, they are only compared. Run it in a transaction
 * that is rolled back if this throws.
 *
 * @throws OtherRowsException if the target has other rows than the source
 * @throws DeliveriesStoreException if PostgreSQL cannot store a row
 */
export async function copyTables(
  source: CopySource,
  target: CopyTarget,
  progress: CopyProgress = () => undefined,
): Promise<CopyReport> {
  await target.lock();
  const isEmpty = await target.isEmpty();
  const tables: TableReport[] = [];
  let replaced = 0;
  for (const table of COPIED_TABLES) {
    const read = await readSource(table, { source, target: isEmpty ? target : undefined, progress });
    replaced += read.replaced;
    tables.push({ table: table.name, source: read.digest, target: await digestOf(table, target) });
  }
  if (!tables.every((report) => isSame(report))) throw otherRows(isEmpty, tables);
  const lastEventId = await source.lastEventId();
  if (isEmpty && lastEventId !== undefined) await target.continueIdsAfter(lastEventId);
  return { outcome: isEmpty ? 'copied' : 'same', tables, replaced };
}

/** Reads a table, and writes it to the target if there is one. */
async function readSource(
  table: CopiedTable,
  { source, target, progress }: { source: CopySource; target: CopyTarget | undefined; progress: CopyProgress },
): Promise<{ digest: TableDigest; replaced: number }> {
  const digest = new RowsDigest();
  let [rows, replaced] = [0, 0];
  for await (const batch of source.batches(table)) {
    const copied = batch.map(({ row }) => row);
    await target?.insert(table, copied);
    digest.add(copied);
    rows += batch.length;
    replaced += batch.filter(({ isChanged }) => isChanged).length;
    progress(table.name, rows);
  }
  return { digest: digest.end(), replaced };
}

async function digestOf(table: CopiedTable, target: CopyTarget): Promise<TableDigest> {
  const digest = new RowsDigest();
  for await (const batch of target.batches(table)) digest.add(batch);
  return digest.end();
}

function isSame({ source, target }: TableReport): boolean {
  return source.rows === target.rows && source.hash === target.hash;
}

function otherRows(wasEmpty: boolean, tables: readonly TableReport[]): OtherRowsException {
  const message = wasEmpty
    ? 'The rows in PostgreSQL are not those that were written. Nothing was copied. Report this to nestjs-lalamove.'
    : 'The target has other rows than the file, so nothing was changed: an app has worked on one of them since they ' +
      'were the same, or the target is of another app. Name an empty schema with --schema, or drop this one if ' +
      'nothing in it is needed.';
  return new OtherRowsException(message, tables);
}
