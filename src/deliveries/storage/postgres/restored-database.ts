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
    const { transactions, origin, now } = this.parts;
    const found = await transactions.statement((db) => origin.compare(db));
    if (found === 'same') return;
    const marked = await transactions.run(async (trx) => {
      // Another process may have been faster.
      const state = await origin.compare(trx, 'lock');
      if (state === 'same') return undefined;
      const count = state === 'restored' ? await markRestored(trx, now()) : undefined;
      await origin.store(trx);
      return count;
    });
    if (marked !== undefined) this.#warn(marked);
  }

  /** Marks the unfinished deliveries, whatever the origin is. */
  async mark(): Promise<number> {
    const { transactions, origin, now } = this.parts;
    return transactions.run(async (trx) => {
      await origin.compare(trx, 'lock');
      const marked = await markRestored(trx, now());
      await origin.store(trx);
      return marked;
    });
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

  #warn(marked: number): void {
    const what =
      "The deliveries' database was restored from a backup, or a replica was promoted. Unfinished deliveries order " +
      'nothing until a person has resolved them';
    say(this.parts.logger, 'warn', logLine(what, { deliveries: marked }));
  }
}
