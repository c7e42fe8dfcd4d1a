import { aliveDuplicate, isLive, isUnexplained, successorOf } from './adoption.js';
import { exceeds, withPart } from './money.js';
import {
  isOpen,
  isTerminal,
  type CourseOrder,
  type DeliveryCourse,
  type DeliveryReason,
  type DeliverySnapshot,
  type OpenAttempt,
} from './delivery-progress.js';
import type { DeliveryPolicy } from './delivery-policy.js';
import { besides, type BesidesAction } from './decide-duplicates.js';
import { nextPoll } from './next-poll.js';
import { ENDED_STATUSES, ENDED_WITHOUT_DRIVER } from './order-status.js';
import { reason } from './reasons.js';

/** The one thing that is to be done next with a delivery. */
export type Action =
  | BesidesAction
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
  const aside = besides(snapshot, policy, now);
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
function successorAt({ state, course }: DeliverySnapshot): string | undefined {
  if (state === 'completed') return undefined;
  // What was given up is canceled if Lalamove allows it; if not, the courier is on the road, and is followed to the
  // door.
  if (isTerminal(state)) {
    const kept = aliveDuplicate(course);
    return kept?.cancelRefused ? kept.order.orderId : undefined;
  }
  const isOver = course.order === undefined || ENDED_STATUSES.has(course.order.status);
  return isOver && !isOpen(course.attempt) ? successorOf(course)?.order.orderId : undefined;
}

function withLiveOrder(snapshot: DeliverySnapshot, policy: DeliveryPolicy, now: number): Action {
  const { state, course } = snapshot;
  if (isTerminal(state)) return afterEnd(snapshot, now);
  if (course.attempt?.outcome === 'reserved') return { do: 'doubt' };
  const held = course.retryAt !== undefined && course.retryAt > now ? course.retryAt : undefined;
  if (state === 'needs_attention') return atRest(course, held);
  if (held !== undefined) return { do: 'wait', until: held };
  if (isOpen(course.attempt)) return whenUnknown(snapshot, course.attempt, policy, now);
  return course.order ? withOrder(snapshot, course.order, policy, now) : withoutOrder(course, policy, now);
}

/** A webhook says that the order of a canceled delivery lives: a read tells. */
function afterEnd({ state, course }: DeliverySnapshot, now: number): Action {
  const { order, inDoubt, retryAt = 0 } = course;
  if (state !== 'canceled' || !order || !inDoubt) return { do: 'rest' };
  return retryAt > now ? { do: 'wait', until: retryAt } : { do: 'read', orderId: order.orderId };
}

/** A person is to decide; but what its order does is not lost, and a cancellation is not forgotten. */
function atRest(course: DeliveryCourse, held: number | undefined): Action {
  const action = besideThePerson(course);
  return action.do === 'rest' || held === undefined ? action : { do: 'wait', until: held };
}

function besideThePerson(course: DeliveryCourse): Action {
  const { order } = course;
  if (order && course.inDoubt) return { do: 'read', orderId: order.orderId };
  if (course.cancelAskedAt === undefined || course.cancelRefused) return { do: 'rest' };
  if (order && isLive(course)) return { do: 'cancel', orderId: order.orderId };
  // An order that nobody has told of may be on its way: only a person can call that canceled.
  return isVouchedFor(course) ? { do: 'drop' } : { do: 'rest' };
}

/** Whether no order is on its way that nobody here knows of, as far as that can be known. */
function isVouchedFor(course: DeliveryCourse): boolean {
  return course.attempt?.outcome !== 'unknown' && !isUnexplained(course) && !course.lost?.unknown;
}

function whenUnknown(
  { course, unmatched }: DeliverySnapshot,
  attempt: OpenAttempt,
  { unknownOutcome, rebook }: DeliveryPolicy,
  now: number,
): Action {
  const until = Math.max(attempt.quotationExpiresAt, attempt.reservedAt) + unknownOutcome.waitMinutes * MINUTE_MS;
  if (now < until) return { do: 'wait', until };
  // Each round may put a courier on the road.
  const most = rebook === false ? 2 : rebook.maxAttempts;
  const isOver = unknownOutcome.then !== 'rebook' || course.booked >= most || course.cancelAskedAt !== undefined;
  if (isOver) {
    return { do: 'give-up', reason: reason('OUTCOME_UNKNOWN') };
  }
  // An order that could not be read yet may be this attempt's.
  if (unmatched.length > 0) return { do: 'rest' };
  const alive = aliveDuplicate(course);
  return alive ? { do: 'adopt-duplicate', orderId: alive.order.orderId } : { do: 'abandon' };
}

function withoutOrder(course: DeliveryCourse, policy: DeliveryPolicy, now: number): Action {
  const { quotation, cancelAskedAt, maxPrice } = course;
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

function withOrder(snapshot: DeliverySnapshot, order: CourseOrder, policy: DeliveryPolicy, now: number): Action {
  const { course } = snapshot;
  const { orderId } = order;
  if (course.replacement) {
    const { until } = course.replacement;
    return now < until ? { do: 'wait', until } : { do: 'settle-cancellation' };
  }
  if (course.inDoubt) return { do: 'read', orderId };
  if (ENDED_WITHOUT_DRIVER.has(order.status)) return afterNoDriver(course, order, policy);
  if (course.cancelAskedAt !== undefined && !course.cancelRefused) return { do: 'cancel', orderId };
  return following(snapshot, order, policy, now);
}

function afterNoDriver(
  { booked, cancelAskedAt }: DeliveryCourse,
  { status }: CourseOrder,
  { rebook }: DeliveryPolicy,
): Action {
  if (cancelAskedAt !== undefined) return { do: 'drop' };
  const most = rebook === false ? 1 : rebook.maxAttempts;
  if (booked < most) return { do: 'rebook' };
  const told = `${booked === 1 ? 'The order' : `The last of ${booked} orders`} ended as ${status}: no driver has taken it.`;
  return { do: 'fail', reason: reason('NO_DRIVER', told) };
}

/** While an order is on its way: fees, drivers, polls, whichever comes first. */
function following(snapshot: DeliverySnapshot, order: CourseOrder, policy: DeliveryPolicy, now: number): Action {
  const { course, scheduleAt = 0 } = snapshot;
  const { orderId, status, driverId, driverSince } = order;
  const times: number[] = [];
  if (status === 'ASSIGNING_DRIVER' && policy.raiseFee) {
    const step = policy.raiseFee[course.feeSteps];
    const at = step && Math.max(order.placedAt, scheduleAt) + step.afterMinutes * MINUTE_MS;
    if (step && at !== undefined && at <= now) return raise(course, order, step.priorityFee);
    if (at !== undefined) times.push(at);
  }
  if (
    status === 'ON_GOING' &&
    policy.changeDriver &&
    driverId !== '' &&
    course.driverChanges < policy.changeDriver.times
  ) {
    const at = Math.max(driverSince, scheduleAt) + policy.changeDriver.afterMinutes * MINUTE_MS;
    if (at <= now) return { do: 'change-driver', orderId, driverId };
    times.push(at);
  }
  const pollAt = nextPoll({ ...course, order }, scheduleAt, policy, now);
  if (pollAt !== undefined) {
    if (pollAt <= now) return { do: 'read', orderId };
    times.push(pollAt);
  }
  return times.length === 0 ? { do: 'rest' } : { do: 'wait', until: Math.min(...times) };
}

function raise({ feeSteps, maxPrice }: DeliveryCourse, order: CourseOrder, priorityFee: string): Action {
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
