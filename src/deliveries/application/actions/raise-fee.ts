import { feeRaised, feeStepOver, needsRead } from '../../domain/transitions.js';
import type { Decided } from '../delivery-transaction.js';
import type { ActionOf } from '../action-handler.js';
import type { CallContext } from '../call-handler.js';
import { lalamoveExceptionOf } from '../failure-policy.js';

/** Raises the priority fee of the live order, one step of the policy. */
export async function raiseFee(
  { service, persistIntent, persist, step: reportStep }: CallContext,
  { orderId, priorityFee, step }: ActionOf<'raise-fee'>,
): Promise<Decided> {
  // Committed before the call: this step is not repeated, however the call ends.
  await persistIntent((snapshot) => needsRead(feeStepOver(snapshot, step)));
  await reportStep('raising_fee');
  try {
    await service.addPriorityFee(orderId, { priorityFee });
  } catch (error) {
    lalamoveExceptionOf(error);
    // Refused or unknown: the read that follows shows what the order costs.
    return persist(() => undefined);
  }
  return persist((snapshot) => feeRaised(snapshot, orderId, priorityFee));
}
