import type { NewDeliveryEvent } from '../events/delivery-event.js';
import { adopted, becameDuplicate, withDuplicates } from './adoption.js';
import type { TrackedOrder, DuplicateOrder } from './delivery-progress.js';
import { unchanged, type Transition, type OrderClone, type Snapshot } from './transition.js';
import { ENDED_WITHOUT_DRIVER } from '../../api/order-status.js';

/** Of so many unmatched orders the failures are remembered. */
export const MAX_UNREAD = 20;

/** An order beside the live one, if this is one. */
export function duplicateOf({ progress }: Snapshot, orderId: string): DuplicateOrder | undefined {
  return progress.duplicates?.find(({ order }) => order.orderId === orderId);
}

/** An order turns up beside the live one, or after the delivery was given up: it is cancelled if Lalamove allows it. */
export function duplicateFound(
  snapshot: Snapshot,
  order: Pick<TrackedOrder, 'orderId'> & Partial<TrackedOrder>,
  now: number,
  rows: Pick<Transition, 'attempts' | 'clone'>,
): Transition {
  const { state, progress } = snapshot;
  const { orderId } = order;
  if (progress.order?.orderId === orderId || duplicateOf(snapshot, orderId)) return unchanged(snapshot);
  return {
    state,
    progress: withDuplicates(progress, [
      ...(progress.duplicates ?? []),
      { order: newOrder(order, now), ...NEWLY(now) },
    ]),
    events: [{ type: 'duplicate_found', orderId }],
    ...rows,
  };
}

/** Customer service has replaced an order that is not followed any more: its clone is a duplicate. */
export function cloneFound(snapshot: Snapshot, clone: OrderClone, now: number): Transition {
  return duplicateFound(snapshot, { orderId: clone.orderId }, now, { clone });
}

/** An order of which nothing is known but its id, and what is given. */
export function newOrder(order: Pick<TrackedOrder, 'orderId'> & Partial<TrackedOrder>, now: number): TrackedOrder {
  return {
    status: 'ASSIGNING_DRIVER',
    statusAt: 0,
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

const NEWLY = (now: number): Omit<DuplicateOrder, 'order'> => ({ lastUpdateAt: now, polls: 0, failures: 0 });

/**
 * Something happens to a duplicate order: it is followed by the same rules as the live one. A duplicate that is
 * delivered becomes the live order; one that has ended in another way is not followed any more.
 *
 * @param change what happens to a delivery whose live order this is
 */
export function duplicateChanged(
  snapshot: Snapshot,
  orderId: string,
  change: (alone: Snapshot) => Transition,
): Transition {
  const duplicate = duplicateOf(snapshot, orderId);
  if (!duplicate) return unchanged(snapshot);
  const { state, progress, clone } = change(asLive(snapshot, duplicate));
  const { order = duplicate.order } = progress;
  const others = (snapshot.progress.duplicates ?? []).filter(({ order: { orderId: id } }) => id !== orderId);
  // An order that was found by this change, as the clone of a duplicate is.
  const found = progress.duplicates ?? [];
  const isKnown = [snapshot.progress.order, ...others.map((other) => other.order)].some(
    (known) => known?.orderId === order.orderId,
  );
  const end = endOf(order, state);
  const isGone = isKnown || end !== undefined;
  const later: Snapshot = {
    state: snapshot.state,
    progress: withDuplicates(snapshot.progress, [
      ...others,
      ...(isGone ? [] : [becameDuplicate(progress, order)]),
      ...found,
    ]),
  };
  const events: NewDeliveryEvent[] = [
    ...(isKnown || !end ? [] : [end]),
    ...(order.orderId !== orderId && !isKnown ? [{ type: 'duplicate_found' as const, orderId: order.orderId }] : []),
    ...found.map(({ order: { orderId: id } }) => ({ type: 'duplicate_found' as const, orderId: id })),
  ];
  if (state === 'completed' && snapshot.state !== 'completed') {
    const whole = withDuplicates(later.progress, [
      ...(later.progress.duplicates ?? []),
      becameDuplicate(progress, order),
    ]);
    return { ...adopted({ state: snapshot.state, progress: whole }, order.orderId), clone };
  }
  return { ...later, events, clone };
}

/** The delivery as it would stand if this duplicate were its only order. */
function asLive({ progress }: Snapshot, duplicate: DuplicateOrder): Snapshot {
  const { order, cancelSent, ...followed } = duplicate;
  return {
    state: 'assigning',
    progress: {
      ...progress,
      ...{ reason: undefined, attempt: undefined, cancelAskedAt: undefined, duplicates: undefined, lost: undefined },
      ...{ needsRead: undefined, replacement: undefined, cancelRefused: undefined, retryAt: undefined },
      ...followed,
      order,
      cancelSent: cancelSent ? order.orderId : undefined,
    },
  };
}

function endOf({ orderId, status }: TrackedOrder, state: Snapshot['state']): NewDeliveryEvent | undefined {
  if (state === 'canceled') return { type: 'duplicate_canceled', orderId };
  const isOver = state === 'completed' || ENDED_WITHOUT_DRIVER.has(status);
  return isOver ? { type: 'duplicate_ended', orderId, status } : undefined;
}

/** Lalamove does not allow its cancellation any more: it is followed, as an order of this delivery. */
export function duplicateRefused(snapshot: Snapshot, orderId: string, code: string): Transition {
  const back = duplicateChanged(snapshot, orderId, ({ state, progress }) => ({
    state,
    progress: {
      ...progress,
      ...{ failures: 0, retryAt: undefined, cancelSent: undefined },
      ...{ cancelRefused: true, needsRead: true },
    },
    events: [],
  }));
  return { ...back, events: [{ type: 'duplicate_kept', orderId, code }] };
}

/** A duplicate could not be cancelled or read: it is tried again, by itself. */
export function duplicateHeldUp(snapshot: Snapshot, orderId: string, retryAt: number): Transition {
  return duplicateChanged(snapshot, orderId, ({ state, progress }) => ({
    state,
    progress: { ...progress, failures: progress.failures + 1, retryAt },
    events: [],
  }));
}

/** An order of an unmatched webhook could not be read: it is tried again, by itself. */
export function unreadHeldUp({ state, progress }: Snapshot, orderId: string, retryAt: number): Transition {
  const { failures = 0 } = progress.unread?.find((unread) => unread.orderId === orderId) ?? {};
  const others = (progress.unread ?? []).filter((unread) => unread.orderId !== orderId);
  const unread = [...others, { orderId, failures: failures + 1, retryAt }].slice(-MAX_UNREAD);
  return { state, progress: { ...progress, unread }, events: [] };
}

/** An order was read: its backoff is over. */
export function unreadRead({ state, progress }: Snapshot, orderId: string): Transition {
  const others = (progress.unread ?? []).filter((unread) => unread.orderId !== orderId);
  return { state, progress: { ...progress, unread: others.length > 0 ? others : undefined }, events: [] };
}
