import type { LoggerService } from '@nestjs/common';
import type { WorkTracing } from '../../internal/work-tracing.js';
import type { DeliveriesHooks, DeliveryStep } from '../deliveries.hooks.js';
import type { Action } from '../domain/decide.js';
import type { Snapshot, Transition } from '../domain/transition.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import type { Change, Decided } from './delivery-transaction.js';
import type { DeliveryTransactions } from './delivery-transactions.js';
import type { DeliveryAccounts } from './account-services.js';
import type { FailurePolicy } from './failure-policy.js';
import type { PostedAnswers } from './posted-answers.js';

/** The action with this name, with its fields. */
export type ActionOf<Do extends Action['do']> = { [Name in Do]: Extract<Action, { readonly do: Name }> }[Do];

/** Executes the actions with one name. */
export interface ActionHandler<Do extends Action['do']> {
  /** Executes the action and persists the result. */
  run(context: ActionContext, action: ActionOf<Do>): Promise<Decided>;
  /**
   * Schedules the retry of a failed action, if the action has its own backoff. Without this method, the failure counts
   * as a failure of the delivery.
   */
  retryApart?(context: ActionContext, snapshot: Snapshot, action: ActionOf<Do>): Transition;
}

/** The parts that all handlers share. */
export interface ActionParts {
  readonly deliveries: DeliveryTransactions;
  readonly services: DeliveryAccounts;
  readonly hooks: DeliveriesHooks;
  readonly tracing?: WorkTracing;
  readonly logger: LoggerService;
  /** Unix ms. */
  readonly now: () => number;
  /** Wakes another delivery at this time, in Unix ms. */
  readonly wake: (deliveryId: string, at: number) => void;
  /** The duration of a lease, in ms. */
  readonly leaseMs: number;
  readonly failures: FailurePolicy;
  readonly answers: PostedAnswers;
}

/** The context of one action of a delivery that this worker has claimed. */
export interface ActionContext extends ActionParts {
  /** The delivery at the time when the action was decided. */
  readonly record: DeliveryRecord;
  /** The token of this worker's lease. */
  readonly token: string;
  /**
   * Persists the intent to make a call, before the call is made. The worker keeps the lease.
   *
   * @throws LostLease
   */
  readonly persistIntent: (change: Change) => Promise<Decided>;
  /**
   * Persists the result of an action. If there is nothing to do now, the same transaction releases the lease.
   *
   * @throws LostLease
   */
  readonly persist: (change: Change) => Promise<Decided>;
  /** Reports a step to the hooks. It never rejects. */
  readonly step: (step: DeliveryStep) => Promise<void>;
}

/** The handler of an action that only makes a transition and calls no API. */
export function transitionHandler<Do extends Action['do']>(
  transition: (snapshot: DeliveryRecord, action: ActionOf<Do>) => Transition,
): ActionHandler<Do> {
  return {
    // The decision is valid only for its version of the delivery. If the delivery has changed since then (for example
    // because of a replacement webhook), nothing changes here, and the next action is decided again.
    run: ({ record, persist }, action) =>
      persist((current) => (current.version === record.version ? transition(current, action) : undefined)),
  };
}
