import { isRecord } from '../../../internal/is-record.js';
import { wordsOf } from '../../../internal/log-line.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import type { LibsqlDatabase } from './libsql-connection.js';
import { loadLibsql } from './load-libsql.js';
import { isBusy } from './store-failure.js';

/** The data about the database that the lock file stores. */
export interface Marker {
  /** The database's id, a UUID. */
  readonly databaseId: string;
  /** How often the database was opened. */
  readonly generation: number;
  /** The minimum number of committed transactions. */
  readonly commits: number;
  /** The boot id of the machine at the last open; empty if it is unknown. */
  readonly boot: string;
}

const TABLE = `begin exclusive;
create table if not exists deliveries_marker (
  one integer primary key check (one = 1), database_id text, generation integer, commits integer, boot text);
commit`;

/**
 * The lock file beside a database, `<file>.lock`: a small SQLite database. The process holds an exclusive lock on it
 * while it runs, and the kernel releases that lock when the process ends. A lock on the database itself is not enough:
 * other programs may read and copy the database, which drops POSIX locks on it. The lock file also stores a marker that
 * detects a lost or older database.
 */
export class DatabaseLock {
  readonly #count: ReturnType<LibsqlDatabase['prepare']>;

  private constructor(private readonly database: LibsqlDatabase) {
    this.#count = database.prepare('update deliveries_marker set commits = ?');
  }

  /**
   * @param file the database
   * @throws DeliveriesStoreException if another process holds the lock, or the file cannot be opened
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

  /** The state of the database when it was last open; `undefined` if it never was. */
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

  /** Stores the marker of the database. The marker then survives a power failure. */
  mark({ databaseId, generation, commits, boot }: Marker): void {
    this.database.exec('pragma synchronous = full');
    this.database
      .prepare('insert or replace into deliveries_marker values (1, ?, ?, ?, ?)')
      .run([databaseId, generation, commits, boot]);
    // From here on only one number in one page changes, without sync. That is cheap enough for every transaction. The
    // number survives the process. After a power failure it may be older, which causes no error.
    this.database.exec('pragma synchronous = off');
  }

  /** Stores the number of committed transactions. */
  count(commits: number): void {
    try {
      this.#count.run([commits]);
    } catch {
      // The transactions are committed. Without this count, a later loss may not be detected.
    }
  }

  release(): void {
    try {
      // libsql closes the file only after the garbage collection of its statements, so this code releases the lock
      // itself.
      for (const text of [
        'pragma synchronous = full',
        // This write is synced, unlike all writes since `mark`.
        'update deliveries_marker set commits = commits',
        'pragma locking_mode = normal',
        'select 1 from sqlite_schema',
      ]) {
        this.database.exec(text);
      }
    } catch {
      // The process ends soon, and its end releases the lock.
    } finally {
      this.database.close();
    }
  }
}

/** The error if another process uses the file. */
export function inUse(file: string, cause: unknown): DeliveriesStoreException {
  const message =
    `The deliveries' file ${file} is in use by another process: only one process may use the file. ` +
    'Give each its own, or stop the other.';
  return new DeliveriesStoreException(message, { cause });
}
