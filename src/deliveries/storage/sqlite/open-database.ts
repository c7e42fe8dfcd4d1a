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
import type { DeliveriesSchema } from './deliveries-schema.js';
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

/** Where the embedded database is, and who makes its tables. */
export interface EmbeddedDatabaseOptions {
  /**
   * The file. `':memory:'` for tests.
   *
   * @default 'deliveries.db'
   */
  file?: string;
  /**
   * Whether missing tables are made at start. `false` for who forbids that: `lalamove-deliveries-migrate` (or
   * `migrateDeliveries`) does it then.
   *
   * @default true
   */
  migrate?: boolean;
  /**
   * Whether a missing file is made. `'never'` once the app is in use: a volume that is not mounted, or a wrong path,
   * is refused at boot then, instead of all deliveries being forgotten.
   *
   * @default 'if-missing'
   */
  create?: 'if-missing' | 'never';
  /**
   * Whether a database is accepted that has lost something: one restored from a backup, or whose `-wal` or file is
   * missing. For one start: what was booked since is not known to it, and may be booked twice.
   *
   * @default false
   */
  acceptRestored?: boolean;
}

/** The embedded database, open. */
export interface DeliveriesDatabase {
  readonly db: Kysely<DeliveriesSchema>;
  /** Whether a transaction is on it. */
  readonly owner: ConnectionOwner;
  /** Copies it to a new file. */
  readonly backup: (target: string) => Promise<void>;
  /** Closes it: whoever asks for something afterwards gets a `DeliveriesStoreException`. */
  readonly close: () => Promise<void>;
}

/**
 * How long another process's lock is waited for when the file is opened, in ms: a reader, say, that is just closing
 * it.
 */
const OPEN_TIMEOUT_MS = 1000;

/**
 * Opens the embedded database: WAL, `synchronous=FULL`, this process's alone as long as it is open.
 *
 * @throws DeliveriesStoreException if another process has it, it cannot be opened, it has lost something, or its
 * tables are missing
 */
export async function openDatabase(options: EmbeddedDatabaseOptions = {}): Promise<Kysely<DeliveriesSchema>> {
  return (await openDeliveriesDatabase(options)).db;
}

/**
 * As {@link openDatabase}, with what can be done with the file.
 *
 * @param logger gets what was lost
 */
export async function openDeliveriesDatabase(
  { file = 'deliveries.db', ...options }: EmbeddedDatabaseOptions,
  logger: LoggerService = new Logger('LalamoveDeliveries'),
): Promise<DeliveriesDatabase> {
  if (file === ':memory:') return openInMemory(options.migrate ?? true);
  const path = resolve(file);
  const realPath = prepared(file, options.create);
  const lock = await DatabaseLock.take(realPath);
  try {
    return await openLocked({ file, path, realPath, lock, logger, ...options });
  } catch (error) {
    lock.release();
    throw error;
  }
}

interface LockedFile extends Omit<EmbeddedDatabaseOptions, 'create'> {
  readonly file: string;
  readonly path: string;
  /** Behind symbolic links: SQLite's other files are beside it. */
  readonly realPath: string;
  readonly lock: DatabaseLock;
  readonly logger: LoggerService;
}

async function openLocked(locked: LockedFile): Promise<DeliveriesDatabase> {
  const { file, path, realPath, lock, logger, migrate = true, acceptRestored = false } = locked;
  const { marker } = lock;
  const lostData = new LostDataPolicy(file, acceptRestored, logger);
  lostData.check(filesProblem(realPath, marker));
  const database = await opened(realPath, file);
  try {
    if (marker && sizeOf(realPath) > 0) lostData.check(contentsProblem(readProcessRow(database), marker));
    await migrated(database, { file, migrate });
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
      // Another file at the path must not be opened beside our WAL: SQLite would merge the two.
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

/** Kysely itself closes nothing as long as no query was run, and says afterwards what no host understands. */
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

/** The tables are made on a Kysely of their own, before the fence stands: it stands on one of them. */
async function migrated(
  database: LibsqlDatabase,
  { file, migrate }: { file: string; migrate: boolean },
): Promise<void> {
  const db = new Kysely<DeliveriesSchema>({ dialect: new LibsqlDialect(database, { file }) });
  if (migrate) await migrateDeliveries(db, file);
  else await refuseOtherVersions(db, file);
}

/** @throws DeliveriesStoreException if the file cannot be where it is said to be, or may not be made */
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

/** Normal locks: others may read the file, and a newcomer's generation is seen. */
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
