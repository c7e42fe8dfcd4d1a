import { lostWith } from './lost-attempts.js';
import { isOpen, isTerminal, type CourseOrder, type DeliveryCourse, type DuplicateOrder } from './delivery-progress.js';
import { unchanged, type Evolution, type Standing } from './transition.js';
import { reason } from './reasons.js';
import { CANCELED_STATUSES, ENDED_STATUSES, STATE_OF_STATUS } from './order-status.js';
import { stateEvents } from './state-events.js';

/** The orders beside the live one. */
export function withDuplicates(course: DeliveryCourse, duplicates: readonly DuplicateOrder[]): DeliveryCourse {
  return { ...course, duplicates: duplicates.length > 0 ? duplicates : undefined };
}

/** An order of a delivery with all that says how it is followed, as one beside the live order. */
export function becameDuplicate(course: DeliveryCourse, order: CourseOrder): DuplicateOrder {
  const { inDoubt, replacement, cancelRefused, cancelTried, heardAt, polls, failures, retryAt } = course;
  const isTried = cancelTried === order.orderId || undefined;
  return { order, inDoubt, replacement, cancelRefused, cancelTried: isTried, heardAt, polls, failures, retryAt };
}

/** Whether there is an order that is on its way, or may be. */
export function isLive({ order, replacement }: DeliveryCourse): boolean {
  return order !== undefined && replacement === undefined && !ENDED_STATUSES.has(order.status);
}

/**
 * Whether its order was cancelled, and not by us: customer service may have put a clone in its place that nobody has
 * told of.
 */
export function isUnexplained({ order, cancelTried }: DeliveryCourse): boolean {
  return order !== undefined && CANCELED_STATUSES.has(order.status) && cancelTried !== order.orderId;
}

/** An order that is on its way, or may be: the live one, or a duplicate. */
export function orderOnItsWay(course: DeliveryCourse): CourseOrder | undefined {
  return isLive(course) ? course.order : aliveDuplicate(course)?.order;
}

/** A duplicate that is on its way; one that Lalamove does not cancel any more before others. */
export function aliveDuplicate({ duplicates = [] }: DeliveryCourse): DuplicateOrder | undefined {
  const alive = duplicates.filter(({ order }) => !ENDED_STATUSES.has(order.status));
  return alive.find(({ cancelRefused }) => cancelRefused) ?? alive[0];
}

/** The duplicate that takes the place of an order that has ended, if there is one. */
export function successorOf(course: DeliveryCourse): DuplicateOrder | undefined {
  // A clone of a cancelled duplicate may be on its way: that is looked into before anything is booked.
  return aliveDuplicate(course) ?? (isUnexplained(course) ? undefined : course.duplicates?.[0]);
}

/**
 * A duplicate becomes the live order. The order that was live, if it may be on its way still, becomes a duplicate.
 *
 * @param isOver whether it is certain that the order that was live has ended, and that no clone of it is on its way
 */
export function adopted({ state, course }: Standing, orderId: string, isOver = false): Evolution {
  const duplicate = course.duplicates?.find(({ order }) => order.orderId === orderId);
  if (!duplicate) return unchanged({ state, course });
  const { order, cancelTried, ...followed } = duplicate;
  const { attempt } = course;
  const former = isOver ? undefined : formerOrder(course);
  const others = (course.duplicates ?? []).filter((other) => other !== duplicate);
  const next = STATE_OF_STATUS[order.status] ?? 'assigning';
  const isEnded = ENDED_STATUSES.has(order.status);
  return {
    state: next,
    course: withDuplicates(
      {
        ...course,
        ...{ reason: undefined, quotation: undefined, replacement: undefined },
        ...followed,
        order,
        failures: 0,
        retryAt: undefined,
        inDoubt: !isEnded || undefined,
        cancelTried: cancelTried ? orderId : undefined,
        // Lalamove may think otherwise by now: a cancellation that the host has asked for is tried.
        cancelRefused: undefined,
        feeSteps: 0,
        driverChanges: 0,
        lost: lostWith(course),
        attempt: isOpen(attempt) ? { ...attempt, outcome: 'abandoned' } : attempt,
      },
      [...others, ...(former ? [former] : [])],
    ),
    events: [
      { type: 'duplicate_adopted', orderId, prevOrderId: course.order?.orderId },
      ...(former && !ENDED_STATUSES.has(former.order.status)
        ? [{ type: 'duplicate_found' as const, orderId: former.order.orderId }]
        : []),
      ...(isEnded && next !== 'completed' ? [] : stateEvents(state, next, order)),
    ],
    attempts: isOpen(attempt) ? [{ id: attempt.id, outcome: 'abandoned' }] : [],
  };
}

/** The live order as a duplicate, if it may be on its way still, or a clone of it may be. */
function formerOrder(course: DeliveryCourse): DuplicateOrder | undefined {
  const { order } = course;
  if (!order) return undefined;
  const former = becameDuplicate(course, order);
  if (!ENDED_STATUSES.has(order.status)) return { ...former, cancelRefused: undefined };
  return isUnexplained(course)
    ? { ...former, replacement: course.replacement ?? { until: course.heardAt, told: false } }
    : undefined;
}

/**
 * An end without a courier. A delivery is not called canceled or failed while another order of it may be on its way: a
 * duplicate becomes its live order instead. If an attempt was given up without knowing what became of it, a person decides.
 */
export function endedUnlessDuplicates(before: Standing, end: Evolution): Evolution {
  const successor = isTerminal(before.state) ? undefined : successorOf({ ...end.course, order: undefined });
  if (!successor) return isTerminal(before.state) || !end.course.lost?.unknown ? end : needsToVouch(end);
  const standing = { state: before.state, course: end.course };
  const { attempts = [], ...evolution } = adopted(standing, successor.order.orderId, true);
  return { ...evolution, attempts: [...(end.attempts ?? []), ...attempts] };
}

function needsToVouch({ course, attempts }: Evolution): Evolution {
  const because = reason('OUTCOME_UNKNOWN');
  return {
    state: 'needs_attention',
    course: { ...course, reason: because },
    events: [{ type: 'needs_attention', reason: because }],
    ...(attempts && { attempts }),
  };
}
