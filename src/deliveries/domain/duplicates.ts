import type { NewDeliveryEvent } from '../events/delivery-event.js';
import { adopted, becameDuplicate, withDuplicates } from './adoption.js';
import type { CourseOrder, DuplicateOrder } from './delivery-progress.js';
import { unchanged, type Evolution, type OrderClone, type Standing } from './transition.js';
import { ENDED_WITHOUT_DRIVER } from './order-status.js';

/** Of so many unmatched orders the failures are remembered. */
export const MAX_UNREAD = 20;

/** An order beside the live one, if this is one. */
export function duplicateOf({ course }: Standing, orderId: string): DuplicateOrder | undefined {
  return course.duplicates?.find(({ order }) => order.orderId === orderId);
}

/** An order turns up beside the live one, or after the delivery was given up: it is cancelled if Lalamove allows it. */
export function duplicateFound(
  standing: Standing,
  order: Pick<CourseOrder, 'orderId'> & Partial<CourseOrder>,
  now: number,
  rows: Pick<Evolution, 'attempts' | 'clone'>,
): Evolution {
  const { state, course } = standing;
  const { orderId } = order;
  if (course.order?.orderId === orderId || duplicateOf(standing, orderId)) return unchanged(standing);
  return {
    state,
    course: withDuplicates(course, [...(course.duplicates ?? []), { order: newOrder(order, now), ...NEWLY(now) }]),
    events: [{ type: 'duplicate_found', orderId }],
    ...rows,
  };
}

/** Customer service has replaced an order that is not followed any more: its clone is a duplicate. */
export function cloneFound(standing: Standing, clone: OrderClone, now: number): Evolution {
  return duplicateFound(standing, { orderId: clone.orderId }, now, { clone });
}

/** An order of which nothing is known but its id, and what is given. */
export function newOrder(order: Pick<CourseOrder, 'orderId'> & Partial<CourseOrder>, now: number): CourseOrder {
  return {
    status: 'ASSIGNING_DRIVER',
    toldAt: 0,
    readAt: 0,
    placedAt: now,
    driverId: '',
    driverSince: 0,
    total: '',
    priorityFee: '',
    currency: '',
    shareLink: '',
    ...order,
  };
}

const NEWLY = (now: number): Omit<DuplicateOrder, 'order'> => ({ heardAt: now, polls: 0, failures: 0 });

/**
 * Something happens to a duplicate order: it is followed by the same rules as the live one. A duplicate that is
 * delivered becomes the live order; one that has ended in another way is not followed any more.
 *
 * @param change what happens to a delivery whose live order this is
 */
export function duplicateChanged(
  standing: Standing,
  orderId: string,
  change: (alone: Standing) => Evolution,
): Evolution {
  const duplicate = duplicateOf(standing, orderId);
  if (!duplicate) return unchanged(standing);
  const { state, course, clone } = change(asLive(standing, duplicate));
  const { order = duplicate.order } = course;
  const others = (standing.course.duplicates ?? []).filter(({ order: { orderId: id } }) => id !== orderId);
  // An order that was found by this change, as the clone of a duplicate is.
  const found = course.duplicates ?? [];
  const isKnown = [standing.course.order, ...others.map((other) => other.order)].some(
    (known) => known?.orderId === order.orderId,
  );
  const end = endOf(order, state);
  const isGone = isKnown || end !== undefined;
  const later: Standing = {
    state: standing.state,
    course: withDuplicates(standing.course, [...others, ...(isGone ? [] : [becameDuplicate(course, order)]), ...found]),
  };
  const events: NewDeliveryEvent[] = [
    ...(isKnown || !end ? [] : [end]),
    ...(order.orderId !== orderId && !isKnown ? [{ type: 'duplicate_found' as const, orderId: order.orderId }] : []),
    ...found.map(({ order: { orderId: id } }) => ({ type: 'duplicate_found' as const, orderId: id })),
  ];
  if (state === 'completed' && standing.state !== 'completed') {
    const whole = withDuplicates(later.course, [...(later.course.duplicates ?? []), becameDuplicate(course, order)]);
    return { ...adopted({ state: standing.state, course: whole }, order.orderId), clone };
  }
  return { ...later, events, clone };
}

/** The delivery as it would stand if this duplicate were its only order. */
function asLive({ course }: Standing, duplicate: DuplicateOrder): Standing {
  const { order, cancelTried, ...followed } = duplicate;
  return {
    state: 'assigning',
    course: {
      ...course,
      ...{ reason: undefined, attempt: undefined, cancelAskedAt: undefined, duplicates: undefined, lost: undefined },
      ...{ inDoubt: undefined, replacement: undefined, cancelRefused: undefined, retryAt: undefined },
      ...followed,
      order,
      cancelTried: cancelTried ? order.orderId : undefined,
    },
  };
}

function endOf({ orderId, status }: CourseOrder, state: Standing['state']): NewDeliveryEvent | undefined {
  if (state === 'canceled') return { type: 'duplicate_canceled', orderId };
  const isOver = state === 'completed' || ENDED_WITHOUT_DRIVER.has(status);
  return isOver ? { type: 'duplicate_ended', orderId, status } : undefined;
}

/** Lalamove does not allow its cancellation any more: it is followed, as an order of this delivery. */
export function duplicateKept(standing: Standing, orderId: string, code: string): Evolution {
  const back = duplicateChanged(standing, orderId, ({ state, course }) => ({
    state,
    course: {
      ...course,
      ...{ failures: 0, retryAt: undefined, cancelTried: undefined },
      ...{ cancelRefused: true, inDoubt: true },
    },
    events: [],
  }));
  return { ...back, events: [{ type: 'duplicate_kept', orderId, code }] };
}

/** A duplicate could not be cancelled or read: it is tried again, by itself. */
export function duplicateHeldUp(standing: Standing, orderId: string, retryAt: number): Evolution {
  return duplicateChanged(standing, orderId, ({ state, course }) => ({
    state,
    course: { ...course, failures: course.failures + 1, retryAt },
    events: [],
  }));
}

/** An order of an unmatched webhook could not be read: it is tried again, by itself. */
export function unreadHeldUp({ state, course }: Standing, orderId: string, retryAt: number): Evolution {
  const { failures = 0 } = course.unread?.find((unread) => unread.orderId === orderId) ?? {};
  const others = (course.unread ?? []).filter((unread) => unread.orderId !== orderId);
  const unread = [...others, { orderId, failures: failures + 1, retryAt }].slice(-MAX_UNREAD);
  return { state, course: { ...course, unread }, events: [] };
}

/** An order was read: its backoff is over. */
export function unreadRead({ state, course }: Standing, orderId: string): Evolution {
  const others = (course.unread ?? []).filter((unread) => unread.orderId !== orderId);
  return { state, course: { ...course, unread: others.length > 0 ? others : undefined }, events: [] };
}
