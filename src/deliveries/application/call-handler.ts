import type { Action } from '../domain/decide.js';
import { reason } from '../domain/reasons.js';
import type { Decided } from './delivery-transaction.js';
import { AccountPending, AccountUnavailable, type DeliveryCalls } from './account-services.js';
import type { ActionContext, ActionHandler, ActionOf } from './action-handler.js';

/** The longest time until a delivery is tried again whose account's keys are being asked for, in ms. */
const PENDING_MS = 15_000;

/** An action's context, with the service of the delivery's account. */
export interface CallContext extends ActionContext {
  readonly service: DeliveryCalls;
}

/**
 * The handler of an action that calls Lalamove: finds the service of the delivery's account first.
 *
 * @param call carries the action out, and persists the result
 * @param retryApart see {@link ActionHandler.retryApart}
 */
export function callHandler<Do extends Action['do']>(
  call: (context: CallContext, action: ActionOf<Do>) => Promise<Decided>,
  retryApart?: ActionHandler<Do>['retryApart'],
): ActionHandler<Do> {
  return {
    retryApart,
    async run(context, action) {
      const { services, record, persist, failures } = context;
      try {
        const service = await services.of(record.account);
        if (service) return await call({ ...context, service }, action);
        return await persist(
          (snapshot) =>
            retryApart?.(context, snapshot, action) ?? failures.needsHelp(snapshot, reason('ACCOUNT_UNKNOWN')),
        );
      } catch (error) {
        if (error instanceof AccountPending) return postponed(context, error);
        if (!(error instanceof AccountUnavailable)) throw error;
        return persist((snapshot) => retryApart?.(context, snapshot, action) ?? failures.withoutKeys(snapshot));
      }
    },
  };
}

/** The account's keys are being asked for: the worker is free for other deliveries until they are there. */
async function postponed(
  { deliveries, record, token, now, wake }: ActionContext,
  pending: AccountPending,
): Promise<Decided> {
  const until = now() + PENDING_MS;
  await deliveries.storage.postpone(record.id, token, until);
  void pending.settled.then(() => {
    wake(record.id, now());
  });
  return {
    record: { ...record, leaseToken: undefined, leaseUntil: undefined, dueAt: until },
    action: { do: 'wait', until },
  };
}
