import { openDatabase } from '../sqlite/open-database.js';
import { retireFile } from '../sqlite/retire-file.js';
import { UnknownCommit } from '../postgres/postgres-failure.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import { withPostgres } from '../postgres/with-postgres.js';
import type { DeliveriesKysely } from '../sql/deliveries-schema.js';
import { CopySource } from './copy-source.js';
import { copyTables, type CopyProgress, type CopyReport } from './copy-tables.js';
import { CopyTarget } from './copy-target.js';

/** What is copied where. */
export interface CopyPlan {
  readonly file: string;
  readonly connectionString: string;
  readonly schema: string;
  /** Whether the file is renamed after the copy. */
  readonly retire: boolean;
  readonly progress?: CopyProgress;
}

/** The result of a copy, and the new path of the file if it was renamed. */
export interface CopyResult {
  readonly report: CopyReport;
  readonly retiredTo: string | undefined;
}

/**
 * Copies a SQLite file of deliveries to PostgreSQL, in one transaction. It calls no API of Lalamove.
 *
 * @throws DeliveriesStoreException if an app uses the file, the target has other rows, or a database fails. Nothing was
 * copied then, unless the connection was lost during the commit.
 */
export async function copyToPostgres({ file, retire, progress, ...target }: CopyPlan): Promise<CopyResult> {
  // Not migrated, so that the previous version of the app can still use it if the copy is not wanted after all.
  const db = await openDatabase({ file, create: 'never', migrate: false });
  let copied: { readonly report: CopyReport; readonly generation: number };
  try {
    const source = new CopySource(db);
    const generation = await source.generation();
    const report = await withPostgres(target, (postgres) =>
      inTransaction(postgres, (trx) => copyTables(source, new CopyTarget(trx, target.schema), progress)),
    );
    copied = { report, generation };
  } finally {
    await db.destroy();
  }
  return { report: copied.report, retiredTo: retire ? await retireFile(file, copied.generation) : undefined };
}

async function inTransaction<T>(db: DeliveriesKysely, work: (trx: DeliveriesKysely) => Promise<T>): Promise<T> {
  try {
    return await db.transaction().setIsolationLevel('read committed').execute(work);
  } catch (error) {
    if (!(error instanceof UnknownCommit)) throw error;
    const what = 'The connection was lost during the commit, so the rows are copied or not';
    throw new DeliveriesStoreException(`${what}. Run the command again: it compares them.`, { cause: error });
  }
}
