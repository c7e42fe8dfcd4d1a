import { feeRaised, feeStepOver, needsRead } from '../../domain/transitions.js';
import type { Decided } from '../delivery-transaction.js';
import type { ActionOf } from '../action-handler.js';
import type { CallContext } from '../call-handler.js';
import { lalamoveExceptionOf } from '../failure-policy.js';

/** Raises the priority fee of the live order by one step of the policy. */
export async function raiseFee(
  { service, persistIntent, persist, step: reportStep }: CallContext,
  { orderId, priorityFee, step }: ActionOf<'raise-fee'>,
): Promise<Decided> {
  // Committed before the call, so that this step is not repeated even if the call fails.
  await persistIntent((snapshot) => needsRead(feeStepOver(snapshot, step)));
  await reportStep('raising_fee');
  try {
    await service.addPriorityFee(orderId, { priorityFee });
  } catch (error) {
    lalamoveExceptionOf(error);
    // The call was refused or its outcome is unknown. The next read shows the price of the order.
    return persist(() => undefined);
  }
  return persist((snapshot) => feeRaised(snapshot, orderId, priorityFee));
}
