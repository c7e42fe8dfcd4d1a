import { exceeds, withPart } from './amount.js';
import type { CourseOrder, DeliveryCourse, DeliveryReason, DeliverySnapshot } from './delivery-course.js';
import { isTerminal } from './delivery-course.js';
import type { DeliveryPolicy } from './delivery-policy.js';
import { reason } from './reasons.js';

/** The one thing that is to be done next with a delivery. */
export type Action =
  | { readonly do: 'rest' }
  | { readonly do: 'wait'; readonly until: number }
  | { readonly do: 'quote' }
  | { readonly do: 'book' }
  | { readonly do: 'doubt' }
  | { readonly do: 'identify'; readonly orderId: string }
  | { readonly do: 'abandon' }
  | { readonly do: 'cancel'; readonly orderId: string }
  | { readonly do: 'cancel-stray'; readonly orderId: string }
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

/** Polling of a scheduled order begins so long before its pick-up. */
const AN_HOUR_MS = 60 * MINUTE_MS;

const ENDED_WITHOUT_DRIVER = new Set(['REJECTED', 'EXPIRED']);

/**
 * Says what is to be done next with a delivery. Pure: the same snapshot at the same time gives the same action. It is acted upon by who has the lease alone, and never while
 * an order is being posted, so an attempt that is still `reserved` was left behind by a crash.
 *
 * @param now Unix ms
 */
export function decide(snapshot: DeliverySnapshot, policy: DeliveryPolicy, now: number): Action {
  const { state, course } = snapshot;
  const [stray] = course.strays ?? [];
  const held = course.retryAt !== undefined && course.retryAt > now ? course.retryAt : undefined;
  if (stray !== undefined)
    return held === undefined ? { do: 'cancel-stray', orderId: stray } : { do: 'wait', until: held };
  if (course.lost && now < course.lost.until && snapshot.stranger !== undefined) {
    return held === undefined ? { do: 'identify', orderId: snapshot.stranger } : { do: 'wait', until: held };
  }
  if (isTerminal(state)) return { do: 'rest' };
  if (course.attempt?.outcome === 'reserved') return { do: 'doubt' };
  if (state === 'needs_attention') return atRest(snapshot, held);
  if (held !== undefined) return { do: 'wait', until: held };
  if (course.attempt?.outcome === 'unknown') return whenUnknown(snapshot, course.attempt, policy, now);
  return course.order ? withOrder(snapshot, course.order, policy, now) : withoutOrder(course, policy, now);
}

/** A person is to decide; but an order that turns up by itself, or a cancellation, is not forgotten. */
function atRest({ course, stranger }: DeliverySnapshot, held: number | undefined): Action {
  const isUnknown = course.attempt?.outcome === 'unknown';
  const isToCancel = course.cancelAskedAt !== undefined && !course.cancelRefused;
  const action: Action =
    isUnknown && stranger !== undefined
      ? { do: 'identify', orderId: stranger }
      : isToCancel && course.order && isLive(course)
        ? { do: 'cancel', orderId: course.order.orderId }
        : isToCancel && !isUnknown && !isUnexplained(course)
          ? { do: 'drop' }
          : { do: 'rest' };
  return action.do === 'rest' || held === undefined ? action : { do: 'wait', until: held };
}

function whenUnknown(
  { stranger, course }: DeliverySnapshot,
  attempt: NonNullable<DeliveryCourse['attempt']>,
  { unknownOutcome, rebook }: DeliveryPolicy,
  now: number,
): Action {
  if (stranger !== undefined) return { do: 'identify', orderId: stranger };
  const until = Math.max(attempt.quotationExpiresAt, attempt.reservedAt) + unknownOutcome.waitMinutes * MINUTE_MS;
  if (now < until) return { do: 'wait', until };
  // Each round may put a courier on the road.
  const most = rebook === false ? 2 : rebook.maxAttempts;
  const isAgain = unknownOutcome.then === 'rebook' && course.booked < most;
  return isAgain ? { do: 'abandon' } : { do: 'give-up', reason: reason('OUTCOME_UNKNOWN') };
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
    const told = `It costs ${quotation.currency} ${quotation.total}, and may cost ${maxPrice} at the most.`;
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
  if (policy.poll) {
    const pause = Math.min(policy.poll.everySeconds * 2 ** Math.min(course.polls, 20), policy.poll.mostSeconds) * 1000;
    // Nothing happens to an order hours before its pick-up that a webhook would not tell.
    const quietUntil = status === 'ASSIGNING_DRIVER' || status === 'ON_GOING' ? scheduleAt - AN_HOUR_MS : 0;
    // What was heard of in the future was heard of by a clock that was wrong: a read tells.
    const isAhead = course.heardAt > now + MINUTE_MS;
    const at = Math.max(isAhead ? now : course.heardAt + pause, quietUntil);
    if (at <= now) return { do: 'read', orderId };
    times.push(at);
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

/** Whether its order was cancelled by somebody else: a clone that nobody has told of may be on its way, so that it is not called canceled but by a person. */
function isUnexplained({ order, cancelTried }: DeliveryCourse): boolean {
  return order !== undefined && CANCELED_STATUSES.has(order.status) && cancelTried !== order.orderId;
}

/** Whether there is something to be done now. */
export function isWork({ do: what }: Action): boolean {
  return what !== 'rest' && what !== 'wait';
}

/** Whether there is an order that is on its way, or may be. */
export function isLive({ order, replacement }: DeliveryCourse): boolean {
  return order !== undefined && replacement === undefined && !ENDED_STATUSES.has(order.status);
}

/** Both spellings of Lalamove's. */
export const CANCELED_STATUSES: ReadonlySet<string> = new Set(['CANCELED', 'CANCELLED']);

/** Statuses of Lalamove's that do not change any more, but for a replacement. */
export const ENDED_STATUSES: ReadonlySet<string> = new Set([
  'COMPLETED',
  'CANCELED',
  'CANCELLED',
  'REJECTED',
  'EXPIRED',
]);
