import type { LalamoveException } from '../../../errors/lalamove.exception.js';
import { canceled, cancelRefused, cancelSent } from '../../domain/cancellation.js';
import { canceledElsewhere } from '../../domain/order-updates.js';
import type { Snapshot, Transition } from '../../domain/transition.js';
import type { Change, Decided } from '../delivery-transaction.js';
import type { ActionOf } from '../action-handler.js';
import type { CallContext } from '../call-handler.js';
import { isRefusal, lalamoveExceptionOf } from '../failure-policy.js';

/** An order to cancel: the live order or a duplicate. */
export interface CancelTarget {
  readonly orderId: string;
  /** Whether the cancellation was sent before, with an unknown result. */
  readonly wasSent: boolean;
  /** Applies a change to this order. */
  readonly changed: (change: (snapshot: Snapshot) => Transition) => Change;
  /** The change if Lalamove no longer allows the cancellation. */
  readonly refused: (error: LalamoveException) => Change;
  /** The change if the call fails for another reason. */
  readonly failed: (error: LalamoveException) => Change;
}

/** Cancels the live order. */
export async function cancelOrder(context: CallContext, { orderId }: ActionOf<'cancel'>): Promise<Decided> {
  const { record, failures } = context;
  const changed: CancelTarget['changed'] = (change) => ofLiveOrder(orderId, change);
  return sendCancellation(context, {
    orderId,
    wasSent: record.progress.cancelSent === orderId,
    changed,
    refused: ({ code }) => changed((snapshot) => cancelRefused(snapshot, orderId, code)),
    failed: (error) => (snapshot) => failures.after(error, snapshot),
  });
}

/** Cancels an order at Lalamove and persists the result. `cancelSent` is committed before the call. */
export async function sendCancellation(context: CallContext, target: CancelTarget): Promise<Decided> {
  const { service, deliveries, record, persistIntent, persist, step, now } = context;
  const { orderId, wasSent, changed } = target;
  if (!wasSent) await persistIntent(changed((snapshot) => cancelSent(snapshot, orderId)));
  await step('canceling');
  try {
    await service.cancelOrder(orderId);
  } catch (error) {
    const exception = lalamoveExceptionOf(error);
    if (exception.code === 'ERR_CANCELLATION') {
      // The order is already cancelled: by our earlier call with an unknown result, or else outside of this module.
      const policy = deliveries.policyOf(record);
      const elsewhere = (snapshot: Snapshot): Transition => canceledElsewhere(withoutSent(snapshot), policy, now());
      return persist(changed(wasSent ? canceled : elsewhere));
    }
    return persist(isRefusal(exception) ? target.refused(exception) : target.failed(exception));
  }
  await step('canceled');
  return persist(changed(canceled));
}

/** Limits a change to the live order: if the order is no longer the live one, nothing changes. */
function ofLiveOrder(orderId: string, change: (snapshot: Snapshot) => Transition): Change {
  return (record) => (record.progress.order?.orderId === orderId ? change(record) : undefined);
}

/** The snapshot without the mark that the cancellation was sent. */
function withoutSent({ state, progress }: Snapshot): Snapshot {
  return { state, progress: { ...progress, cancelSent: undefined } };
}
