import { DeliveryConflictException } from '../delivery.exceptions.js';
import { accountName } from '../delivery.js';
import { activeOrder } from '../domain/adoption.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';

/** Creates the error of `resolve` for a delivery that cannot be resolved. The message explains the alternatives. */
export function notResolvable({
  reference,
  state,
  account,
  dueAt,
  progress,
}: DeliveryRecord): DeliveryConflictException {
  const isUnknown = progress.attempt?.outcome === 'unknown' && dueAt !== undefined;
  const when = isUnknown
    ? ` Until ${new Date(dueAt).toISOString()} its order may turn up by itself, or be named by resolve({ orderId }).`
    : '';
  const alive = activeOrder(progress);
  const order = alive ? ` Its order ${alive.orderId} may be on its way: cancel() asks for its end.` : '';
  const message =
    `The delivery ${JSON.stringify(reference)} is ${state}: ` +
    `only what needs attention can be resolved.${order}${when}`;
  return new DeliveryConflictException(message, accountName(account));
}
