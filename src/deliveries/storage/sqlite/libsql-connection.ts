import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import type Database from 'libsql';
import { LruMap } from '../../../internal/lru-map.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import { retryBusy } from './busy-retry.js';
import { isBusy, storeFailure } from './store-failure.js';

/** The part of libsql's database that this package uses. */
export type LibsqlDatabase = Pick<InstanceType<typeof Database>, 'prepare' | 'exec' | 'close' | 'inTransaction'>;

/**
 * Checks in every transaction that this process still owns the database. If a check throws, nothing is committed.
 */
export interface TransactionGuard {
  /** Whether the database file was lost. If so, another process may own the files at its path. */
  readonly isLost: boolean;
  /** Called when a transaction has begun. */
  begun(): void;
  /** Called before a transaction with writes is committed. */
  committing(): void;
  /** Called after the commit. If this throws, the commit is not reliable. */
  committed(): void;
}

/** The number of different queries is small, and each is prepared once. */
const MAX_STATEMENTS = 200;

/** Statements that only read. */
const READS = /^\s*(select|pragma|explain)\b/i;

/** Statements that write and may be part of a transaction. */
const WRITES = /^\s*(insert|update|delete|replace|with|create|drop|alter)\b/i;

interface Prepared {
  readonly statement: ReturnType<LibsqlDatabase['prepare']>;
  readonly isReader: boolean;
}

/** The only connection to a database. */
export class LibsqlConnection implements DatabaseConnection {
  readonly #statements = new LruMap<string, Prepared>(MAX_STATEMENTS);
  #isInTransaction = false;
  /** Whether this transaction has written. */
  #isDirty = false;
  #isClosed = false;

  constructor(
    private readonly database: LibsqlDatabase,
    private readonly file: string,
    private readonly guard: TransactionGuard | undefined,
  ) {}

  get isInTransaction(): boolean {
    return this.#isInTransaction;
  }

  /**
   * @throws DeliveriesStoreException if another process holds its lock for too long, or this process has lost the file
   */
  async begin(): Promise<void> {
    this.#assertOpen();
    try {
      // Uses `exec`, because after BUSY a prepared statement stays open in libsql, and then no commit succeeds.
      await retryBusy(() => this.database.exec('begin immediate'));
    } catch (error) {
      throw storeFailure(error, this.file);
    }
    this.#isInTransaction = true;
    this.#isDirty = false;
    try {
      this.guard?.begun();
    } catch (error) {
      this.rollback();
      throw storeFailure(error, this.file);
    }
  }

  commit(): void {
    this.#assertTransaction();
    try {
      if (this.#isDirty) this.guard?.committing();
      this.database.exec('commit');
      this.#isInTransaction = false;
      if (this.#isDirty) this.guard?.committed();
    } catch (error) {
      throw storeFailure(error, this.file);
    }
  }

  /** It never throws, because the caller must get the first error. */
  rollback(): void {
    this.#isInTransaction = false;
    try {
      // After some errors, such as a full disk, SQLite has already rolled back.
      if (this.database.inTransaction) this.database.exec('rollback');
    } catch {
      // The next `begin` fails and reports the error.
    }
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    this.#assertOpen();
    const isAlone = !this.#isInTransaction;
    if (isAlone && this.guard && WRITES.test(query.sql)) return this.#runInTransaction<Row>(query);
    try {
      if (!isAlone) return this.#run<Row>(query);
      // A read does not check the file, but it fails if the file is known to be lost.
      if (this.guard?.isLost === true || !READS.test(query.sql)) this.guard?.begun();
      return await retryBusy(() => this.#run<Row>(query));
    } catch (error) {
      throw storeFailure(error, this.file);
    }
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- an async generator has to be
  async *streamQuery<Row>({ sql, parameters }: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    this.#assertOpen();
    try {
      if (!READS.test(sql)) this.#isDirty = true;
      for (const row of this.#prepared(sql).statement.iterate([...parameters])) yield { rows: [row as Row] };
    } catch (error) {
      throw storeFailure(error, this.file);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#statements.clear();
    try {
      // libsql closes the file only after the garbage collection of its statements, so this code releases the locks
      // itself. That is not possible in WAL mode, so it leaves WAL mode. It skips this if the file is lost, because the
      // `-wal` may belong to the new file.
      if (this.guard?.isLost !== true) this.database.exec('pragma journal_mode = delete');
    } catch {
      // A transaction is still open, or another process is reading. Close the database anyway.
    } finally {
      this.database.close();
    }
  }

  async #runInTransaction<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    await this.begin();
    try {
      const result = this.#run<Row>(query);
      this.commit();
      return result;
    } catch (error) {
      this.rollback();
      throw storeFailure(error, this.file);
    }
  }

  #run<Row>({ sql, parameters }: CompiledQuery): QueryResult<Row> {
    if (this.#isInTransaction) this.#assertTransaction();
    if (!READS.test(sql)) this.#isDirty = true;
    try {
      const { statement, isReader } = this.#prepared(sql);
      if (isReader) return { rows: statement.all([...parameters]) as Row[] };
      const { changes, lastInsertRowid } = statement.run([...parameters]);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    } catch (error) {
      // After BUSY, libsql leaves the statement open.
      if (isBusy(error)) this.#statements.delete(sql);
      throw error;
    }
  }

  #prepared(sql: string): Prepared {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.database.prepare(sql);
    const prepared = { statement, isReader: statement.reader };
    this.#statements.set(sql, prepared);
    return prepared;
  }

  #assertOpen(): void {
    if (!this.#isClosed) return;
    const message = `The deliveries' database ${this.file} is closed: the app has shut down. Its next start goes on.`;
    throw new DeliveriesStoreException(message, { retryable: false });
  }

  /**
   * After a full disk SQLite rolls back by itself. Later statements would then be committed without the earlier ones.
   */
  #assertTransaction(): void {
    if (this.database.inTransaction) return;
    const message = `A transaction on ${this.file} was rolled back by an earlier error: run it again as a whole.`;
    throw new DeliveriesStoreException(message);
  }
}
