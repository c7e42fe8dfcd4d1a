import { isRecord } from '../../../internal/is-record.js';
import { wordsOf } from '../../../internal/log-line.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import type { LibsqlDatabase } from './libsql-connection.js';
import { loadLibsql } from './load-libsql.js';
import { isBusy } from './store-failure.js';

/** What is known beside the database of the database. */
export interface Marker {
  /** The database's id, a UUID. */
  readonly databaseId: string;
  /** How often it was opened. */
  readonly generation: number;
  /** How many transactions it has committed, at least. */
  readonly commits: number;
  /** The boot of the machine in which it was last opened; empty if that is not known. */
  readonly boot: string;
}

const TABLE = `begin exclusive;
create table if not exists deliveries_marker (
  one integer primary key check (one = 1), database_id text, generation integer, commits integer, boot text);
commit`;

/**
 * The lock file beside a database, `<file>.lock`: a small SQLite database that is held exclusively for as long as the
 * process runs, so that the kernel frees it with the process. The database itself can be read and copied by others,
 * which drops POSIX locks on it. It remembers what there was: the marker by which a lost or an older database is
 * recognised.
 */
export class DatabaseLock {
  readonly #count: ReturnType<LibsqlDatabase['prepare']>;

  private constructor(private readonly database: LibsqlDatabase) {
    this.#count = database.prepare('update deliveries_marker set commits = ?');
  }

  /**
   * @param file the database
   * @throws DeliveriesStoreException if another process has it, or it cannot be opened
   */
  static async take(file: string): Promise<DatabaseLock> {
    const Database = await loadLibsql();
    const path = `${file}.lock`;
    try {
      const database = new Database(path);
      try {
        for (const pragma of ['busy_timeout = 0', 'locking_mode = exclusive', 'synchronous = full']) {
          database.exec(`pragma ${pragma}`);
        }
        database.exec(TABLE);
        return new DatabaseLock(database);
      } catch (error) {
        database.close();
        throw error;
      }
    } catch (cause) {
      if (isBusy(cause)) throw inUse(file, cause);
      const remedy =
        'Let this process write it. If it is damaged, or no file of deliveries, remove it with the app stopped';
      throw new DeliveriesStoreException(`The lock file ${path} cannot be opened: ${wordsOf(cause)}. ${remedy}.`, {
        cause,
      });
    }
  }

  /** What was there when the database was last open; `undefined` if it never was. */
  get marker(): Marker | undefined {
    const row: unknown = this.database.prepare('select * from deliveries_marker').get([]);
    if (!isRecord(row)) return undefined;
    return {
      databaseId: String(row.database_id),
      generation: Number(row.generation),
      commits: Number(row.commits),
      boot: String(row.boot),
    };
  }

  /** Remembers the database; once this returns, a power cut does not undo it. */
  mark({ databaseId, generation, commits, boot }: Marker): void {
    this.database.exec('pragma synchronous = full');
    this.database
      .prepare('insert or replace into deliveries_marker values (1, ?, ?, ?, ?)')
      .run([databaseId, generation, commits, boot]);
    // From here on one number in one page changes, unsynced: cheap enough for every transaction. It outlives the
    // process; after a power cut it may be an older one, which raises no alarm.
    this.database.exec('pragma synchronous = off');
  }

  /** Remembers how many transactions were committed. */
  count(commits: number): void {
    try {
      this.#count.run([commits]);
    } catch {
      // What is lost later may not be noticed; what is committed is.
    }
  }

  release(): void {
    try {
      // libsql lets go of the file only after its statements are collected as garbage: the lock is given back by hand.
      for (const text of [
        'pragma synchronous = full',
        // Synced, as nothing was since `mark`.
        'update deliveries_marker set commits = commits',
        'pragma locking_mode = normal',
        'select 1 from sqlite_schema',
      ]) {
        this.database.exec(text);
      }
    } catch {
      // The process ends soon, and the lock with it.
    } finally {
      this.database.close();
    }
  }
}

/** The file is another process's. */
export function inUse(file: string, cause: unknown): DeliveriesStoreException {
  const message =
    `The deliveries' file ${file} is in use by another process: one process works on a file. ` +
    'Give each its own, or stop the other.';
  return new DeliveriesStoreException(message, { cause });
}
