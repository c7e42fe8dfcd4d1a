import type { LoggerService } from '@nestjs/common';
import { say } from '../../../internal/log-line.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import type { DatabaseLock } from './database-lock.js';
import { fileIdentity } from './file-identity.js';
import type { LibsqlDatabase, TransactionGuard } from './libsql-connection.js';
import type { OverwriteCheck } from './overwrite-check.js';
import { processRow, type ProcessRow } from './process-row.js';

/** What a fence stands on. */
export interface FenceParts {
  readonly database: LibsqlDatabase;
  readonly lock: DatabaseLock;
  /** The path by which the file was opened, absolute. */
  readonly path: string;
  /** The path of its WAL. */
  readonly walPath: string;
  readonly overwrites: OverwriteCheck;
  readonly logger: LoggerService;
}

/**
 * Keeps at most one process at work on a database, whatever became of the locks: each that opens it raises the
 * generation in the database, and every transaction looks whether that is still its own, and whether the files are
 * still those that were opened. Once they are not, nothing is ever committed again by this process.
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
   * Raises the generation: whoever worked on the database until now finds out.
   *
   * @param above what generation there was, as far as the marker knows
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

  /** @throws DeliveriesStoreException if the file is not the one that was opened any more */
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
      // It only grows: each transaction that writes adds one, and what was rolled back was never counted here.
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
    // What was written to a deleted file is not there for the next start.
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
