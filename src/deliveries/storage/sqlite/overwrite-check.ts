import { statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { isRecord } from '../../../internal/is-record.js';
import type { LibsqlDatabase } from './libsql-connection.js';
import type { ProcessRow } from './process-row.js';
import { readProcessRow } from './process-row.js';
import { codeOf } from './store-failure.js';

/** The contents of the file itself, without its WAL. */
interface FileState {
  readonly row: ProcessRow | undefined;
  /** SQLite's schema cookie. */
  readonly schema: number;
}

/**
 * Detects that another file, such as a backup, was written over the database in place. The open connection does not
 * detect this, because it has pages in its cache and in the WAL. Only a checkpoint writes to the file. So in the file
 * `commits` never decreases, and the schema cookie is never newer than that of the connection. `vacuum into` gives each
 * copy a newer cookie, so a backup is detected even if its number of commits is equal.
 */
export class OverwriteCheck {
  #stamp = '';
  #state: FileState | undefined;

  /**
   * @param open opens another connection in this process: only SQLite itself can close the file without losing its
   * locks
   */
  constructor(
    private readonly path: string,
    private readonly database: LibsqlDatabase,
    private readonly open: (uri: string) => LibsqlDatabase,
  ) {}

  /** @returns the problem, if the file was overwritten; `undefined` if there is none */
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
      // Any other error may be temporary, such as too many open files. The next transaction checks again.
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
    // `immutable` reads the file without its WAL and without locks.
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

/** A value that changes with each write to the file. */
function stampOf(path: string): string {
  const { size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return `${size} ${mtimeNs} ${ctimeNs}`;
}
