import type { LoggerService } from '@nestjs/common';
import type { DeliveriesHooks, DeliveryStep } from '../deliveries.hooks.js';
import type { Action } from '../domain/decide.js';
import type { Snapshot, Transition } from '../domain/transition.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import type { Change, Decided } from './delivery-transaction.js';
import type { DeliveryTransactions } from './delivery-transactions.js';
import type { DeliveryAccounts } from './account-services.js';
import type { FailurePolicy } from './failure-policy.js';
import type { PostedAnswers } from './posted-answers.js';

/** The action of one name, with its fields. */
export type ActionOf<Do extends Action['do']> = { [Name in Do]: Extract<Action, { readonly do: Name }> }[Do];

/** Carries out the actions of one name. */
export interface ActionHandler<Do extends Action['do']> {
  /** Carries the action out, and persists the result. */
  run(context: ActionContext, action: ActionOf<Do>): Promise<Decided>;
  /**
   * The retry of an action that could not be carried out, if the action has a backoff of its own. Without this method
   * the failure counts as one of the delivery.
   */
  retryApart?(context: ActionContext, snapshot: Snapshot, action: ActionOf<Do>): Transition;
}

/** The parts that all handlers share. */
export interface ActionParts {
  readonly deliveries: DeliveryTransactions;
  readonly services: DeliveryAccounts;
  readonly hooks: DeliveriesHooks;
  readonly logger: LoggerService;
  /** Unix ms. */
  readonly now: () => number;
  /** Another delivery has something to do, at that time (Unix ms). */
  readonly wake: (deliveryId: string, at: number) => void;
  readonly failures: FailurePolicy;
  readonly answers: PostedAnswers;
}

/** One delivery, claimed by this worker, for the time of one action. */
export interface ActionContext extends ActionParts {
  /** The delivery as it was when the action was decided. */
  readonly record: DeliveryRecord;
  /** The lease of this worker. */
  readonly token: string;
  /**
   * Persists that a call is about to be made, before it is made. The lease is kept.
   *
   * @throws LostLease
   */
  readonly persistIntent: (change: Change) => Promise<Decided>;
  /**
   * Persists the result of an action. The lease is released with it if there is nothing to do now.
   *
   * @throws LostLease
   */
  readonly persist: (change: Change) => Promise<Decided>;
  /** Reports a step to the hooks; never rejects. */
  readonly step: (step: DeliveryStep) => Promise<void>;
}

/** The handler of an action that needs no call: a transition, and nothing else. */
export function transitionHandler<Do extends Action['do']>(
  transition: (snapshot: DeliveryRecord, action: ActionOf<Do>) => Transition,
): ActionHandler<Do> {
  return {
    // The decision holds for the version that it was made for. If the delivery has changed since (a replacement has
    // come, for example), nothing is changed here, and the next action is decided anew.
    run: ({ record, persist }, action) =>
      persist((current) => (current.version === record.version ? transition(current, action) : undefined)),
  };
}
