import { setImmediate } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { captureContext, detached } from '../../../internal/async-context.js';
import type { DeliveriesSchema, DeliveriesTransaction } from './deliveries-schema.js';

interface Job {
  /** @returns resolves the promise of the caller */
  run: (trx: DeliveriesTransaction) => Promise<() => void>;
  failed: (error: unknown) => void;
}

/** How many writes share a commit at the most. */
const MOST_JOBS = 100;

/**
 * Several writes share a commit, because a commit waits for the disk: writes that are asked for while one is under way
 * share the next. If one of them fails, all are rolled back, and each is run again with a commit of its own: only the
 * one that fails is rejected. No write resolves before its commit.
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
      // The group has no context: each write runs in the async context of its caller.
      if (!this.#isRunning) void detached(() => this.#drain());
    });
  }

  async #drain(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      // Writes of the same turn of the event loop go together: libsql would answer before the next request is read.
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
