import type { DeliverySnapshot, DuplicateOrder } from './delivery-progress.js';
import type { DeliveryPolicy } from './delivery-policy.js';
import { nextPoll } from './next-poll.js';
import { isCloneSought, soughtSince } from './sought-orders.js';

/** How often is looked for webhooks of a clone. */
const LOOK_MS = 5 * 60_000;

/**
 * What is done beside the live order: with its duplicates, and with orders of which nobody knows yet whose they are.
 */
export type DuplicatesAction =
  | { readonly do: 'rest' }
  | { readonly do: 'wait'; readonly until: number }
  | { readonly do: 'identify'; readonly orderId: string }
  | { readonly do: 'cancel-duplicate'; readonly orderId: string }
  | { readonly do: 'read-duplicate'; readonly orderId: string };

/** Says what is to be done beside the live order: the first thing that is due, else how long to wait. */
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
  { state, scheduleAt = 0 }: DeliverySnapshot,
  policy: DeliveryPolicy,
  now: number,
): DuplicatesAction {
  const { retryAt = 0, replacement, cancelRefused, needsRead, failures } = duplicate;
  const { orderId } = duplicate.order;
  // Nothing depends any more on what cannot be read time and again.
  if (state === 'completed' && failures >= policy.failures.maxFailures) return { do: 'rest' };
  if (retryAt > now) return { do: 'wait', until: retryAt };
  // It was cancelled by others: `ORDER_REPLACED` may come, or the live order may end.
  if (replacement) return { do: 'rest' };
  if (needsRead) return { do: 'read-duplicate', orderId };
  if (!cancelRefused) return { do: 'cancel-duplicate', orderId };
  const pollAt = nextPoll(duplicate, scheduleAt, policy, now);
  if (pollAt === undefined) return { do: 'rest' };
  return pollAt <= now ? { do: 'read-duplicate', orderId } : { do: 'wait', until: pollAt };
}

/** While an order of the delivery may be among them, the orders of unmatched webhooks are read. */
function withUnmatched(snapshot: DeliverySnapshot, now: number): DuplicatesAction[] {
  const { progress, unmatched } = snapshot;
  if (soughtSince(snapshot, now) === undefined) return [];
  // Nobody wakes a delivery for a clone that it does not know of.
  if (unmatched.length === 0) return isCloneSought(snapshot, now) ? [{ do: 'wait', until: now + LOOK_MS }] : [];
  return unmatched.map((orderId) => {
    const { retryAt = 0 } = progress.unread?.find((unread) => unread.orderId === orderId) ?? {};
    return retryAt > now ? { do: 'wait', until: retryAt } : { do: 'identify', orderId };
  });
}
