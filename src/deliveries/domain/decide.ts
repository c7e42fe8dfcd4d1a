import { aliveDuplicate, isLive, isVouchedFor, successorOf } from './adoption.js';
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

/** The next action on a delivery. */
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

/** A quotation is not used any more this long before it expires, in ms: the order would arrive too late. */
const QUOTATION_MARGIN_MS = 15_000;

/**
 * Decides the next action on a delivery. Pure: the same snapshot at the same time gives the same action. Only the lease
 * holder acts on it, and never while it posts an order. So an attempt that is still `reserved` was left by a crash.
 *
 * Each order of a delivery has its own backoff: a duplicate that cannot be cancelled, or an unmatched order that cannot
 * be read, never delays the live order.
 *
 * @param now Unix ms
 */
export function decide(snapshot: DeliverySnapshot, policy: DeliveryPolicy, now: number): Action {
  const successor = successorAt(snapshot);
  if (successor !== undefined) return { do: 'adopt-duplicate', orderId: successor };
  const aside = decideDuplicates(snapshot, policy, now);
  return isWork(aside) ? aside : sooner(withLiveOrder(snapshot, policy, now), aside);
}

/** Of the live order's action and the duplicates' wait, the one that comes first. */
function sooner(action: Action, aside: Action): Action {
  if (aside.do !== 'wait' || isWork(action)) return action;
  return action.do === 'wait' && action.until <= aside.until ? action : aside;
}

/**
 * The duplicate that becomes the live order now. While an order of the delivery may be active, nothing is booked, and
 * the delivery does not become canceled or failed.
 */
function successorAt({ state, progress }: DeliverySnapshot): string | undefined {
  if (state === 'completed') return undefined;
  // After the end, duplicates are cancelled if Lalamove allows it. If not, a courier is on the way: follow that order.
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

/** A webhook says that the order of a canceled delivery is active: read the order. */
function afterEnd({ state, progress }: DeliverySnapshot, now: number): Action {
  const { order, needsRead, retryAt = 0 } = progress;
  if (state !== 'canceled' || !order || !needsRead) return { do: 'rest' };
  return retryAt > now ? { do: 'wait', until: retryAt } : { do: 'read', orderId: order.orderId };
}

/** A person decides. Meanwhile the order is still read, and a cancellation that was asked for is still sent. */
function atRest(progress: DeliveryProgress, held: number | undefined): Action {
  const action = whilePersonDecides(progress);
  return action.do === 'rest' || held === undefined ? action : { do: 'wait', until: held };
}

function whilePersonDecides(progress: DeliveryProgress): Action {
  const { order } = progress;
  if (order && progress.needsRead) return { do: 'read', orderId: order.orderId };
  if (progress.cancelAskedAt === undefined || progress.cancelRefused) return { do: 'rest' };
  if (order && isLive(progress)) return { do: 'cancel', orderId: order.orderId };
  // An order without a webhook may be active: only a person can call the delivery canceled.
  return isVouchedFor(progress) ? { do: 'drop' } : { do: 'rest' };
}

function whenUnknown(
  { progress, unmatched }: DeliverySnapshot,
  attempt: OpenAttempt,
  { unknownOutcome, rebook }: DeliveryPolicy,
  now: number,
): Action {
  const until = Math.max(attempt.quotationExpiresAt, attempt.reservedAt) + unknownOutcome.waitMinutes * MINUTE_MS;
  if (now < until) return { do: 'wait', until };
  // Each round may send another courier.
  const most = rebook === false ? 2 : rebook.maxAttempts;
  const isOver = unknownOutcome.then !== 'rebook' || progress.booked >= most || progress.cancelAskedAt !== undefined;
  if (isOver) {
    return { do: 'give-up', reason: reason('OUTCOME_UNKNOWN') };
  }
  // An order that could not be read yet may belong to this attempt.
  if (unmatched.length > 0) return { do: 'rest' };
  const alive = aliveDuplicate(progress);
  return alive ? { do: 'adopt-duplicate', orderId: alive.order.orderId } : { do: 'abandon' };
}

function withoutOrder(progress: DeliveryProgress, policy: DeliveryPolicy, now: number): Action {
  const { quotation, cancelAskedAt, maxPrice, restored } = progress;
  if (restored) return { do: 'give-up', reason: reason('DATABASE_RESTORED') };
  if (cancelAskedAt !== undefined) return { do: 'drop' };
  if (!quotation) return { do: 'quote' };
  if (quotation.expiresAt - QUOTATION_MARGIN_MS <= now) {
    return policy.requote ? { do: 'quote' } : { do: 'give-up', reason: reason('QUOTATION_EXPIRED') };
  }
  // A price that cannot be compared is not paid.
  if (maxPrice !== undefined && exceeds(quotation.total, maxPrice) !== false) {
    const message =
      `The price is ${quotation.currency} ${quotation.total}, above maxPrice ${maxPrice}: ` +
      'call resolve({ rebook: true, maxPrice }) or resolve({ cancel: true }).';
    return { do: 'give-up', reason: reason('PRICE_ABOVE_MAX', message) };
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
  { booked, cancelAskedAt, restored }: DeliveryProgress,
  { status }: TrackedOrder,
  { rebook }: DeliveryPolicy,
): Action {
  const most = rebook === false ? 1 : rebook.maxAttempts;
  // The next order may be placed already, and lost by the restore.
  if (restored && booked < most) return { do: 'give-up', reason: reason('DATABASE_RESTORED') };
  if (cancelAskedAt !== undefined) return { do: 'drop' };
  if (booked < most) return { do: 'rebook' };
  const order = booked === 1 ? 'The order' : `The last of ${booked} orders`;
  const why = status === 'REJECTED' ? 'every driver gave it back' : 'no driver has accepted it';
  return { do: 'fail', reason: reason('NO_DRIVER', `${order} ended as ${status}: ${why}.`) };
}

/** The order is active: raise the fee, change the driver or poll, whichever comes first. */
function following(snapshot: DeliverySnapshot, order: TrackedOrder, policy: DeliveryPolicy, now: number): Action {
  const { progress, scheduleAt = 0 } = snapshot;
  const { orderId, status, driverId, driverSince } = order;
  const times: number[] = [];
  if (status === 'ASSIGNING_DRIVER' && policy.raiseFee && !progress.restored) {
    const step = policy.raiseFee[progress.feeSteps];
    const at = step && Math.max(order.placedAt, scheduleAt) + step.afterMinutes * MINUTE_MS;
    if (step && at !== undefined && at <= now) return raise(progress, order, step.priorityFee);
    if (at !== undefined) times.push(at);
  }
  if (
    status === 'ON_GOING' &&
    policy.changeDriver &&
    driverId !== '' &&
    progress.driverChanges < policy.changeDriver.maxChanges
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

/** Whether an action is to be done now. */
export function isWork({ do: what }: Action): boolean {
  return what !== 'rest' && what !== 'wait';
}
