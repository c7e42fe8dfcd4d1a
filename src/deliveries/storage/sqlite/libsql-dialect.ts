import {
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
} from 'kysely';
import { atMost } from '../../../internal/with-timeout.js';
import { LibsqlConnection, type LibsqlDatabase, type TransactionGuard } from './libsql-connection.js';
import type { ConnectionOwner } from './own-transaction.js';

/** The maximum wait for an open transaction when the database closes, in ms. */
const CLOSE_TIMEOUT_MS = 2000;

/** Optional settings of a dialect. */
export interface LibsqlDialectOptions {
  /** The name of the file in messages. */
  readonly file?: string;
  /** Checks transactions. */
  readonly guard?: TransactionGuard;
  /** Called when the database is closed. */
  readonly closed?: () => void;
}

/**
 * Kysely's SQLite dialect over one libsql connection. Its connection class begins transactions as writers, because a
 * reader that later writes can fail. It also waits for locks without blocking the event loop, and checks the file.
 */
export class LibsqlDialect extends SqliteDialect implements ConnectionOwner {
  readonly #driver: LibsqlDriver;

  constructor(database: LibsqlDatabase, options: LibsqlDialectOptions = {}) {
    super({ database });
    this.#driver = new LibsqlDriver(database, options);
  }

  override createAdapter(): DialectAdapter {
    return new TransactionalAdapter();
  }

  override createDriver(): Driver {
    return this.#driver;
  }

  isInTransaction(connection: DatabaseConnection): boolean {
    return this.#driver.isInTransaction(connection);
  }

  /** Closes the database. A later query fails with a `DeliveriesStoreException`. */
  async close(): Promise<void> {
    await this.#driver.destroy();
  }
}

/** SQLite can change tables in a transaction, so an interrupted migration changes nothing. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Kysely's driver (its mutex, its savepoints) with the connection, transactions and closing of this package. */
class LibsqlDriver extends SqliteDriver {
  readonly #connection: LibsqlConnection;
  #closing: Promise<void> | undefined;

  constructor(
    database: LibsqlDatabase,
    private readonly options: LibsqlDialectOptions,
  ) {
    super({ database });
    this.#connection = new LibsqlConnection(database, options.file ?? ':memory:', options.guard);
  }

  isInTransaction(connection: DatabaseConnection): boolean {
    return connection === this.#connection && this.#connection.isInTransaction;
  }

  override async init(): Promise<void> {
    // The connection is already open.
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    await super.acquireConnection();
    return this.#connection;
  }

  override async beginTransaction(): Promise<void> {
    await this.#connection.begin();
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- Kysely awaits it
  override async commitTransaction(): Promise<void> {
    this.#connection.commit();
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- Kysely awaits it
  override async rollbackTransaction(): Promise<void> {
    this.#connection.rollback();
  }

  override async destroy(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    await atMost(CLOSE_TIMEOUT_MS, this.acquireConnection());
    try {
      this.#connection.close();
    } finally {
      this.options.closed?.();
      await this.releaseConnection();
    }
  }
}
