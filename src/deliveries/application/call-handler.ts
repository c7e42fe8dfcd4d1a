import type { Action } from '../domain/decide.js';
import { reason } from '../domain/reasons.js';
import type { Decided } from './delivery-transaction.js';
import { AccountPending, AccountUnavailable, type DeliveryCalls } from './account-services.js';
import type { ActionContext, ActionHandler, ActionOf } from './action-handler.js';

/** The maximum delay of a delivery that waits for the keys of its account, in ms. */
const PENDING_MS = 15_000;

/** The context of an action, with the service of the delivery's account. */
export interface CallContext extends ActionContext {
  readonly service: DeliveryCalls;
}

/**
 * Creates the handler of an action that calls Lalamove. The handler first finds the service of the delivery's account.
 *
 * @param call executes the action and persists the result
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

/** Postpones a delivery until the keys of its account are resolved. The worker continues with other deliveries. */
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
