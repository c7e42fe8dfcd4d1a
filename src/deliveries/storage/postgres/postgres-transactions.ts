import { setTimeout as pause } from 'node:timers/promises';
import type { DeliveriesKysely } from '../sql/deliveries-schema.js';
import { isConflict, isConnectionLost, storeFailure, UnknownCommit } from './postgres-failure.js';

/** The maximum number of runs of a transaction that has conflicts. */
const MAX_CONFLICTS = 12;

/** The maximum number of runs of a transaction whose connection is lost: the pool may hold several dead connections. */
const MAX_LOST = 3;

/** The limits of the pause before a transaction runs again, in ms. */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 500;

/**
 * Runs transactions at the isolation level `read committed`. A transaction with a conflict runs again, and so does one
 * whose connection was lost before its commit was sent.
 */
export class PostgresTransactions {
  readonly #db: DeliveriesKysely;

  constructor(db: DeliveriesKysely) {
    this.#db = db;
  }

  /**
   * Runs a query, again if its connection was lost.
   *
   * @throws DeliveriesStoreException if the database fails
   */
  async read<T>(query: (db: DeliveriesKysely) => Promise<T>): Promise<T> {
    for (let runs = 1; ; runs += 1) {
      try {
        return await query(this.#db);
      } catch (error) {
        if (!isConnectionLost(error) || runs >= MAX_LOST) throw storeFailure(error);
      }
    }
  }

  /**
   * Runs a transaction.
   *
   * @param work may run again
   * @throws DeliveriesStoreException if the database fails; what `work` throws, after a rollback
   */
  async run<T>(work: (trx: DeliveriesKysely) => Promise<T>): Promise<T> {
    for (let runs = 1; ; runs += 1) {
      try {
        return await this.#db.transaction().setIsolationLevel('read committed').execute(work);
      } catch (error) {
        if (!mayRunAgain(error, runs)) throw storeFailure(error);
      }
      // Random, so that two transactions with a conflict do not meet again.
      await pause(Math.random() * Math.min(FIRST_PAUSE_MS * 2 ** runs, LONGEST_PAUSE_MS));
    }
  }
}

function mayRunAgain(error: unknown, runs: number): boolean {
  if (isConflict(error)) return runs < MAX_CONFLICTS;
  return isConnectionLost(error) && !(error instanceof UnknownCommit) && runs < MAX_LOST;
}
