import type { NewDeliveryEvent } from '../events/delivery-event.js';
import { adopted, becameDuplicate, withDuplicates } from './adoption.js';
import type { TrackedOrder, DuplicateOrder } from './delivery-progress.js';
import { unchanged, type Transition, type OrderClone, type Snapshot } from './transition.js';
import { ENDED_WITHOUT_DRIVER } from '../../api/order-status.js';

/** The failures of at most this many unmatched orders are remembered. */
export const MAX_UNREAD = 20;

/** The duplicate order with this id, if there is one. */
export function duplicateOf({ progress }: Snapshot, orderId: string): DuplicateOrder | undefined {
  return progress.duplicates?.find(({ order }) => order.orderId === orderId);
}

/** A duplicate order turns up, or an order of a delivery that has ended: it is cancelled if Lalamove allows it. */
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

/** Customer service has replaced an order that is not followed any more: the clone is a duplicate order. */
export function cloneFound(snapshot: Snapshot, clone: OrderClone, now: number): Transition {
  return duplicateFound(snapshot, { orderId: clone.orderId }, now, { clone });
}

/** A new tracked order: its id, the members that are given, and defaults. */
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
 * Applies a change to a duplicate order, by the rules of the live order. A duplicate that is delivered becomes the
 * live order. A duplicate that ends in another way is not followed any more.
 *
 * @param change the change of a delivery whose live order this is
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
  // Orders that this change has found, such as the clone of a duplicate.
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

/** The snapshot of the delivery if this duplicate were its only order. */
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

/** Lalamove does not allow its cancellation any more: it is followed as an order of this delivery. */
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

/** A duplicate could not be cancelled or read: retry it later, with its own backoff. */
export function duplicateHeldUp(snapshot: Snapshot, orderId: string, retryAt: number): Transition {
  return duplicateChanged(snapshot, orderId, ({ state, progress }) => ({
    state,
    progress: { ...progress, failures: progress.failures + 1, retryAt },
    events: [],
  }));
}

/** An order of an unmatched webhook could not be read: retry it later, with its own backoff. */
export function unreadHeldUp({ state, progress }: Snapshot, orderId: string, retryAt: number): Transition {
  const { failures = 0 } = progress.unread?.find((unread) => unread.orderId === orderId) ?? {};
  const others = (progress.unread ?? []).filter((unread) => unread.orderId !== orderId);
  const unread = [...others, { orderId, failures: failures + 1, retryAt }].slice(-MAX_UNREAD);
  return { state, progress: { ...progress, unread }, events: [] };
}

/** Another worker reads the order of an unmatched webhook: look later whether it is still unmatched. */
export function unreadLeft({ state, progress }: Snapshot, orderId: string, retryAt: number): Transition {
  const { failures = 0 } = progress.unread?.find((unread) => unread.orderId === orderId) ?? {};
  const others = (progress.unread ?? []).filter((unread) => unread.orderId !== orderId);
  const unread = [...others, { orderId, failures, retryAt }].slice(-MAX_UNREAD);
  return { state, progress: { ...progress, unread }, events: [] };
}

/** An order of an unmatched webhook was read: its backoff ends. */
export function unreadRead({ state, progress }: Snapshot, orderId: string): Transition {
  const others = (progress.unread ?? []).filter((unread) => unread.orderId !== orderId);
  return { state, progress: { ...progress, unread: others.length > 0 ? others : undefined }, events: [] };
}
