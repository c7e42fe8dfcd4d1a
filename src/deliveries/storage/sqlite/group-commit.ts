import { setImmediate } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { captureContext, detached } from '../../../internal/async-context.js';
import type { DeliveriesSchema, DeliveriesTransaction } from '../sql/deliveries-schema.js';

interface Job {
  /** @returns resolves the promise of the caller */
  run: (trx: DeliveriesTransaction) => Promise<() => void>;
  failed: (error: unknown) => void;
}

/** The maximum number of writes in one commit. */
const MOST_JOBS = 100;

/**
 * Several writes share a commit, because a commit waits for the disk. Writes that arrive during a commit share the next
 * one. If one of them fails, all are rolled back, and each runs again with its own commit. Only the failed write is
 * rejected. No write resolves before its commit.
 */
export class GroupCommit {
  readonly #waiting: Job[] = [];
  #isRunning = false;

  constructor(private readonly db: Kysely<DeliveriesSchema>) {}

  /**
   * @param work may run twice, so its effects outside of the transaction must be safe to repeat
   * @throws what `work` throws, after a rollback
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
      // The group has no context. Each write runs in the async context of its caller.
      if (!this.#isRunning) void detached(() => this.#drain());
    });
  }

  async #drain(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      // Collect the writes of one turn of the event loop: otherwise libsql would finish before the next request is
      // read.
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

/** A write has failed, not the commit. */
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
