import { adopted } from '../domain/adoption.js';
import { canceled, cancellationSettled } from '../domain/cancellation.js';
import type { Action } from '../domain/decide.js';
import type { Snapshot, Transition } from '../domain/transition.js';
import { abandoned, failed, feeStepOver, gaveUp, lostSight, rebooked } from '../domain/transitions.js';
import type { Decided } from './delivery-transaction.js';
import { transitionHandler, type ActionContext, type ActionHandler, type ActionOf } from './action-handler.js';
import { cancelOrder } from './actions/cancel-order.js';
import { changeDriver } from './actions/change-driver.js';
import { cancelDuplicate, readDuplicate, retryDuplicate } from './actions/duplicates.js';
import { identifyOrder, retryUnread } from './actions/identify-order.js';
import { placeOrder } from './actions/place-order.js';
import { quote } from './actions/quote.js';
import { raiseFee } from './actions/raise-fee.js';
import { readOrder } from './actions/read-order.js';
import { callHandler } from './call-handler.js';

type ActionHandlers = { readonly [Do in Action['do']]: ActionHandler<Do> };

/** The handler of `rest` and `wait`. The worker stops before it runs one of these two actions. */
const IDLE = { run: ({ record }: ActionContext, action: Action) => Promise.resolve({ record, action }) };

/** The handler of each action that `decide` returns. An action without a handler is a compile error. */
const ACTION_HANDLERS: ActionHandlers = {
  rest: IDLE,
  wait: IDLE,

  quote: callHandler(quote),
  book: callHandler((context) => placeOrder(context)),
  read: callHandler(readOrder),
  identify: callHandler(identifyOrder, retryUnread),
  cancel: callHandler(cancelOrder),
  'cancel-duplicate': callHandler(cancelDuplicate, retryDuplicate),
  'read-duplicate': callHandler(readDuplicate, retryDuplicate),
  'raise-fee': callHandler(raiseFee),
  'change-driver': callHandler(changeDriver),

  doubt: transitionHandler(lostSight),
  abandon: transitionHandler((snapshot) => abandoned(snapshot, 'OUTCOME_UNKNOWN')),
  drop: transitionHandler(canceled),
  rebook: transitionHandler(rebooked),
  'adopt-duplicate': transitionHandler((snapshot, { orderId }) => adopted(snapshot, orderId)),
  'settle-cancellation': transitionHandler(cancellationSettled),
  fail: transitionHandler((snapshot, { reason }) => failed(snapshot, reason)),
  'give-up': transitionHandler((snapshot, { reason }) => gaveUp(snapshot, reason)),
  'skip-fee': transitionHandler((snapshot, { step }) => feeStepOver(snapshot, step)),
};

/**
 * Executes an action and persists the result.
 *
 * @throws LostLease if this worker no longer holds the lease of the delivery
 */
export function runAction<Do extends Action['do']>(context: ActionContext, action: ActionOf<Do>): Promise<Decided> {
  const handler: ActionHandler<Do> = ACTION_HANDLERS[action.do];
  return handler.run(context, action);
}

/** The transition after a failed action: schedules a retry. */
export function retryLater<Do extends Action['do']>(
  context: ActionContext,
  snapshot: Snapshot,
  action: ActionOf<Do>,
): Transition {
  const handler: ActionHandler<Do> = ACTION_HANDLERS[action.do];
  return handler.retryApart?.(context, snapshot, action) ?? context.failures.later(snapshot);
}
