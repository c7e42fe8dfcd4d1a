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

/** How far our clock and Lalamove's may differ, in ms. A read and a webhook within it cannot be put in order. */
const SKEW_MS = 10 * 60_000;

const MINUTE_MS = 60_000;

/** A status of an order, by webhook or by a read. */
export interface StatusUpdate {
  readonly status: string;
  /** Empty if the update names no driver. */
  readonly driverId: string;
  readonly cancelParty?: string | undefined;
}

/** The result of reading an order. */
export interface OrderReading extends StatusUpdate {
  readonly orderId: string;
  readonly total: string;
  readonly priorityFee: string;
  readonly currency: string;
  readonly shareLink: string;
}

/**
 * Applies the status of a webhook. Of two webhooks the one with the later signed timestamp holds. If two webhooks, or a
 * webhook and a read, cannot be put in order, the order must be read.
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
  // A step back is rare, and a webhook that was retried with a new signature looks like one. A cancellation is final,
  // whenever it was signed, and says more than a read.
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

/** The answer that called it canceled may have come from a proxy: after a contradicting webhook, read the order. */
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
 * Applies the result of a read. A webhook that arrived during the read may be newer: then read the order again.
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
  // A webhook ended the delivery during the read. If the read says otherwise, the read is older.
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
 * Applies a read that began after the delivery was canceled. If the order is active after all, the delivery goes on
 * with it, and a cancellation that was asked for is sent again.
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
  // An active order ends the wait for a person, unless its status is not known to this package.
  const revived: DeliveryProgress = {
    ...progress,
    order: later,
    replacement: undefined,
    reason: next === 'needs_attention' ? progress.reason : undefined,
    // An order that has lost its driver can be cancelled again.
    cancelRefused:
      update.status === 'ASSIGNING_DRIVER' && order.status !== 'ASSIGNING_DRIVER' ? undefined : progress.cancelRefused,
  };
  return {
    state: next,
    progress: revived,
    events: [...driverEvents(order, later), ...stateEvents(state, next, later)],
  };
}

/** A cancellation that this application did not ask for may be the first half of a replacement. */
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
  // Somebody else cancelled it: a cancellation that was sent from here does not explain it.
  const others = { ...later, cancelSent: undefined };
  const until = progress.replacement?.until ?? now + replacement.waitMinutes * MINUTE_MS;
  const wasAnnounced = progress.replacement?.isAnnounced ?? false;
  return {
    state,
    progress: { ...others, replacement: { until, isAnnounced: wasAnnounced || isAnnounced } },
    events: [],
  };
}

/** Lalamove says that the order is cancelled already, and this application did not cancel it. */
export function canceledElsewhere(snapshot: Snapshot, policy: DeliveryPolicy, now: number): Transition {
  const { order } = snapshot.progress;
  if (!order) return unchanged(snapshot);
  return wasCanceled(snapshot, order, { status: 'CANCELED', driverId: '' }, policy, { now, isAnnounced: false });
}

/** The driver after an update. An update without a driver removes the driver only if its status has none. */
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

/** Applies the driver of a webhook. */
export function driverUpdated(
  { state, progress }: Snapshot,
  driverId: string,
  signedAt: number,
  now: number,
): Transition {
  const { order } = progress;
  const isLate = !order || isTerminal(state) || ENDED_STATUSES.has(order.status) || signedAt < order.statusAt;
  if (isLate) return unchanged({ state, progress });
  // Only a read says which of two drivers is the later one, and whether a driver has released the order already.
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
 * Applies the price of a webhook. Of two webhooks the one with the later signed timestamp holds. If a webhook and a
 * read cannot be put in order, the order must be read.
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

/** Customer service has replaced the live order. This leads away from every final state. */
export function replaced(snapshot: Snapshot, { prevOrderId, orderId }: OrderClone, now: number): Transition {
  const { progress } = snapshot;
  const { order, duplicates } = progress;
  if (order?.orderId !== prevOrderId) return unchanged(snapshot);
  const { total, priorityFee, currency } = order;
  return {
    state: 'assigning',
    // Only a read says the status of the clone: its own webhooks may have arrived before this one.
    progress: {
      ...progress,
      order: newOrder({ orderId, total, priorityFee, currency }, now),
      // The clone may be listed as a duplicate because its webhooks arrived before `ORDER_REPLACED`.
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
 * Customer service has replaced an order of this delivery: the live order, a duplicate order, or a former order.
 */
export function replacedAny(snapshot: Snapshot, clone: OrderClone, now: number): Transition {
  const { prevOrderId } = clone;
  if (snapshot.progress.order?.orderId === prevOrderId) return replaced(snapshot, clone, now);
  if (!duplicateOf(snapshot, prevOrderId)) return cloneFound(snapshot, clone, now);
  return duplicateChanged(snapshot, prevOrderId, (alone) => replaced(alone, clone, now));
}

/**
 * An order of an attempt turns up under a second id. An attempt is posted once, so the second id is a clone of customer
 * service whose `ORDER_REPLACED` is late or lost, unless the first order is still active or was given up.
 *
 * @param lastUpdateAt when the webhook of the second id arrived, in Unix ms by our clock
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
