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

/**
 * Of two people who decide on the same state of a delivery, one decides.
 *
 * @param since the time of the last change that the person has seen, in ms
 * @throws DeliveryConflictException if the delivery has changed since
 */
export function assertUnmodified({ reference, account, updatedAt }: DeliveryRecord, since = updatedAt): void {
  if (since === updatedAt) return;
  const message = `The delivery ${JSON.stringify(reference)} has changed since: read it again, then decide.`;
  throw new DeliveryConflictException(message, accountName(account));
}

/** Creates the error of `resolve` for a delivery whose request cannot be corrected. */
export function notCorrectable({ reference, account, request }: DeliveryRecord): DeliveryConflictException {
  const why = request
    ? 'an order of it may exist that has the request as it was. If you find the order, call resolve({ orderId }). If ' +
      'there certainly is none, call resolve({ cancel: true }), and book the right request under a new reference.'
    : 'its names and addresses have been erased.';
  const message = `The request of the delivery ${JSON.stringify(reference)} cannot be corrected: ${why}`;
  return new DeliveryConflictException(message, accountName(account));
}
