import type { LalamoveException } from '../../../errors/lalamove.exception.js';
import { logLine, say } from '../../../internal/log-line.js';
import { duplicateChanged, duplicateHeldUp, duplicateOf, duplicateRefused } from '../../domain/duplicates.js';
import { readAs } from '../../domain/order-updates.js';
import type { Snapshot, Transition } from '../../domain/transition.js';
import type { Change, Decided } from '../delivery-transaction.js';
import type { ActionContext, ActionOf } from '../action-handler.js';
import type { CallContext } from '../call-handler.js';
import { sendCancellation } from './cancel-order.js';
import { fetchOrder } from './read-order.js';

/** Cancels a duplicate order, with its own backoff. */
export async function cancelDuplicate(
  context: CallContext,
  { orderId }: ActionOf<'cancel-duplicate'>,
): Promise<Decided> {
  return sendCancellation(context, {
    orderId,
    wasSent: duplicateOf(context.record, orderId)?.cancelSent === true,
    changed: (change) => ofDuplicate(orderId, change),
    refused: ({ code }) => {
      warnRefused(context, orderId, code);
      return (snapshot) => duplicateRefused(snapshot, orderId, code);
    },
    failed: (error) => (snapshot) => duplicateLater(context, snapshot, orderId, error),
  });
}

/** Reads a duplicate order, with its own backoff. */
export async function readDuplicate(context: CallContext, { orderId }: ActionOf<'read-duplicate'>): Promise<Decided> {
  const { deliveries, record, persist, now } = context;
  const statusAtBefore = duplicateOf(record, orderId)?.order.statusAt ?? 0;
  const { reading, error } = await fetchOrder(context, orderId);
  if (!reading) return persist((snapshot) => duplicateLater(context, snapshot, orderId, error));
  const policy = deliveries.policyOf(record);
  return persist(ofDuplicate(orderId, (alone) => readAs(alone, reading, statusAtBefore, policy, now())));
}

/** Retries a duplicate that could not be cancelled or read. The retry does not delay the live order. */
export function retryDuplicate(
  context: ActionContext,
  snapshot: Snapshot,
  { orderId }: { readonly orderId: string },
): Transition {
  return duplicateLater(context, snapshot, orderId);
}

function duplicateLater(
  { failures }: ActionContext,
  snapshot: Snapshot,
  orderId: string,
  error?: LalamoveException,
): Transition {
  const { failures: before } = duplicateOf(snapshot, orderId) ?? { failures: 0 };
  return duplicateHeldUp(snapshot, orderId, failures.retryAt(before, error));
}

/** Applies a change to a duplicate, or to the live order if the duplicate has become the live order. */
function ofDuplicate(orderId: string, change: (alone: Snapshot) => Transition): Change {
  return (record) =>
    record.progress.order?.orderId === orderId ? change(record) : duplicateChanged(record, orderId, change);
}

function warnRefused({ record, logger }: CallContext, orderId: string, code: string): void {
  const fields = { delivery: record.reference, order: orderId, code };
  const message = 'A second courier may be on the road: a duplicate order cannot be cancelled, and is followed';
  say(logger, 'warn', logLine(message, fields));
}
