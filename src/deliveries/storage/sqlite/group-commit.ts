import { setImmediate } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { captureContext, detached } from '../../../internal/async-context.js';
import type { DeliveriesSchema, DeliveriesTransaction } from './deliveries-schema.js';

interface Job {
  /** @returns what tells who waits of success */
  run: (trx: DeliveriesTransaction) => Promise<() => void>;
  failed: (error: unknown) => void;
}

/** How many writes share a commit at the most. */
const MOST_JOBS = 100;

/**
 * Gives several writes one commit, for a commit waits for the disk: what is asked for while one is under way shares the next. Where one of them fails, none is kept, and each
 * has a commit of its own: it fails alone. Nobody is told of success before the commit.
 */
export class GroupCommit {
  readonly #waiting: Job[] = [];
  #isRunning = false;

  constructor(private readonly db: Kysely<DeliveriesSchema>) {}

  /**
   * @param work may be run a second time: what it does outside of the transaction must bear that
   * @throws what `work` throws; it is rolled back then
   */
  write<T>(work: (trx: DeliveriesTransaction) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const runInContext = captureContext();
      this.#waiting.push({
        run: async (trx) => {
          const result = await runInContext(() => work(trx));
          return () => {
            resolve(result);
          };
        },
        failed: reject,
      });
      // The group is nobody's: each write runs in the context of who asked for it.
      if (!this.#isRunning) void detached(() => this.#drain());
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
    const settled: (() => void)[] = [];
    try {
      await this.db.transaction().execute(async (trx) => {
        for (const job of jobs) settled.push(await runIn(trx, job));
      });
    } catch (error) {
      const isAtWork = error instanceof WorkFailed;
      if (isAtWork && jobs.length > 1) {
        for (const job of jobs) await this.#commit([job]);
      } else {
        for (const { failed } of jobs) failed(isAtWork ? error.cause : error);
      }
      return;
    }
    for (const settle of settled) settle();
  }
}

/** A write has failed, and not the commit. */
class WorkFailed extends Error {
  override readonly name = 'WorkFailed';
}

async function runIn(trx: DeliveriesTransaction, { run }: Job): Promise<() => void> {
  try {
    return await run(trx);
  } catch (cause) {
    throw new WorkFailed('A write has failed.', { cause });
  }
}
