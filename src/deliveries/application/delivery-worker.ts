import { randomUUID } from 'node:crypto';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import { reportStep } from '../deliveries.hooks.js';
import { isWork, type Action } from '../domain/decide.js';
import { quoting } from '../domain/transitions.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import { LostLease, type Change, type Decided } from './delivery-transaction.js';
import type { ActionContext, ActionParts } from './action-handler.js';
import { retryLater, runAction } from './action-handlers.js';
import { FailurePolicy } from './failure-policy.js';
import { PostedAnswers } from './posted-answers.js';

/** Longer than the longest call may take with all its retries, in ms. */
const LEASE_MS = 120_000;

/** A delivery that needs more actions in a row is in a loop, and goes on later. */
const MAX_ACTIONS = 40;

/** What a worker needs. */
export type WorkerParts = Omit<ActionParts, 'failures' | 'answers'>;

/** Works on deliveries: claims one, runs its actions one after another, and releases it. */
export class DeliveryWorker {
  readonly #parts: ActionParts;

  constructor(parts: WorkerParts) {
    const { deliveries, now, logger } = parts;
    const failures = new FailurePolicy((record) => deliveries.policyOf(record), now);
    this.#parts = { ...parts, failures, answers: new PostedAnswers(logger) };
  }

  /** Logs the orders that are posted and not stored yet. Call it before the database is closed. */
  warnUnderWay(): void {
    this.#parts.answers.warnUnderWay();
  }

  /**
   * Brings a delivery as far as it can go now.
   *
   * @returns Unix ms at which it is due again; `undefined` if there is nothing to do, or somebody else works on it
   */
  async advance(id: string): Promise<number | undefined> {
    const { deliveries, hooks } = this.#parts;
    const token = randomUUID();
    const begin = ({ do: what }: Action): Change | undefined => (what === 'quote' ? quoting : undefined);
    const claimed = await deliveries.claim(id, { token, ms: LEASE_MS }, begin);
    if (claimed?.record.leaseToken !== token) return claimed?.record.dueAt;
    const { record } = await this.#runAll(claimed, token);
    // If nothing was left to do, the last result has released the lease already.
    const dueAt = record.leaseToken === token ? await deliveries.release(id, token) : record.dueAt;
    await reportStep(hooks, 'released', record.reference);
    return dueAt;
  }

  /** Runs one action after another; it never rejects because of an answer of Lalamove. */
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
      say(logger, 'warn', logLine('A delivery goes round in circles: it goes on later', fields));
      return await this.#postpone(decided, token);
    } catch (error) {
      if (error instanceof LostLease) return decided;
      const fields = { delivery: decided.record.reference, error: wordsOf(error) };
      const stack = error instanceof Error ? error.stack : undefined;
      say(logger, 'error', logLine('The work on a delivery failed', fields), stack);
      return this.#postpone(decided, token).catch(() => decided);
    }
  }

  /** The action that was decided is tried again later. */
  async #postpone({ record, action }: Decided, token: string): Promise<Decided> {
    const context = this.#contextOf(record, token);
    return context.persist((snapshot) => retryLater(context, snapshot, action));
  }

  #contextOf(record: DeliveryRecord, token: string): ActionContext {
    const { deliveries, hooks } = this.#parts;
    return {
      ...this.#parts,
      record,
      token,
      persistIntent: (change) => deliveries.change(record.id, change, { token }),
      persist: (change) => deliveries.change(record.id, change, { token, yields: token }),
      step: (step) => reportStep(hooks, step, record.reference),
    };
  }
}

/** Whether there is something to do now, and this worker may do it. */
function isOurs({ action, record }: Decided, token: string): boolean {
  return isWork(action) && record.leaseToken === token;
}
