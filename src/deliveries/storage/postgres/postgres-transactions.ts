import { setTimeout as pause } from 'node:timers/promises';
import type { DeliveriesKysely } from '../sql/deliveries-schema.js';
import { isConflict, isConnectionLost, storeFailure, UnknownCommit } from './postgres-failure.js';
import { isStaleName } from './statement-names.js';

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
   * Runs one statement without a transaction of its own. It takes one round trip instead of three.
   *
   * @param statement may run again, also after it was committed: it must not matter how often it runs
   * @throws DeliveriesStoreException if the database fails
   */
  statement<T>(statement: (db: DeliveriesKysely) => Promise<T>): Promise<T> {
    return retried(() => statement(this.#db));
  }

  /**
   * Runs a transaction.
   *
   * @param work may run again
   * @throws DeliveriesStoreException if the database fails; what `work` throws, after a rollback
   */
  run<T>(work: (trx: DeliveriesKysely) => Promise<T>): Promise<T> {
    return retried(() => this.#db.transaction().setIsolationLevel('read committed').execute(work));
  }
}

async function retried<T>(run: () => Promise<T>): Promise<T> {
  for (let runs = 1; ; runs += 1) {
    try {
      return await run();
    } catch (error) {
      if (!mayRunAgain(error, runs)) throw storeFailure(error);
    }
    // Random, so that two transactions with a conflict do not meet again.
    await pause(Math.random() * Math.min(FIRST_PAUSE_MS * 2 ** runs, LONGEST_PAUSE_MS));
  }
}

function mayRunAgain(error: unknown, runs: number): boolean {
  if (isConflict(error) || isStaleName(error)) return runs < MAX_CONFLICTS;
  return isConnectionLost(error) && !(error instanceof UnknownCommit) && runs < MAX_LOST;
}
