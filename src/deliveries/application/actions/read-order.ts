import type { LalamoveException } from '../../../errors/lalamove.exception.js';
import { readAfterEnd, readAs, type OrderReading } from '../../domain/order-updates.js';
import { reason } from '../../domain/reasons.js';
import type { Decided } from '../delivery-transaction.js';
import type { ActionOf } from '../action-handler.js';
import type { CallContext } from '../call-handler.js';
import { isGone, lalamoveExceptionOf } from '../failure-policy.js';
import { readingOf } from '../lalamove-mapping.js';

/**
 * Reads the live order. A failed read is retried later, because webhooks may still arrive. If Lalamove says again and
 * again that there is no such order, a person is needed.
 */
export async function readOrder(context: CallContext, { orderId }: ActionOf<'read'>): Promise<Decided> {
  const { deliveries, record, persist, failures, now } = context;
  const statusAtBefore = record.progress.order?.statusAt ?? 0;
  const { reading, error } = await fetchOrder(context, orderId);
  const policy = deliveries.policyOf(record);
  if (!reading) {
    const isMissing = error !== undefined && isGone(error);
    return persist((snapshot) =>
      isMissing && snapshot.progress.failures + 1 >= policy.failures.maxFailures
        ? failures.needsHelp(snapshot, reason('ORDER_NOT_FOUND'), error)
        : failures.later(snapshot, error),
    );
  }
  // Only a read that began after the delivery ended can show that `canceled` was wrong.
  if (record.state === 'canceled') return persist((snapshot) => readAfterEnd(snapshot, reading, policy, now()));
  return persist((snapshot) => readAs(snapshot, reading, statusAtBefore, policy, now()));
}

/**
 * Reads an order at Lalamove.
 *
 * @returns no `reading` if the call failed (see `error`) or Lalamove answered with another order
 */
export async function fetchOrder(
  { service, step }: CallContext,
  orderId: string,
): Promise<{ readonly reading?: OrderReading; readonly error?: LalamoveException }> {
  await step('reading');
  try {
    const order = await service.getOrder(orderId);
    await step('read');
    const reading = readingOf(order);
    return reading.orderId === orderId ? { reading } : {};
  } catch (error) {
    return { error: lalamoveExceptionOf(error) };
  }
}
