import type { LoggerService } from '@nestjs/common';
import { logLine, say } from '../../../internal/log-line.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import type { DeliveriesKysely } from '../sql/deliveries-schema.js';
import { markRestored } from '../sql/mark-restored.js';
import type { DatabaseOrigin } from './database-origin.js';
import type { PostgresTransactions } from './postgres-transactions.js';

/** The dependencies of {@link RestoredDatabase}. */
export interface RestoredDatabaseParts {
  readonly transactions: PostgresTransactions;
  readonly origin: DatabaseOrigin;
  readonly logger: LoggerService;
  /** The clock of deliveries: Unix ms. */
  readonly now: () => number;
}

/** The database is another one than when the process started. The transaction is rolled back. */
export class FoundRestored extends DeliveriesStoreException {
  constructor() {
    super(
      "The deliveries' database was restored, or a replica was promoted. Nothing was ordered. Unfinished deliveries " +
        'are marked now: the call can be repeated.',
    );
  }
}

/** Finds out that the database was restored from a backup, and marks its unfinished deliveries. */
export class RestoredDatabase {
  constructor(private readonly parts: RestoredDatabaseParts) {}

  /** Compares the database with its stored origin. If it was restored, marks its unfinished deliveries. */
  async check(): Promise<void> {
    const { transactions, origin } = this.parts;
    if ((await transactions.statement((db) => origin.compare(db))) === 'same') return;
    const marked = await transactions.run(async (trx) => {
      // Another process may have been faster.
      const state = await origin.compare(trx, 'lock');
      if (state === 'new') await origin.store(trx);
      return state === 'restored' ? this.#mark(trx) : undefined;
    });
    if (marked !== undefined) this.#warn(marked);
  }

  /** Marks the unfinished deliveries, whatever the origin is. */
  mark(): Promise<number> {
    return this.parts.transactions.run((trx) => this.#mark(trx));
  }

  /** Stores the present origin without marks: the database was moved, and nothing was lost. */
  async moved(): Promise<void> {
    await this.parts.transactions.run((trx) => this.parts.origin.store(trx));
  }

  /**
   * Used in the transaction that reserves an attempt: its row must not be written to a restored database.
   *
   * @throws FoundRestored if the database was restored while the process runs
   */
  async refuse(trx: DeliveriesKysely): Promise<void> {
    if ((await this.parts.origin.compare(trx)) === 'restored') throw new FoundRestored();
  }

  /** Locks the row of the origin first, so that no other process marks at the same time. */
  async #mark(trx: DeliveriesKysely): Promise<number> {
    await this.parts.origin.store(trx);
    return markRestored(trx, this.parts.now());
  }

  #warn(marked: number): void {
    const what =
      "The deliveries' database was restored from a backup, or a replica was promoted. Unfinished deliveries order " +
      'nothing until a person has resolved them';
    say(this.parts.logger, 'warn', logLine(what, { deliveries: marked }));
  }
}
