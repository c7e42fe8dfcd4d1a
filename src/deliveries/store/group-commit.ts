import { setImmediate } from 'node:timers/promises';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { DeliveriesSchema } from './deliveries-schema.js';

/** A transaction on the tables of deliveries. */
export type DeliveriesTransaction = Transaction<DeliveriesSchema>;

interface Job {
  run: (trx: DeliveriesTransaction) => Promise<void>;
  settled: () => void;
  failed: (error: unknown) => void;
}

/** How many writes share a commit at the most. */
const MOST_JOBS = 100;

/**
 * Gives several writes one commit, for a commit waits for the disk: what is asked for while one is under way shares the next. Each write has a savepoint of its own, and
 * fails alone; nobody is told of success before the commit.
 */
export class GroupCommit {
  readonly #waiting: Job[] = [];
  #isRunning = false;

  constructor(private readonly db: Kysely<DeliveriesSchema>) {}

  /** @throws what `work` throws; it is rolled back then */
  write<T>(work: (trx: DeliveriesTransaction) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let done: () => void = () => undefined;
      this.#waiting.push({
        run: async (trx) => {
          const result = await work(trx);
          done = () => {
            resolve(result);
          };
        },
        settled: () => {
          done();
        },
        failed: reject,
      });
      if (!this.#isRunning) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      // What has come in with this turn of the event loop goes together: libsql would answer before the next request is even read.
      await setImmediate();
      await this.#commit(this.#waiting.splice(0, MOST_JOBS));
    }
    this.#isRunning = false;
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    const failed = new Map<Job, unknown>();
    try {
      await this.db.transaction().execute(async (trx) => {
        for (const job of jobs) await this.#one(trx, job, jobs.length === 1, failed);
      });
    } catch (error) {
      for (const job of jobs) job.failed(failed.get(job) ?? error);
      return;
    }
    for (const job of jobs) {
      if (failed.has(job)) job.failed(failed.get(job));
      else job.settled();
    }
  }

  async #one(trx: DeliveriesTransaction, job: Job, isAlone: boolean, failed: Map<Job, unknown>): Promise<void> {
    if (isAlone) {
      await job.run(trx);
      return;
    }
    await sql`savepoint job`.execute(trx);
    try {
      await job.run(trx);
      await sql`release savepoint job`.execute(trx);
    } catch (error) {
      failed.set(job, error);
      await sql`rollback to savepoint job`.execute(trx);
      await sql`release savepoint job`.execute(trx);
    }
  }
}
