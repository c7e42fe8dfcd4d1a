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

/** How long closing waits for a transaction that is open, in ms. */
const CLOSE_TIMEOUT_MS = 2000;

/** What a dialect may know of its database. */
export interface LibsqlDialectOptions {
  /** The name of the file, for messages. */
  readonly file?: string;
  /** Checks transactions. */
  readonly guard?: TransactionGuard;
  /** Called once the database is closed. */
  readonly closed?: () => void;
}

/**
 * Kysely's SQLite dialect over one connection of libsql, with a connection class of our own: it begins transactions as
 * writers (a reader that comes to write fails), waits for locks without blocking the event loop, and checks the file.
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

  /** Closes the database: a query after that fails with a `DeliveriesStoreException`. */
  async close(): Promise<void> {
    await this.#driver.destroy();
  }
}

/** SQLite can change tables in a transaction: a migration that is killed halfway leaves nothing. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Kysely's driver (its mutex, its savepoints) with our connection, transactions and closing. */
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
    // The connection is open already.
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
