import type { Delivery } from '../deliveries/delivery.js';
import { isRecord } from '../internal/is-record.js';
import type { BoardSource } from './board-data.js';
import { RefusedRequest } from './board-problem.js';
import { seenOf } from './seen-delivery.js';

/** Cancels a delivery for an operator. */
export async function cancelDelivery(
  { deliveries }: BoardSource,
  body: unknown,
  by: string | undefined,
): Promise<Delivery> {
  const { reference, account } = keyIn(body);
  return deliveries.cancel(reference, { ...account, ...(by !== undefined && { by }) });
}

/**
 * Resolves a delivery for an operator, if it is still as the operator has seen it. Whether the resolution is valid is
 * decided by `resolve`.
 *
 * @throws RefusedRequest 409 if it has changed since
 */
export async function resolveDelivery(
  { deliveries, inspection }: BoardSource,
  body: unknown,
  by: string | undefined,
): Promise<Delivery> {
  const { reference, account } = keyIn(body);
  const { seen, resolution } = isRecord(body) ? body : {};
  if (!isRecord(resolution)) throw new RefusedRequest(400, 'An action needs a "resolution".');
  const details = await inspection.details(reference, account.account);
  if (seenOf(details) !== seen) {
    const message = 'The delivery has changed since you looked at it. Look at it again, then decide.';
    throw new RefusedRequest(409, message);
  }
  // Who acts is what the host says, not what the request says.
  const decided = withoutName(resolution);
  // To follow an order spends nothing, and the search for the order may change the delivery meanwhile.
  const options = 'orderId' in resolution ? account : { ...account, ifUnmodifiedSince: details.delivery.updatedAt };
  return deliveries.resolve(reference, by === undefined ? decided : { ...decided, by }, options);
}

function withoutName(resolution: object): object {
  return Object.fromEntries(Object.entries(resolution).filter(([name]) => name !== 'by'));
}

function keyIn(body: unknown): { reference: string; account: { account?: string } } {
  const { reference, account } = isRecord(body) ? body : {};
  if (typeof reference !== 'string' || (account !== undefined && typeof account !== 'string'))
    throw new RefusedRequest(400, 'An action needs a "reference", and the "account" if it is not the default one.');
  return { reference, account: account === undefined ? {} : { account } };
}
