import { statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { isRecord } from '../../../internal/is-record.js';
import type { LibsqlDatabase } from './libsql-connection.js';
import type { ProcessRow } from './process-row.js';
import { readProcessRow } from './process-row.js';
import { codeOf } from './store-failure.js';

/** What the file itself holds, without its WAL. */
interface FileState {
  readonly row: ProcessRow | undefined;
  /** SQLite's schema cookie. */
  readonly schema: number;
}

/**
 * Notices that another file was written over the database in place, a backup say: the open connection does not, for
 * it has pages in its cache and in the WAL. Only a checkpoint writes to the file, and it only goes on: `commits` never
 * becomes smaller, and the file's schema is never newer than the connection's. `vacuum into` gives each copy a newer
 * one, so a backup is noticed also if it has as many commits as the file had.
 */
export class OverwriteCheck {
  #stamp = '';
  #state: FileState | undefined;

  /** @param open opens another connection in this process: only SQLite itself may close the file and keep its locks */
  constructor(
    private readonly path: string,
    private readonly database: LibsqlDatabase,
    private readonly open: (uri: string) => LibsqlDatabase,
  ) {}

  /** @returns what was found, if the file was written to; `undefined` if all is well */
  problem(): string | undefined {
    const stamp = stampOf(this.path);
    if (stamp === this.#stamp) return undefined;
    const before = this.#state;
    try {
      const state = this.#read();
      const problem = before && this.#difference(before, state);
      if (problem !== undefined) return problem;
      this.#state = state;
      this.#stamp = stamp;
      return undefined;
    } catch (error) {
      // Whatever else it is, too many open files say: the next transaction looks again.
      return /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error)) ? 'the file was written over' : undefined;
    }
  }

  #difference(before: FileState, now: FileState): string | undefined {
    const isOther = before.row !== undefined && before.row.databaseId !== now.row?.databaseId;
    const isOlder = (now.row?.commits ?? -1) < (before.row?.commits ?? -1);
    const isCopy = now.schema > schemaOf(this.database);
    return isOther || isOlder || isCopy ? 'another file, a backup say, was written over it' : undefined;
  }

  #read(): FileState {
    // `immutable`: without the WAL, and without locks.
    const file = this.open(`${pathToFileURL(this.path).href}?immutable=1`);
    try {
      return { row: readProcessRow(file), schema: schemaOf(file) };
    } finally {
      file.close();
    }
  }
}

function schemaOf(database: LibsqlDatabase): number {
  const row: unknown = database.prepare('pragma schema_version').get([]);
  return isRecord(row) ? Number(row.schema_version) : 0;
}

/** Changes whenever the file is written to. */
function stampOf(path: string): string {
  const { size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return `${size} ${mtimeNs} ${ctimeNs}`;
}
