import type { DeliverySnapshot, DuplicateOrder } from './delivery-progress.js';
import type { DeliveryPolicy } from './delivery-policy.js';
import { nextPoll } from './next-poll.js';
import { searchesClone, searchSince } from './order-search.js';

/** How often to look for webhooks of a clone, in ms. */
const LOOK_MS = 5 * 60_000;

/**
 * An action on orders other than the live one: on duplicate orders, and on orders of unmatched webhooks.
 */
export type DuplicatesAction =
  | { readonly do: 'rest' }
  | { readonly do: 'wait'; readonly until: number }
  | { readonly do: 'identify'; readonly orderId: string }
  | { readonly do: 'cancel-duplicate'; readonly orderId: string }
  | { readonly do: 'read-duplicate'; readonly orderId: string };

/** Decides on orders other than the live one: the first action that is due, else how long to wait. */
export function decideDuplicates(snapshot: DeliverySnapshot, policy: DeliveryPolicy, now: number): DuplicatesAction {
  const { duplicates = [] } = snapshot.progress;
  const steps = [
    ...duplicates.map((duplicate) => withDuplicate(duplicate, snapshot, policy, now)),
    ...withUnmatched(snapshot, now),
  ];
  const work = steps.find(({ do: what }) => what !== 'rest' && what !== 'wait');
  if (work) return work;
  const times = steps.flatMap((step) => (step.do === 'wait' ? [step.until] : []));
  return times.length === 0 ? { do: 'rest' } : { do: 'wait', until: Math.min(...times) };
}

function withDuplicate(
  duplicate: DuplicateOrder,
  { state, scheduleAt = 0, progress: { restored } }: DeliverySnapshot,
  policy: DeliveryPolicy,
  now: number,
): DuplicatesAction {
  const { retryAt = 0, replacement, cancelRefused, needsRead, failures } = duplicate;
  const { orderId } = duplicate.order;
  // The delivery is completed, so an order that fails to be read again and again does not matter any more.
  if (state === 'completed' && failures >= policy.failures.maxFailures) return { do: 'rest' };
  if (retryAt > now) return { do: 'wait', until: retryAt };
  // Somebody else cancelled it: wait for an `ORDER_REPLACED`, or for the end of the live order.
  if (replacement) return { do: 'rest' };
  if (needsRead) return { do: 'read-duplicate', orderId };
  // After a restore it may be the order that is wanted, and the live order one that has ended.
  if (!cancelRefused && !restored) return { do: 'cancel-duplicate', orderId };
  const pollAt = nextPoll(duplicate, scheduleAt, policy, now);
  if (pollAt === undefined) return { do: 'rest' };
  return pollAt <= now ? { do: 'read-duplicate', orderId } : { do: 'wait', until: pollAt };
}

/** Reads the orders of unmatched webhooks while one of them may belong to this delivery. */
function withUnmatched(snapshot: DeliverySnapshot, now: number): DuplicatesAction[] {
  const { progress, unmatched } = snapshot;
  if (searchSince(snapshot, now) === undefined) return [];
  // No webhook wakes a delivery for a clone that is not known yet: look again later.
  if (unmatched.length === 0) return searchesClone(snapshot, now) ? [{ do: 'wait', until: now + LOOK_MS }] : [];
  return unmatched.map((orderId) => {
    const { retryAt = 0 } = progress.unread?.find((unread) => unread.orderId === orderId) ?? {};
    return retryAt > now ? { do: 'wait', until: retryAt } : { do: 'identify', orderId };
  });
}
