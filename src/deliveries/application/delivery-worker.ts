import { randomUUID } from 'node:crypto';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import { accountName } from '../delivery.js';
import { reportStep } from '../deliveries.hooks.js';
import { isWork, type Action } from '../domain/decide.js';
import { quoting } from '../domain/transitions.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import { LostLease, type Change, type Decided } from './delivery-transaction.js';
import type { ActionContext, ActionParts } from './action-handler.js';
import { retryLater, runAction } from './action-handlers.js';
import { FailurePolicy } from './failure-policy.js';
import { PostedAnswers } from './posted-answers.js';

/** The maximum number of actions in a row. A delivery that needs more is in a loop; its next action runs later. */
const MAX_ACTIONS = 40;

/** The dependencies of {@link DeliveryWorker}. */
export type WorkerParts = Omit<ActionParts, 'failures' | 'answers'>;

/** Processes deliveries: claims a delivery, runs its actions one after another, and releases the lease. */
export class DeliveryWorker {
  readonly #parts: ActionParts;

  constructor(parts: WorkerParts) {
    const { deliveries, now, logger } = parts;
    const failures = new FailurePolicy((record) => deliveries.policyOf(record), now);
    this.#parts = { ...parts, failures, answers: new PostedAnswers(logger) };
  }

  /** Logs the orders that are posted but not stored yet. Call it before the database is closed. */
  warnUnderWay(): void {
    this.#parts.answers.warnUnderWay();
  }

  /**
   * Runs all actions of a delivery that are due now.
   *
   * @returns the next due time, in Unix ms; `undefined` if there is nothing to do or another worker holds the lease
   */
  async advance(id: string): Promise<number | undefined> {
    const { deliveries, hooks, leaseMs } = this.#parts;
    const token = randomUUID();
    const begin = ({ do: what }: Action): Change | undefined => (what === 'quote' ? quoting : undefined);
    const claimed = await deliveries.claim(id, { token, ms: leaseMs }, begin);
    if (claimed?.record.leaseToken !== token) return claimed?.record.dueAt;
    const { record } = await this.#traced(claimed, token);
    // If nothing is left to do, the commit of the last result has already released the lease.
    const dueAt = record.leaseToken === token ? await deliveries.release(id, token) : record.dueAt;
    await reportStep(hooks, 'released', record.reference);
    return dueAt;
  }

  #traced(claimed: Decided, token: string): Promise<Decided> {
    const { tracing } = this.#parts;
    if (!tracing) return this.#runAll(claimed, token);
    const { account, reference, progress } = claimed.record;
    const attributes = { 'lalamove.account': accountName(account), 'lalamove.delivery.reference': reference };
    const { booking, webhook } = progress.trace ?? {};
    return tracing.run({ name: 'work', attributes, links: [booking, webhook] }, async (note) => {
      const ended = await this.#runAll(claimed, token);
      note({ 'lalamove.delivery.state': ended.record.state });
      return ended;
    });
  }

  /** Runs the actions one after another. It never rejects because of a response of Lalamove. */
  async #runAll(claimed: Decided, token: string): Promise<Decided> {
    const { hooks, logger } = this.#parts;
    let decided = claimed;
    try {
      await reportStep(hooks, 'claimed', claimed.record.reference);
      for (let count = 0; count < MAX_ACTIONS && isOurs(decided, token); count += 1) {
        decided = await runAction(this.#contextOf(decided.record, token), decided.action);
      }
      if (!isOurs(decided, token)) return decided;
      const fields = { delivery: decided.record.reference, action: decided.action.do, actions: MAX_ACTIONS };
      say(logger, 'warn', logLine('A delivery needs too many actions in a row: it continues later', fields));
      return await this.#postpone(decided, token);
    } catch (error) {
      if (error instanceof LostLease) return decided;
      const fields = { delivery: decided.record.reference, error: wordsOf(error) };
      const stack = error instanceof Error ? error.stack : undefined;
      say(logger, 'error', logLine('The work on a delivery failed', fields), stack);
      return this.#postpone(decided, token).catch(() => decided);
    }
  }

  /** Schedules a retry of the decided action. */
  async #postpone({ record, action }: Decided, token: string): Promise<Decided> {
    const context = this.#contextOf(record, token);
    return context.persist((snapshot) => retryLater(context, snapshot, action));
  }

  #contextOf(record: DeliveryRecord, token: string): ActionContext {
    const { deliveries, hooks, leaseMs: renewMs } = this.#parts;
    return {
      ...this.#parts,
      record,
      token,
      persistIntent: (change) => deliveries.change(record.id, change, { token, renewMs }),
      persist: (change) => deliveries.change(record.id, change, { token, renewMs, yields: token }),
      step: (step) => reportStep(hooks, step, record.reference),
    };
  }
}

/** Whether there is an action to run now and this worker holds the lease. */
function isOurs({ action, record }: Decided, token: string): boolean {
  return isWork(action) && record.leaseToken === token;
}
