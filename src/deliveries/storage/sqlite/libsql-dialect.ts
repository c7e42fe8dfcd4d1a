import {
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type QueryCompiler,
} from 'kysely';
import { atMost } from '../../../internal/with-timeout.js';
import { LibsqlConnection, type LibsqlDatabase, type TransactionGuard } from './libsql-connection.js';
import type { ConnectionOwner } from './own-transaction.js';

/** How long closing waits for a transaction that is open, in ms. */
const CLOSE_TIMEOUT_MS = 2000;

/** What a dialect may be told of its database. */
export interface LibsqlDialectOptions {
  /** The name of the file, for messages. */
  readonly file?: string;
  /** Checks transactions. */
  readonly guard?: TransactionGuard;
  /** Called once the database is closed. */
  readonly closed?: () => void;
}

/**
 * Kysely over one connection of libsql. Kysely's own SQLite dialect begins transactions as readers, which fail if
 * they come to write; these are writers from the start. Within the process everybody waits for the one connection in
 * turn.
 */
export class LibsqlDialect implements Dialect, ConnectionOwner {
  readonly #driver: LibsqlDriver;

  constructor(database: LibsqlDatabase, options: LibsqlDialectOptions = {}) {
    this.#driver = new LibsqlDriver(database, options);
  }

  createAdapter(): DialectAdapter {
    return new TransactionalAdapter();
  }

  createDriver(): Driver {
    return this.#driver;
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(db);
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler();
  }

  isInTransaction(connection: DatabaseConnection): boolean {
    return this.#driver.isInTransaction(connection);
  }

  /** Closes the database: whoever asks for something afterwards gets a `DeliveriesStoreException`. */
  async close(): Promise<void> {
    await this.#driver.destroy();
  }
}

/** SQLite's tables are made in transactions: migrations that are killed halfway leave nothing. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Hands the one connection out, to one user at a time, in the order of their asking. */
class LibsqlDriver implements Driver {
  readonly #connection: LibsqlConnection;
  #last: Promise<void> = Promise.resolve();
  #release: () => void = () => undefined;
  #closing: Promise<void> | undefined;

  constructor(
    database: LibsqlDatabase,
    private readonly options: LibsqlDialectOptions,
  ) {
    this.#connection = new LibsqlConnection(database, options.file ?? ':memory:', options.guard);
  }

  isInTransaction(connection: DatabaseConnection): boolean {
    return connection === this.#connection && this.#connection.isInTransaction;
  }

  async init(): Promise<void> {
    // The connection is open already.
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#last;
    let release: () => void = () => undefined;
    this.#last = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    this.#release = release;
    return this.#connection;
  }

  async beginTransaction(): Promise<void> {
    await this.#connection.begin();
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- Kysely awaits it
  async commitTransaction(): Promise<void> {
    this.#connection.commit();
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- Kysely awaits it
  async rollbackTransaction(): Promise<void> {
    this.#connection.rollback();
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- Kysely awaits it
  async releaseConnection(): Promise<void> {
    this.#release();
  }

  async destroy(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    await atMost(CLOSE_TIMEOUT_MS, this.acquireConnection());
    try {
      this.#connection.close();
    } finally {
      this.options.closed?.();
      this.#release();
    }
  }
}
