import type { LalamoveException } from '../../../errors/lalamove.exception.js';
import { canceled, cancelRefused, cancelSent } from '../../domain/cancellation.js';
import { canceledElsewhere } from '../../domain/order-updates.js';
import type { Snapshot, Transition } from '../../domain/transition.js';
import type { Change, Decided } from '../delivery-transaction.js';
import type { ActionOf } from '../action-handler.js';
import type { CallContext } from '../call-handler.js';
import { isRefusal, lalamoveExceptionOf } from '../failure-policy.js';

/** An order to cancel: the live one, or a duplicate. */
export interface CancelTarget {
  readonly orderId: string;
  /** Whether the cancellation was sent before, and its answer is not known. */
  readonly wasSent: boolean;
  /** A change of this order. */
  readonly changed: (change: (snapshot: Snapshot) => Transition) => Change;
  /** Lalamove does not allow the cancellation any more. */
  readonly refused: (error: LalamoveException) => Change;
  /** The call has failed in another way. */
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

/** Cancels an order at Lalamove, and persists the result. That it is sent is committed before the call. */
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
      // It is cancelled already: by the call whose answer is not known, or else by somebody else.
      const policy = deliveries.policyOf(record);
      const elsewhere = (snapshot: Snapshot): Transition => canceledElsewhere(withoutSent(snapshot), policy, now());
      return persist(changed(wasSent ? canceled : elsewhere));
    }
    return persist(isRefusal(exception) ? target.refused(exception) : target.failed(exception));
  }
  await step('canceled');
  return persist(changed(canceled));
}

/** A change that holds for an order only as long as it is the live one. */
function ofLiveOrder(orderId: string, change: (snapshot: Snapshot) => Transition): Change {
  return (record) => (record.progress.order?.orderId === orderId ? change(record) : undefined);
}

/** As before the cancellation was sent. */
function withoutSent({ state, progress }: Snapshot): Snapshot {
  return { state, progress: { ...progress, cancelSent: undefined } };
}
