import { Logger, type LoggerService } from '@nestjs/common';
import { Kysely } from 'kysely';
import { resolve } from 'node:path';
import { isRecord } from '../../../internal/is-record.js';
import { wordsOf } from '../../../internal/log-line.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import { backupDatabase } from './backup-database.js';
import { retryBusy } from './busy-retry.js';
import { DatabaseLock, inUse } from './database-lock.js';
import { databasePath } from './database-path.js';
import type { DeliveriesSchema } from '../sql/deliveries-schema.js';
import { markRestored } from '../sql/mark-restored.js';
import type { LibsqlDatabase } from './libsql-connection.js';
import { LibsqlDialect } from './libsql-dialect.js';
import { loadLibsql } from './load-libsql.js';
import { contentsProblem, filesProblem, LostDataPolicy } from './lost-data.js';
import { migrateDeliveries, refuseOtherVersions } from './migrate-deliveries.js';
import type { ConnectionOwner } from './own-transaction.js';
import { OverwriteCheck } from './overwrite-check.js';
import { ProcessFence } from './process-fence.js';
import { readProcessRow } from './process-row.js';
import { codeOf, isBusy } from './store-failure.js';
import { bootId, sizeOf } from './wal-check.js';

/** The location of the embedded database, and how its tables are created. */
export interface EmbeddedDatabaseOptions {
  /**
   * The file. `':memory:'` for tests.
   *
   * @default 'deliveries.db'
   */
  file?: string;
  /**
   * Whether missing tables are created at start. Use `false` if the app may not create tables. In that case run
   * `lalamove-deliveries-migrate` or call `migrateDeliveries`.
   *
   * @default true
   */
  migrate?: boolean;
  /**
   * Whether a missing file is created. Use `'never'` once the app is in production: if a volume is not mounted or the
   * path is wrong, the boot fails. Otherwise the app would start with an empty database.
   *
   * @default 'if-missing'
   */
  create?: 'if-missing' | 'never';
  /**
   * Whether a database with lost data is accepted: it was restored from a backup, or its `-wal` or its file is missing.
   * Use it for one start only. Unfinished deliveries then order nothing until a person has resolved them. The database
   * does not contain bookings since the backup: if your app books them again, they get a second courier.
   *
   * @default false
   */
  acceptRestored?: boolean;
}

/** The open embedded database. */
export interface DeliveriesDatabase {
  readonly db: Kysely<DeliveriesSchema>;
  /** Whether a transaction runs on this database. */
  readonly owner: ConnectionOwner;
  /** Copies the database to a new file. */
  readonly backup: (target: string) => Promise<void>;
  /** Closes the database. A later query fails with a `DeliveriesStoreException`. */
  readonly close: () => Promise<void>;
}

/**
 * The maximum wait for a lock of another process when the file is opened, in ms. For example, a reader may be closing
 * the file.
 */
const OPEN_TIMEOUT_MS = 1000;

/**
 * Opens the embedded database with WAL and `synchronous=FULL`. While it is open, only this process may use it.
 *
 * @throws DeliveriesStoreException if another process uses it, it cannot be opened, it has lost data, or its tables are
 * missing
 */
export async function openDatabase(options: EmbeddedDatabaseOptions = {}): Promise<Kysely<DeliveriesSchema>> {
  return (await openDeliveriesDatabase(options)).db;
}

/**
 * As {@link openDatabase}, and also returns operations on the file.
 *
 * @param logger gets warnings about lost data
 * @param now Unix ms
 */
export async function openDeliveriesDatabase(
  { file = 'deliveries.db', ...options }: EmbeddedDatabaseOptions,
  logger: LoggerService = new Logger('LalamoveDeliveries'),
  now: () => number = Date.now,
): Promise<DeliveriesDatabase> {
  if (file === ':memory:') return openInMemory(options.migrate ?? true);
  const path = resolve(file);
  const realPath = prepared(file, options.create);
  const lock = await DatabaseLock.take(realPath);
  try {
    return await openLocked({ file, path, realPath, lock, logger, now, ...options });
  } catch (error) {
    lock.release();
    throw error;
  }
}

interface LockedFile extends Omit<EmbeddedDatabaseOptions, 'create'> {
  readonly file: string;
  readonly path: string;
  /** With symbolic links resolved, because SQLite's other files are beside this path. */
  readonly realPath: string;
  readonly lock: DatabaseLock;
  readonly logger: LoggerService;
  readonly now: () => number;
}

async function openLocked(locked: LockedFile): Promise<DeliveriesDatabase> {
  const { file, path, realPath, lock, logger, now, migrate = true, acceptRestored = false } = locked;
  const { marker } = lock;
  const lostData = new LostDataPolicy(file, acceptRestored, logger);
  lostData.check(filesProblem(realPath, marker));
  const database = await opened(realPath, file);
  try {
    if (marker && sizeOf(realPath) > 0) lostData.check(contentsProblem(readProcessRow(database), marker));
    await migrated(database, { file, migrate, restoredAt: lostData.isLossAccepted ? now() : undefined });
    const Database = await loadLibsql();
    const overwrites = new OverwriteCheck(realPath, database, (uri) => new Database(uri));
    const fence = new ProcessFence({ database, lock, path, walPath: `${realPath}-wal`, overwrites, logger });
    const own = await retryBusy(() => fence.raise(marker?.generation ?? 0));
    lock.mark({ ...own, boot: bootId() });
    const closed = (): void => {
      lock.release();
    };
    const dialect = new LibsqlDialect(database, { file, guard: fence, closed });
    return databaseOf(dialect, async (target) => {
      // A different file at the path must not be opened beside this WAL: SQLite would merge the two.
      fence.assertOwn();
      await backupDatabase(realPath, target);
    });
  } catch (error) {
    database.close();
    if (!codeOf(error).startsWith('SQLITE_')) throw error;
    throw isBusy(error) ? inUse(file, error) : cannotOpen(file, error);
  }
}

function databaseOf(dialect: LibsqlDialect, copy: (target: string) => Promise<void>): DeliveriesDatabase {
  const copies = new Set<Promise<void>>();
  const close = async (): Promise<void> => {
    await Promise.allSettled(copies);
    await dialect.close();
  };
  return {
    db: new DeliveriesKysely(dialect, close),
    owner: dialect,
    backup: async (target) => {
      const copying = copy(target);
      copies.add(copying);
      await copying.finally(() => copies.delete(copying));
    },
    close,
  };
}

/** Kysely itself does not close the database if no query has run, and its later errors are not clear to a host. */
class DeliveriesKysely extends Kysely<DeliveriesSchema> {
  constructor(
    dialect: LibsqlDialect,
    private readonly close: () => Promise<void>,
  ) {
    super({ dialect });
  }

  override async destroy(): Promise<void> {
    await this.close();
  }
}

async function openInMemory(migrate: boolean): Promise<DeliveriesDatabase> {
  const Database = await loadLibsql();
  const dialect = new LibsqlDialect(new Database(':memory:'));
  const inMemory = databaseOf(dialect, () => {
    const message = 'A database in memory cannot be copied: give it a file, with database: { file }.';
    return Promise.reject(new DeliveriesStoreException(message));
  });
  if (migrate) await migrateDeliveries(inMemory.db, ':memory:');
  else await refuseOtherVersions(inMemory.db, ':memory:');
  return inMemory;
}

/**
 * The migrations run on a separate Kysely before the fence exists, because the fence needs one of the tables. The marks
 * of a restored file are written before the lock file knows it as the present one.
 */
async function migrated(
  database: LibsqlDatabase,
  { file, migrate, restoredAt }: { file: string; migrate: boolean; restoredAt: number | undefined },
): Promise<void> {
  const db = new Kysely<DeliveriesSchema>({ dialect: new LibsqlDialect(database, { file }) });
  if (migrate) await migrateDeliveries(db, file);
  else await refuseOtherVersions(db, file);
  if (restoredAt !== undefined) await db.transaction().execute((trx) => markRestored(trx, restoredAt));
}

/** @throws DeliveriesStoreException if the path is not valid, or the file may not be created */
function prepared(file: string, create: EmbeddedDatabaseOptions['create']): string {
  try {
    if (create === 'never' && sizeOf(resolve(file)) === 0) {
      throw new DeliveriesStoreException(
        `The deliveries' file ${file} does not exist, and database: { create: 'never' } forbids to make one: ` +
          'check the path and whether its volume is mounted, or restore it from a backup.',
      );
    }
    return databasePath(file, { makeFolders: create !== 'never' });
  } catch (cause) {
    throw cause instanceof DeliveriesStoreException ? cause : cannotOpen(file, cause);
  }
}

async function opened(path: string, file: string): Promise<LibsqlDatabase> {
  const Database = await loadLibsql();
  try {
    const database = new Database(path);
    try {
      database.exec('pragma busy_timeout = 0');
      await retryBusy(() => {
        inWal(database);
      }, OPEN_TIMEOUT_MS);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (cause) {
    throw isBusy(cause) ? inUse(file, cause) : cannotOpen(file, cause);
  }
}

/** Uses normal locks, so other processes can read the file, and this process can read a new generation. */
function inWal(database: LibsqlDatabase): void {
  database.exec('pragma journal_mode = wal');
  database.exec('pragma synchronous = full');
  const mode: unknown = database.prepare('pragma journal_mode').get([]);
  if (!isRecord(mode) || mode.journal_mode !== 'wal') {
    throw new Error('it cannot be put into WAL mode, which needs a local disk');
  }
  database.exec('begin immediate; commit');
}

function cannotOpen(file: string, cause: unknown): DeliveriesStoreException {
  const remedy = /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(cause))
    ? '. If it is a database of deliveries, it is damaged: remove its -wal and -shm and restore the newest ' +
      "backup. Deliveries that were booked since may be booked twice: compare it with Lalamove's orders first"
    : '';
  return new DeliveriesStoreException(`The deliveries' file ${file} cannot be opened: ${wordsOf(cause)}${remedy}`, {
    cause,
  });
}
