import type { LoggerService } from '@nestjs/common';
import { say } from '../../../internal/log-line.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import type { DatabaseLock } from './database-lock.js';
import { fileIdentity } from './file-identity.js';
import type { LibsqlDatabase, TransactionGuard } from './libsql-connection.js';
import type { OverwriteCheck } from './overwrite-check.js';
import { processRow, type ProcessRow } from './process-row.js';

/** The parts that a fence needs. */
export interface FenceParts {
  readonly database: LibsqlDatabase;
  readonly lock: DatabaseLock;
  /** The absolute path that was opened. */
  readonly path: string;
  /** The path of the WAL. */
  readonly walPath: string;
  readonly overwrites: OverwriteCheck;
  readonly logger: LoggerService;
}

/**
 * Ensures that at most one process works on a database, even if the locks fail. Each process that opens the database
 * raises its generation. Every transaction checks that the generation and the files are unchanged. If they changed,
 * this process never commits again.
 */
export class ProcessFence implements TransactionGuard {
  readonly #count: ReturnType<LibsqlDatabase['prepare']>;
  readonly #read: ReturnType<LibsqlDatabase['prepare']>;
  #own: ProcessRow | undefined;
  #files = '';
  #lost: DeliveriesStoreException | undefined;

  constructor(private readonly parts: FenceParts) {
    const { database } = parts;
    this.#count = database.prepare('update delivery_process set commits = ?');
    this.#read = database.prepare('select database_id, generation, commits from delivery_process');
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /**
   * Raises the generation, so that a previous process detects this one.
   *
   * @param above the last generation that the marker contains
   * @throws what libsql throws, `SQLITE_BUSY` if a transaction of another process is open
   */
  raise(above: number): ProcessRow {
    const { database, path, walPath } = this.parts;
    database.exec('begin immediate');
    try {
      const before = processRow(this.#read.get([]));
      if (!before)
        throw new DeliveriesStoreException(`The table delivery_process in ${path} has no row: restore a backup.`);
      const own: ProcessRow = {
        databaseId: before.databaseId,
        generation: Math.max(before.generation, above) + 1,
        commits: before.commits + 1,
      };
      database.prepare('update delivery_process set generation = ?, commits = ?').run([own.generation, own.commits]);
      database.exec('commit');
      this.#own = own;
      this.#files = identities(path, walPath);
      this.#assertNotOverwritten();
      return own;
    } catch (error) {
      if (database.inTransaction) database.exec('rollback');
      throw error;
    }
  }

  /** @throws DeliveriesStoreException if the file is not the opened file any more */
  assertOwn(): void {
    if (this.#lost) throw this.#lost;
    if (this.#own) this.#assertFiles();
  }

  begun(): void {
    if (this.#lost) throw this.#lost;
    if (!this.#own) return;
    this.#assertFiles();
    this.#assertNotOverwritten();
    const { databaseId, generation, commits } = this.#own;
    const row = processRow(this.#read.get([]));
    if (row?.databaseId === databaseId && row.generation === generation) {
      // The count only grows: each transaction with writes adds one, and a rollback does not change the count in
      // memory.
      if (row.commits >= commits) return;
      throw this.#lose(`an older copy was written over it (${row.commits} transactions, there were ${commits})`);
    }
    throw this.#lose(
      `another process has opened it since (generation ${row?.generation ?? 'unknown'}, ours is ${generation})`,
    );
  }

  committing(): void {
    if (this.#own) this.#count.run([this.#own.commits + 1]);
  }

  committed(): void {
    if (!this.#own) return;
    this.#own = { ...this.#own, commits: this.#own.commits + 1 };
    // If the file was deleted, the next start does not find what was committed.
    this.#assertFiles();
    this.#assertNotOverwritten();
    this.parts.lock.count(this.#own.commits);
  }

  #assertFiles(): void {
    const { path, walPath } = this.parts;
    if (identities(path, walPath) === this.#files) return;
    const what =
      fileIdentity(path) === undefined ? 'the file was deleted or moved' : 'the file or its -wal was replaced';
    throw this.#lose(what);
  }

  #assertNotOverwritten(): void {
    const problem = this.parts.overwrites.problem();
    if (problem !== undefined) throw this.#lose(problem);
  }

  #lose(what: string): DeliveriesStoreException {
    const { path, logger } = this.parts;
    const remedy = 'Stop it, and put the file and its -wal back if they were moved, else restore a backup';
    const message = `The deliveries' file ${path} was lost: ${what}. This process books nothing any more. ${remedy}.`;
    this.#lost = new DeliveriesStoreException(message, { retryable: false });
    say(logger, 'error', message);
    return this.#lost;
  }
}

function identities(path: string, walPath: string): string {
  return `${fileIdentity(path) ?? ''} ${fileIdentity(walPath) ?? ''}`;
}
