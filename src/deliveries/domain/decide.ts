import { aliveDuplicate, isLive, isUnexplained, successorOf } from './adoption.js';
import { exceeds, withPart } from './money.js';
import {
  isOpen,
  isTerminal,
  type TrackedOrder,
  type DeliveryProgress,
  type DeliveryReason,
  type DeliverySnapshot,
  type OpenAttempt,
} from './delivery-progress.js';
import type { DeliveryPolicy } from './delivery-policy.js';
import { decideDuplicates, type DuplicatesAction } from './decide-duplicates.js';
import { nextPoll } from './next-poll.js';
import { ENDED_STATUSES, ENDED_WITHOUT_DRIVER } from '../../api/order-status.js';
import { reason } from './reasons.js';

/** The one thing that is to be done next with a delivery. */
export type Action =
  | DuplicatesAction
  | { readonly do: 'quote' }
  | { readonly do: 'book' }
  | { readonly do: 'doubt' }
  | { readonly do: 'abandon' }
  | { readonly do: 'cancel'; readonly orderId: string }
  | { readonly do: 'adopt-duplicate'; readonly orderId: string }
  | { readonly do: 'drop' }
  | { readonly do: 'read'; readonly orderId: string }
  | { readonly do: 'raise-fee'; readonly orderId: string; readonly priorityFee: string; readonly step: number }
  | { readonly do: 'skip-fee'; readonly step: number }
  | { readonly do: 'change-driver'; readonly orderId: string; readonly driverId: string }
  | { readonly do: 'rebook' }
  | { readonly do: 'settle-cancellation' }
  | { readonly do: 'fail'; readonly reason: DeliveryReason }
  | { readonly do: 'give-up'; readonly reason: DeliveryReason };

const MINUTE_MS = 60_000;

/** A quotation is not ordered any more so shortly before its end: the order would come too late. */
const QUOTATION_MARGIN_MS = 15_000;

/**
 * Says what is to be done next with a delivery. Pure: the same snapshot at the same time gives the same action. It is
 * acted upon by who has the lease alone, and never while an order is being posted, so an attempt that is still
 * `reserved` was left behind by a crash.
 *
 * Each order of a delivery has a backoff of its own: a duplicate that cannot be cancelled, or an unmatched order that
 * cannot be read, never keeps the live order waiting.
 *
 * @param now Unix ms
 */
export function decide(snapshot: DeliverySnapshot, policy: DeliveryPolicy, now: number): Action {
  const successor = successorAt(snapshot);
  if (successor !== undefined) return { do: 'adopt-duplicate', orderId: successor };
  const aside = decideDuplicates(snapshot, policy, now);
  return isWork(aside) ? aside : sooner(withLiveOrder(snapshot, policy, now), aside);
}

/** The sooner of what is to be done with the live order, and of what waits beside it. */
function sooner(action: Action, aside: Action): Action {
  if (aside.do !== 'wait' || isWork(action)) return action;
  return action.do === 'wait' && action.until <= aside.until ? action : aside;
}

/**
 * The duplicate that becomes the live order now: nothing is booked, called canceled or failed while an order of the
 * delivery may be on its way.
 */
function successorAt({ state, progress }: DeliverySnapshot): string | undefined {
  if (state === 'completed') return undefined;
  // What was given up is canceled if Lalamove allows it; if not, the courier is on the road, and is followed to the
  // door.
  if (isTerminal(state)) {
    const kept = aliveDuplicate(progress);
    return kept?.cancelRefused ? kept.order.orderId : undefined;
  }
  const isOver = progress.order === undefined || ENDED_STATUSES.has(progress.order.status);
  return isOver && !isOpen(progress.attempt) ? successorOf(progress)?.order.orderId : undefined;
}

function withLiveOrder(snapshot: DeliverySnapshot, policy: DeliveryPolicy, now: number): Action {
  const { state, progress } = snapshot;
  if (isTerminal(state)) return afterEnd(snapshot, now);
  if (progress.attempt?.outcome === 'reserved') return { do: 'doubt' };
  const held = progress.retryAt !== undefined && progress.retryAt > now ? progress.retryAt : undefined;
  if (state === 'needs_attention') return atRest(progress, held);
  if (held !== undefined) return { do: 'wait', until: held };
  if (isOpen(progress.attempt)) return whenUnknown(snapshot, progress.attempt, policy, now);
  return progress.order ? withOrder(snapshot, progress.order, policy, now) : withoutOrder(progress, policy, now);
}

/** A webhook says that the order of a canceled delivery lives: a read tells. */
function afterEnd({ state, progress }: DeliverySnapshot, now: number): Action {
  const { order, needsRead, retryAt = 0 } = progress;
  if (state !== 'canceled' || !order || !needsRead) return { do: 'rest' };
  return retryAt > now ? { do: 'wait', until: retryAt } : { do: 'read', orderId: order.orderId };
}

/** A person is to decide; but what its order does is not lost, and a cancellation is not forgotten. */
function atRest(progress: DeliveryProgress, held: number | undefined): Action {
  const action = besidesPerson(progress);
  return action.do === 'rest' || held === undefined ? action : { do: 'wait', until: held };
}

function besidesPerson(progress: DeliveryProgress): Action {
  const { order } = progress;
  if (order && progress.needsRead) return { do: 'read', orderId: order.orderId };
  if (progress.cancelAskedAt === undefined || progress.cancelRefused) return { do: 'rest' };
  if (order && isLive(progress)) return { do: 'cancel', orderId: order.orderId };
  // An order that nobody has told of may be on its way: only a person can call that canceled.
  return isVouchedFor(progress) ? { do: 'drop' } : { do: 'rest' };
}

/** Whether no order is on its way that nobody here knows of, as far as that can be known. */
function isVouchedFor(progress: DeliveryProgress): boolean {
  return progress.attempt?.outcome !== 'unknown' && !isUnexplained(progress) && !progress.lost?.unknown;
}

function whenUnknown(
  { progress, unmatched }: DeliverySnapshot,
  attempt: OpenAttempt,
  { unknownOutcome, rebook }: DeliveryPolicy,
  now: number,
): Action {
  const until = Math.max(attempt.quotationExpiresAt, attempt.reservedAt) + unknownOutcome.waitMinutes * MINUTE_MS;
  if (now < until) return { do: 'wait', until };
  // Each round may put a courier on the road.
  const most = rebook === false ? 2 : rebook.maxAttempts;
  const isOver = unknownOutcome.then !== 'rebook' || progress.booked >= most || progress.cancelAskedAt !== undefined;
  if (isOver) {
    return { do: 'give-up', reason: reason('OUTCOME_UNKNOWN') };
  }
  // An order that could not be read yet may be this attempt's.
  if (unmatched.length > 0) return { do: 'rest' };
  const alive = aliveDuplicate(progress);
  return alive ? { do: 'adopt-duplicate', orderId: alive.order.orderId } : { do: 'abandon' };
}

function withoutOrder(progress: DeliveryProgress, policy: DeliveryPolicy, now: number): Action {
  const { quotation, cancelAskedAt, maxPrice } = progress;
  if (cancelAskedAt !== undefined) return { do: 'drop' };
  if (!quotation) return { do: 'quote' };
  if (quotation.expiresAt - QUOTATION_MARGIN_MS <= now) {
    return policy.requote ? { do: 'quote' } : { do: 'give-up', reason: reason('QUOTATION_EXPIRED') };
  }
  // What cannot be compared is not paid.
  if (maxPrice !== undefined && exceeds(quotation.total, maxPrice) !== false) {
    const told =
      `It costs ${quotation.currency} ${quotation.total}, and may cost ${maxPrice} at most: ` +
      'resolve({ rebook: true, maxPrice }), or resolve({ cancel: true }).';
    return { do: 'give-up', reason: reason('PRICE_ABOVE_MAX', told) };
  }
  return { do: 'book' };
}

function withOrder(snapshot: DeliverySnapshot, order: TrackedOrder, policy: DeliveryPolicy, now: number): Action {
  const { progress } = snapshot;
  const { orderId } = order;
  if (progress.replacement) {
    const { until } = progress.replacement;
    return now < until ? { do: 'wait', until } : { do: 'settle-cancellation' };
  }
  if (progress.needsRead) return { do: 'read', orderId };
  if (ENDED_WITHOUT_DRIVER.has(order.status)) return afterNoDriver(progress, order, policy);
  if (progress.cancelAskedAt !== undefined && !progress.cancelRefused) return { do: 'cancel', orderId };
  return following(snapshot, order, policy, now);
}

function afterNoDriver(
  { booked, cancelAskedAt }: DeliveryProgress,
  { status }: TrackedOrder,
  { rebook }: DeliveryPolicy,
): Action {
  if (cancelAskedAt !== undefined) return { do: 'drop' };
  const most = rebook === false ? 1 : rebook.maxAttempts;
  if (booked < most) return { do: 'rebook' };
  const told = `${booked === 1 ? 'The order' : `The last of ${booked} orders`} ended as ${status}: no driver has taken it.`;
  return { do: 'fail', reason: reason('NO_DRIVER', told) };
}

/** While an order is on its way: fees, drivers, polls, whichever comes first. */
function following(snapshot: DeliverySnapshot, order: TrackedOrder, policy: DeliveryPolicy, now: number): Action {
  const { progress, scheduleAt = 0 } = snapshot;
  const { orderId, status, driverId, driverSince } = order;
  const times: number[] = [];
  if (status === 'ASSIGNING_DRIVER' && policy.raiseFee) {
    const step = policy.raiseFee[progress.feeSteps];
    const at = step && Math.max(order.placedAt, scheduleAt) + step.afterMinutes * MINUTE_MS;
    if (step && at !== undefined && at <= now) return raise(progress, order, step.priorityFee);
    if (at !== undefined) times.push(at);
  }
  if (
    status === 'ON_GOING' &&
    policy.changeDriver &&
    driverId !== '' &&
    progress.driverChanges < policy.changeDriver.times
  ) {
    const at = Math.max(driverSince, scheduleAt) + policy.changeDriver.afterMinutes * MINUTE_MS;
    if (at <= now) return { do: 'change-driver', orderId, driverId };
    times.push(at);
  }
  const pollAt = nextPoll({ ...progress, order }, scheduleAt, policy, now);
  if (pollAt !== undefined) {
    if (pollAt <= now) return { do: 'read', orderId };
    times.push(pollAt);
  }
  return times.length === 0 ? { do: 'rest' } : { do: 'wait', until: Math.min(...times) };
}

function raise({ feeSteps, maxPrice }: DeliveryProgress, order: TrackedOrder, priorityFee: string): Action {
  const before = order.priorityFee === '' ? '0' : order.priorityFee;
  const total = withPart(order.total, before, priorityFee);
  const isMore = exceeds(priorityFee, before) === true;
  const isDear = maxPrice !== undefined && (total === undefined || exceeds(total, maxPrice) !== false);
  if (!isMore || isDear) return { do: 'skip-fee', step: feeSteps };
  return { do: 'raise-fee', orderId: order.orderId, priorityFee, step: feeSteps };
}

/** Whether there is something to be done now. */
export function isWork({ do: what }: Action): boolean {
  return what !== 'rest' && what !== 'wait';
}
