import type Database from 'libsql';
import {
  CompiledQuery,
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
  type QueryResult,
} from 'kysely';

/** What is used of libsql's database. */
export type LibsqlDatabase = Pick<InstanceType<typeof Database>, 'prepare' | 'exec' | 'close'>;

/**
 * Kysely over one connection of libsql. Kysely's own SQLite dialect begins transactions as readers, which fail when they come to write; these are writers from the
 * start. Everybody waits for the one connection in turn, so that nothing is ever BUSY: libsql keeps a statement open after that, and then no COMMIT succeeds.
 */
export class LibsqlDialect implements Dialect {
  constructor(private readonly database: LibsqlDatabase) {}

  createAdapter(): DialectAdapter {
    return new SqliteAdapter();
  }

  createDriver(): Driver {
    return new LibsqlDriver(this.database);
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(db);
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler();
  }
}

/** Hands the one connection out, to one user at a time, in the order of their asking. */
class LibsqlDriver implements Driver {
  readonly #connection: LibsqlConnection;
  #last: Promise<void> = Promise.resolve();
  #release: () => void = () => undefined;

  constructor(private readonly database: LibsqlDatabase) {
    this.#connection = new LibsqlConnection(database);
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

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- Kysely awaits it
  async releaseConnection(): Promise<void> {
    this.#release();
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- Kysely awaits it
  async destroy(): Promise<void> {
    this.#connection.forget();
    try {
      // libsql lets go of the file only when its statements are collected as garbage: the lock is given back by hand, which WAL does not allow.
      for (const text of [
        'pragma journal_mode = delete',
        'pragma locking_mode = normal',
        'select 1 from sqlite_schema',
      ]) {
        this.database.exec(text);
      }
    } catch {
      // A transaction is still open: it is closed all the same.
    } finally {
      this.database.close();
    }
  }
}

/** Our queries are few, and each is prepared once. */
const MOST_STATEMENTS = 200;

interface Prepared {
  readonly statement: ReturnType<LibsqlDatabase['prepare']>;
  readonly isReader: boolean;
}

class LibsqlConnection implements DatabaseConnection {
  readonly #statements = new Map<string, Prepared>();

  constructor(private readonly database: LibsqlDatabase) {}

  // eslint-disable-next-line @typescript-eslint/require-await -- Kysely awaits it; libsql answers at once
  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const { statement, isReader } = this.#prepared(sql);
    if (isReader) return { rows: statement.all([...parameters]) as Row[] };
    const { changes, lastInsertRowid } = statement.run([...parameters]);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- an async generator has to be
  async *streamQuery<Row>({ sql, parameters }: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    for (const row of this.#prepared(sql).statement.iterate([...parameters])) yield { rows: [row as Row] };
  }

  forget(): void {
    this.#statements.clear();
  }

  #prepared(sql: string): Prepared {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.database.prepare(sql);
    const prepared = { statement, isReader: statement.reader };
    this.#statements.set(sql, prepared);
    if (this.#statements.size > MOST_STATEMENTS) this.#statements.clear();
    return prepared;
  }
}
