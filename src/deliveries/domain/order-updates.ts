import type { NewDeliveryEvent } from '../events/delivery-event.js';
import { endedUnlessDuplicates } from './adoption.js';
import { isTerminal, type TrackedOrder, type DeliveryProgress } from './delivery-progress.js';
import type { DeliveryPolicy } from './delivery-policy.js';
import { cloneFound, duplicateChanged, duplicateOf, newOrder } from './duplicates.js';
import { unchanged, type Transition, type OrderClone, type Snapshot } from './transition.js';
import { needsRead } from './transitions.js';
import {
  CANCELED_STATUSES,
  DRIVERLESS_STATUSES,
  ENDED_STATUSES,
  ENDED_WITHOUT_DRIVER,
} from '../../api/order-status.js';
import { RANK_OF_STATUS, STATE_OF_STATUS } from './state-of-status.js';
import { stateEvents } from './state-events.js';

/** Clocks may be apart by so much: what was read here and what was told there cannot be ordered within it. */
const SKEW_MS = 10 * 60_000;

const MINUTE_MS = 60_000;

/** News of an order's status. */
export interface StatusUpdate {
  readonly status: string;
  /** Empty where none was told. */
  readonly driverId: string;
  readonly cancelParty?: string | undefined;
}

/** What a read of an order says. */
export interface OrderReading extends StatusUpdate {
  readonly orderId: string;
  readonly total: string;
  readonly priorityFee: string;
  readonly currency: string;
  readonly shareLink: string;
}

/**
 * A webhook tells a status. Of two webhooks the one with the later signed timestamp holds; where the two cannot be ordered, or one cannot be ordered against a read,
 * a read is wanted.
 *
 * @param signedAt Unix ms, by Lalamove's clock
 */
export function statusUpdated(
  snapshot: Snapshot,
  update: StatusUpdate,
  signedAt: number,
  policy: DeliveryPolicy,
  now: number,
): Transition {
  const { state, progress } = snapshot;
  const { order } = progress;
  if (!order || signedAt < order.statusAt) return unchanged(snapshot);
  if (isTerminal(state) && !CANCELED_STATUSES.has(update.status))
    return updatedAfterEnd(snapshot, order, update, signedAt);
  const isChange =
    update.status !== order.status ||
    (CANCELED_STATUSES.has(update.status) && progress.replacement?.isAnnounced === false);
  const heard = { ...progress, lastUpdateAt: now, polls: 0 };
  if (!isChange) {
    const later = { ...order, statusAt: signedAt, ...driverOf(order, update, now) };
    return { state, progress: { ...heard, order: later }, events: driverEvents(order, later) };
  }
  const isTie = signedAt === order.statusAt;
  const isNearRead = order.readAt > 0 && Math.abs(signedAt - order.readAt) < SKEW_MS;
  if (order.readAt > 0 && !isNearRead && signedAt < order.readAt) return unchanged(snapshot);
  // A step back is rare, and a retry that was signed anew looks like one. A cancellation is an end, whenever it was, and says more than a read does.
  const isBack =
    ENDED_STATUSES.has(order.status) || (RANK_OF_STATUS[update.status] ?? 9) < (RANK_OF_STATUS[order.status] ?? 0);
  if ((isTie || isNearRead || isBack) && !CANCELED_STATUSES.has(update.status)) {
    return { state, progress: { ...heard, needsRead: true, order: { ...order, statusAt: signedAt } }, events: [] };
  }
  return moved({ state, progress: { ...heard, order: { ...order, statusAt: signedAt } } }, update, policy, {
    now,
    isAnnounced: true,
  });
}

/** An answer that called it canceled may have been of something in between: a webhook of its order asks for a read. */
function updatedAfterEnd(
  { state, progress }: Snapshot,
  order: TrackedOrder,
  { status }: StatusUpdate,
  signedAt: number,
): Transition {
  const isContradicted =
    state === 'canceled' && CANCELED_STATUSES.has(order.status) && !ENDED_WITHOUT_DRIVER.has(status);
  if (!isContradicted) return unchanged({ state, progress });
  return { state, progress: { ...progress, needsRead: true, order: { ...order, statusAt: signedAt } }, events: [] };
}

/**
 * A read tells how an order stands. What a webhook has told while it was under way may be newer: then another read is wanted.
 *
 * @param statusAtBefore `statusAt` of the order when the read began
 */
export function readAs(
  snapshot: Snapshot,
  reading: OrderReading,
  statusAtBefore: number,
  policy: DeliveryPolicy,
  now: number,
): Transition {
  const { state, progress } = snapshot;
  const { order } = progress;
  // What has ended was told while the read was under way: the read is older, if it says otherwise.
  if (order?.orderId !== reading.orderId || isTerminal(state)) return unchanged(snapshot);
  if (order.statusAt !== statusAtBefore && order.status !== reading.status && !ENDED_STATUSES.has(reading.status)) {
    return { state, progress: { ...progress, needsRead: true }, events: [] };
  }
  const { total, priorityFee, currency, shareLink } = reading;
  const isChange = reading.status !== order.status || driverOf(order, reading, now).driverId !== order.driverId;
  const seen: DeliveryProgress = {
    ...progress,
    failures: 0,
    retryAt: undefined,
    needsRead: undefined,
    lastUpdateAt: now,
    polls: isChange ? 0 : progress.polls + 1,
    order: { ...order, total, priorityFee, currency, shareLink, readAt: now },
  };
  const priced: NewDeliveryEvent[] =
    order.total !== '' && total !== order.total
      ? [{ type: 'price_changed', orderId: order.orderId, total, currency }]
      : [];
  const transition = moved({ state, progress: seen }, reading, policy, { now, isAnnounced: false });
  return { ...transition, events: [...priced, ...transition.events] };
}

/**
 * A read that was begun after the delivery was canceled tells how its order stands: if that lives after all, the delivery
 * goes on with it, and a cancellation that was asked for is tried anew.
 */
export function readAfterEnd(
  snapshot: Snapshot,
  reading: OrderReading,
  policy: DeliveryPolicy,
  now: number,
): Transition {
  const { state, progress } = snapshot;
  const { order, needsRead: isDoubted } = progress;
  if (state !== 'canceled' || order?.orderId !== reading.orderId) return unchanged(snapshot);
  const calm = { ...progress, needsRead: undefined, failures: 0, retryAt: undefined };
  if (!isDoubted || isEndedAsCanceled(reading.status)) return { state, progress: calm, events: [] };
  const { orderId } = order;
  const back = { ...calm, lastUpdateAt: now, polls: 0, cancelSent: undefined, order: { ...order, readAt: now } };
  const transition = moved({ state, progress: back }, reading, policy, { now, isAnnounced: false });
  return { ...transition, events: [{ type: 'cancel_refused', orderId, code: 'ORDER_ALIVE' }, ...transition.events] };
}

function isEndedAsCanceled(status: string): boolean {
  return ENDED_STATUSES.has(status) && status !== 'COMPLETED';
}

function moved(
  { state, progress }: Snapshot,
  update: StatusUpdate,
  policy: DeliveryPolicy,
  { now, isAnnounced }: { now: number; isAnnounced: boolean },
): Transition {
  const { order } = progress;
  if (!order) return unchanged({ state, progress });
  if (CANCELED_STATUSES.has(update.status))
    return wasCanceled({ state, progress }, order, update, policy, { now, isAnnounced });
  const later: TrackedOrder = { ...order, status: update.status, ...driverOf(order, update, now) };
  const next = STATE_OF_STATUS[update.status] ?? state;
  // An order that lives is no reason to wait for a person any more, but one that was looked into by none.
  const revived: DeliveryProgress = {
    ...progress,
    order: later,
    replacement: undefined,
    reason: next === 'needs_attention' ? progress.reason : undefined,
    // Once it has lost its driver it can be cancelled again.
    cancelRefused:
      update.status === 'ASSIGNING_DRIVER' && order.status !== 'ASSIGNING_DRIVER' ? undefined : progress.cancelRefused,
  };
  return {
    state: next,
    progress: revived,
    events: [...driverEvents(order, later), ...stateEvents(state, next, later)],
  };
}

/** A cancellation that was not asked for here may be the first half of a replacement. */
function wasCanceled(
  { state, progress }: Snapshot,
  order: TrackedOrder,
  { status, cancelParty }: StatusUpdate,
  { replacement }: DeliveryPolicy,
  { now, isAnnounced }: { now: number; isAnnounced: boolean },
): Transition {
  const { orderId } = order;
  const later = { ...progress, order: { ...order, status }, needsRead: undefined };
  if (isTerminal(state)) return { state, progress: later, events: [] };
  const isByUs = isAnnounced && cancelParty !== undefined ? cancelParty === 'USER' : progress.cancelSent === orderId;
  if (isByUs) {
    return endedUnlessDuplicates(
      { state, progress },
      {
        state: 'canceled',
        progress: { ...later, replacement: undefined, reason: undefined, cancelSent: orderId },
        events: [{ type: 'canceled', orderId }],
      },
    );
  }
  if (state === 'needs_attention' && !isAnnounced) return { state, progress: later, events: [] };
  // Others have cancelled it: what was tried here does not explain it.
  const others = { ...later, cancelSent: undefined };
  const until = progress.replacement?.until ?? now + replacement.waitMinutes * MINUTE_MS;
  const wasAnnounced = progress.replacement?.isAnnounced ?? false;
  return {
    state,
    progress: { ...others, replacement: { until, isAnnounced: wasAnnounced || isAnnounced } },
    events: [],
  };
}

/** Lalamove says that the order has been cancelled already, and it was not by us. */
export function canceledElsewhere(snapshot: Snapshot, policy: DeliveryPolicy, now: number): Transition {
  const { order } = snapshot.progress;
  if (!order) return unchanged(snapshot);
  return wasCanceled(snapshot, order, { status: 'CANCELED', driverId: '' }, policy, { now, isAnnounced: false });
}

/** The driver of an order, as news tell of him. Those that leave him out take him away only by a status without a driver. */
function driverOf(
  order: TrackedOrder,
  { status, driverId }: Pick<StatusUpdate, 'status' | 'driverId'>,
  now: number,
): Pick<TrackedOrder, 'driverId' | 'driverSince'> {
  const { driverSince } = order;
  const isLeftOut = driverId === '' && !DRIVERLESS_STATUSES.has(status);
  if (isLeftOut || driverId === order.driverId) return { driverId: order.driverId, driverSince };
  return { driverId, driverSince: driverId === '' ? 0 : now };
}

function driverEvents(before: TrackedOrder, { orderId, driverId }: TrackedOrder): NewDeliveryEvent[] {
  return driverId !== '' && driverId !== before.driverId ? [{ type: 'driver_assigned', orderId, driverId }] : [];
}

/** A webhook tells of a driver. */
export function driverUpdated(
  { state, progress }: Snapshot,
  driverId: string,
  signedAt: number,
  now: number,
): Transition {
  const { order } = progress;
  const isLate = !order || isTerminal(state) || ENDED_STATUSES.has(order.status) || signedAt < order.statusAt;
  if (isLate) return unchanged({ state, progress });
  // Which of two drivers is the later one, and whether one has given the order back already, only a read can tell.
  const isUnsure = order.driverId !== '' || order.status === 'ASSIGNING_DRIVER';
  if (isUnsure && order.driverId !== driverId) {
    return { state, progress: { ...progress, needsRead: true, lastUpdateAt: now, polls: 0 }, events: [] };
  }
  const later = { ...order, ...driverOf(order, { status: order.status, driverId }, now) };
  return {
    state,
    progress: { ...progress, order: later, lastUpdateAt: now, polls: 0 },
    events: driverEvents(order, later),
  };
}

/**
 * A webhook tells of a price. Of two the one with the later signed timestamp holds; where it cannot be ordered against a read, a read is wanted.
 *
 * @param signedAt Unix ms, by Lalamove's clock
 */
export function priceUpdated(
  { state, progress }: Snapshot,
  price: { totalPrice: string; priorityFee: string; currency: string },
  signedAt: number,
  now: number,
): Transition {
  const { order } = progress;
  if (!order || signedAt < (order.pricedAt ?? 0) || signedAt < order.readAt - SKEW_MS)
    return unchanged({ state, progress });
  const { totalPrice: total, priorityFee } = price;
  const currency = price.currency === '' ? order.currency : price.currency;
  const isNearRead = order.readAt > 0 && signedAt < order.readAt + SKEW_MS && total !== order.total;
  if (isNearRead && !isTerminal(state)) {
    const doubted = { ...order, pricedAt: signedAt };
    return {
      state,
      progress: { ...progress, order: doubted, needsRead: true, lastUpdateAt: now, polls: 0 },
      events: [],
    };
  }
  const events: NewDeliveryEvent[] =
    total === order.total ? [] : [{ type: 'price_changed', orderId: order.orderId, total, currency }];
  const later = { ...order, total, priorityFee, currency, pricedAt: signedAt };
  return { state, progress: { ...progress, order: later, lastUpdateAt: now, polls: 0 }, events };
}

/** Customer service has put another order in the place of this one. It leads away from every end. */
export function replaced(snapshot: Snapshot, { prevOrderId, orderId }: OrderClone, now: number): Transition {
  const { progress } = snapshot;
  const { order, duplicates } = progress;
  if (order?.orderId !== prevOrderId) return unchanged(snapshot);
  const { total, priorityFee, currency } = order;
  return {
    state: 'assigning',
    // How the clone stands, only a read can tell: its own events may have come before this one.
    progress: {
      ...progress,
      order: newOrder({ orderId, total, priorityFee, currency }, now),
      // The clone may have been taken for a duplicate before it was told of.
      duplicates: duplicates?.filter((duplicate) => duplicate.order.orderId !== orderId),
      reason: undefined,
      replacement: undefined,
      needsRead: true,
      cancelRefused: undefined,
      lastUpdateAt: now,
      polls: 0,
      failures: 0,
      retryAt: undefined,
    },
    events: [{ type: 'replaced', orderId, prevOrderId }],
    clone: { prevOrderId, orderId },
  };
}

/**
 * Customer service has put an order in the place of another one of this delivery: the live one, a duplicate, or a
 * former one.
 */
export function replacedAny(snapshot: Snapshot, clone: OrderClone, now: number): Transition {
  const { prevOrderId } = clone;
  if (snapshot.progress.order?.orderId === prevOrderId) return replaced(snapshot, clone, now);
  if (!duplicateOf(snapshot, prevOrderId)) return cloneFound(snapshot, clone, now);
  return duplicateChanged(snapshot, prevOrderId, (alone) => replaced(alone, clone, now));
}

/**
 * An attempt's order turns up under another id. An attempt is posted once, so that it is customer service's clone,
 * whose `ORDER_REPLACED` is late or lost; unless the first one lives still, or has been given up.
 *
 * @param lastUpdateAt when the other id was heard of, in Unix ms by our clock
 */
export function namedAgain(snapshot: Snapshot, clone: OrderClone, lastUpdateAt: number, now: number): Transition {
  const { order } = snapshot.progress;
  const { prevOrderId } = clone;
  if (order?.orderId !== prevOrderId) {
    if (!duplicateOf(snapshot, prevOrderId)) return cloneFound(snapshot, clone, now);
    return duplicateChanged(snapshot, prevOrderId, (alone) => namedAgain(alone, clone, lastUpdateAt, now));
  }
  // What was delivered is left by an `ORDER_REPLACED` alone, not by a guess.
  if (CANCELED_STATUSES.has(order.status) && snapshot.state !== 'completed') return replaced(snapshot, clone, now);
  const isSure = order.readAt > lastUpdateAt || isTerminal(snapshot.state);
  return isSure ? cloneFound(snapshot, clone, now) : needsRead(snapshot);
}
