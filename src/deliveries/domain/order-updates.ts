import type { NewDeliveryEvent } from '../events/delivery-event.js';
import { endedUnlessDuplicates } from './adoption.js';
import { isTerminal, type CourseOrder, type DeliveryCourse } from './delivery-progress.js';
import type { DeliveryPolicy } from './delivery-policy.js';
import { cloneFound, duplicateChanged, duplicateOf, newOrder } from './duplicates.js';
import { unchanged, type Evolution, type OrderClone, type Standing } from './transition.js';
import { inDoubt } from './transitions.js';
import {
  CANCELED_STATUSES,
  DRIVERLESS_STATUSES,
  ENDED_STATUSES,
  ENDED_WITHOUT_DRIVER,
  PROGRESS_OF_STATUS,
  STATE_OF_STATUS,
} from './order-status.js';
import { stateEvents } from './state-events.js';

/** Clocks may be apart by so much: what was read here and what was told there cannot be ordered within it. */
const SKEW_MS = 10 * 60_000;

const MINUTE_MS = 60_000;

/** News of an order's status. */
export interface StatusNews {
  readonly status: string;
  /** Empty where none was told. */
  readonly driverId: string;
  readonly cancelParty?: string | undefined;
}

/** What a read of an order says. */
export interface OrderReading extends StatusNews {
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
export function told(
  standing: Standing,
  news: StatusNews,
  signedAt: number,
  policy: DeliveryPolicy,
  now: number,
): Evolution {
  const { state, course } = standing;
  const { order } = course;
  if (!order || signedAt < order.toldAt) return unchanged(standing);
  if (isTerminal(state) && !CANCELED_STATUSES.has(news.status)) return toldAfterEnd(standing, order, news, signedAt);
  const isNews =
    news.status !== order.status || (CANCELED_STATUSES.has(news.status) && course.replacement?.told === false);
  const heard = { ...course, heardAt: now, polls: 0 };
  if (!isNews) {
    const later = { ...order, toldAt: signedAt, ...driverOf(order, news, now) };
    return { state, course: { ...heard, order: later }, events: driverEvents(order, later) };
  }
  const isTie = signedAt === order.toldAt;
  const isNearRead = order.readAt > 0 && Math.abs(signedAt - order.readAt) < SKEW_MS;
  if (order.readAt > 0 && !isNearRead && signedAt < order.readAt) return unchanged(standing);
  // A step back is rare, and a retry that was signed anew looks like one. A cancellation is an end, whenever it was, and says more than a read does.
  const isBack =
    ENDED_STATUSES.has(order.status) ||
    (PROGRESS_OF_STATUS[news.status] ?? 9) < (PROGRESS_OF_STATUS[order.status] ?? 0);
  if ((isTie || isNearRead || isBack) && !CANCELED_STATUSES.has(news.status)) {
    return { state, course: { ...heard, inDoubt: true, order: { ...order, toldAt: signedAt } }, events: [] };
  }
  return moved({ state, course: { ...heard, order: { ...order, toldAt: signedAt } } }, news, policy, {
    now,
    isTold: true,
  });
}

/** An answer that called it canceled may have been of something in between: a webhook of its order asks for a read. */
function toldAfterEnd(
  { state, course }: Standing,
  order: CourseOrder,
  { status }: StatusNews,
  signedAt: number,
): Evolution {
  const isContradicted =
    state === 'canceled' && CANCELED_STATUSES.has(order.status) && !ENDED_WITHOUT_DRIVER.has(status);
  if (!isContradicted) return unchanged({ state, course });
  return { state, course: { ...course, inDoubt: true, order: { ...order, toldAt: signedAt } }, events: [] };
}

/**
 * A read tells how an order stands. What a webhook has told while it was under way may be newer: then another read is wanted.
 *
 * @param toldBefore `toldAt` of the order when the read began
 */
export function readAs(
  standing: Standing,
  reading: OrderReading,
  toldBefore: number,
  policy: DeliveryPolicy,
  now: number,
): Evolution {
  const { state, course } = standing;
  const { order } = course;
  // What has ended was told while the read was under way: the read is older, if it says otherwise.
  if (order?.orderId !== reading.orderId || isTerminal(state)) return unchanged(standing);
  if (order.toldAt !== toldBefore && order.status !== reading.status && !ENDED_STATUSES.has(reading.status)) {
    return { state, course: { ...course, inDoubt: true }, events: [] };
  }
  const { total, priorityFee, currency, shareLink } = reading;
  const isNews = reading.status !== order.status || driverOf(order, reading, now).driverId !== order.driverId;
  const seen: DeliveryCourse = {
    ...course,
    failures: 0,
    retryAt: undefined,
    inDoubt: undefined,
    heardAt: now,
    polls: isNews ? 0 : course.polls + 1,
    order: { ...order, total, priorityFee, currency, shareLink, readAt: now },
  };
  const priced: NewDeliveryEvent[] =
    order.total !== '' && total !== order.total
      ? [{ type: 'price_changed', orderId: order.orderId, total, currency }]
      : [];
  const evolution = moved({ state, course: seen }, reading, policy, { now, isTold: false });
  return { ...evolution, events: [...priced, ...evolution.events] };
}

/**
 * A read that was begun after the delivery was canceled tells how its order stands: if that lives after all, the delivery
 * goes on with it, and a cancellation that was asked for is tried anew.
 */
export function readAfterEnd(
  standing: Standing,
  reading: OrderReading,
  policy: DeliveryPolicy,
  now: number,
): Evolution {
  const { state, course } = standing;
  const { order, inDoubt: isDoubted } = course;
  if (state !== 'canceled' || order?.orderId !== reading.orderId) return unchanged(standing);
  const calm = { ...course, inDoubt: undefined, failures: 0, retryAt: undefined };
  if (!isDoubted || isEndedAsCanceled(reading.status)) return { state, course: calm, events: [] };
  const { orderId } = order;
  const back = { ...calm, heardAt: now, polls: 0, cancelTried: undefined, order: { ...order, readAt: now } };
  const evolution = moved({ state, course: back }, reading, policy, { now, isTold: false });
  return { ...evolution, events: [{ type: 'cancel_refused', orderId, code: 'ORDER_ALIVE' }, ...evolution.events] };
}

function isEndedAsCanceled(status: string): boolean {
  return ENDED_STATUSES.has(status) && status !== 'COMPLETED';
}

function moved(
  { state, course }: Standing,
  news: StatusNews,
  policy: DeliveryPolicy,
  { now, isTold }: { now: number; isTold: boolean },
): Evolution {
  const { order } = course;
  if (!order) return unchanged({ state, course });
  if (CANCELED_STATUSES.has(news.status)) return wasCanceled({ state, course }, order, news, policy, { now, isTold });
  const later: CourseOrder = { ...order, status: news.status, ...driverOf(order, news, now) };
  const next = STATE_OF_STATUS[news.status] ?? state;
  // An order that lives is no reason to wait for a person any more, but one that was looked into by none.
  const revived: DeliveryCourse = {
    ...course,
    order: later,
    replacement: undefined,
    reason: next === 'needs_attention' ? course.reason : undefined,
    // Once it has lost its driver it can be cancelled again.
    cancelRefused:
      news.status === 'ASSIGNING_DRIVER' && order.status !== 'ASSIGNING_DRIVER' ? undefined : course.cancelRefused,
  };
  return { state: next, course: revived, events: [...driverEvents(order, later), ...stateEvents(state, next, later)] };
}

/** A cancellation that was not asked for here may be the first half of a replacement. */
function wasCanceled(
  { state, course }: Standing,
  order: CourseOrder,
  { status, cancelParty }: StatusNews,
  { replacement }: DeliveryPolicy,
  { now, isTold }: { now: number; isTold: boolean },
): Evolution {
  const { orderId } = order;
  const later = { ...course, order: { ...order, status }, inDoubt: undefined };
  if (isTerminal(state)) return { state, course: later, events: [] };
  const isByUs = isTold && cancelParty !== undefined ? cancelParty === 'USER' : course.cancelTried === orderId;
  if (isByUs) {
    return endedUnlessDuplicates(
      { state, course },
      {
        state: 'canceled',
        course: { ...later, replacement: undefined, reason: undefined, cancelTried: orderId },
        events: [{ type: 'canceled', orderId }],
      },
    );
  }
  if (state === 'needs_attention' && !isTold) return { state, course: later, events: [] };
  // Others have cancelled it: what was tried here does not explain it.
  const others = { ...later, cancelTried: undefined };
  const until = course.replacement?.until ?? now + replacement.waitMinutes * MINUTE_MS;
  const wasTold = course.replacement?.told ?? false;
  return { state, course: { ...others, replacement: { until, told: wasTold || isTold } }, events: [] };
}

/** Lalamove says that the order has been cancelled already, and it was not by us. */
export function canceledElsewhere(standing: Standing, policy: DeliveryPolicy, now: number): Evolution {
  const { order } = standing.course;
  if (!order) return unchanged(standing);
  return wasCanceled(standing, order, { status: 'CANCELED', driverId: '' }, policy, { now, isTold: false });
}

/** The driver of an order, as news tell of him. Those that leave him out take him away only by a status without a driver. */
function driverOf(
  order: CourseOrder,
  { status, driverId }: Pick<StatusNews, 'status' | 'driverId'>,
  now: number,
): Pick<CourseOrder, 'driverId' | 'driverSince'> {
  const { driverSince } = order;
  const isLeftOut = driverId === '' && !DRIVERLESS_STATUSES.has(status);
  if (isLeftOut || driverId === order.driverId) return { driverId: order.driverId, driverSince };
  return { driverId, driverSince: driverId === '' ? 0 : now };
}

function driverEvents(before: CourseOrder, { orderId, driverId }: CourseOrder): NewDeliveryEvent[] {
  return driverId !== '' && driverId !== before.driverId ? [{ type: 'driver_assigned', orderId, driverId }] : [];
}

/** A webhook tells of a driver. */
export function driverTold({ state, course }: Standing, driverId: string, signedAt: number, now: number): Evolution {
  const { order } = course;
  const isLate = !order || isTerminal(state) || ENDED_STATUSES.has(order.status) || signedAt < order.toldAt;
  if (isLate) return unchanged({ state, course });
  // Which of two drivers is the later one, and whether one has given the order back already, only a read can tell.
  const isUnsure = order.driverId !== '' || order.status === 'ASSIGNING_DRIVER';
  if (isUnsure && order.driverId !== driverId) {
    return { state, course: { ...course, inDoubt: true, heardAt: now, polls: 0 }, events: [] };
  }
  const later = { ...order, ...driverOf(order, { status: order.status, driverId }, now) };
  return { state, course: { ...course, order: later, heardAt: now, polls: 0 }, events: driverEvents(order, later) };
}

/**
 * A webhook tells of a price. Of two the one with the later signed timestamp holds; where it cannot be ordered against a read, a read is wanted.
 *
 * @param signedAt Unix ms, by Lalamove's clock
 */
export function priceTold(
  { state, course }: Standing,
  price: { totalPrice: string; priorityFee: string; currency: string },
  signedAt: number,
  now: number,
): Evolution {
  const { order } = course;
  if (!order || signedAt < (order.pricedAt ?? 0) || signedAt < order.readAt - SKEW_MS)
    return unchanged({ state, course });
  const { totalPrice: total, priorityFee } = price;
  const currency = price.currency === '' ? order.currency : price.currency;
  const isNearRead = order.readAt > 0 && signedAt < order.readAt + SKEW_MS && total !== order.total;
  if (isNearRead && !isTerminal(state)) {
    const doubted = { ...order, pricedAt: signedAt };
    return { state, course: { ...course, order: doubted, inDoubt: true, heardAt: now, polls: 0 }, events: [] };
  }
  const events: NewDeliveryEvent[] =
    total === order.total ? [] : [{ type: 'price_changed', orderId: order.orderId, total, currency }];
  const later = { ...order, total, priorityFee, currency, pricedAt: signedAt };
  return { state, course: { ...course, order: later, heardAt: now, polls: 0 }, events };
}

/** Customer service has put another order in the place of this one. It leads away from every end. */
export function replaced(standing: Standing, { prevOrderId, orderId }: OrderClone, now: number): Evolution {
  const { course } = standing;
  const { order, duplicates } = course;
  if (order?.orderId !== prevOrderId) return unchanged(standing);
  const { total, priorityFee, currency } = order;
  return {
    state: 'assigning',
    // How the clone stands, only a read can tell: its own events may have come before this one.
    course: {
      ...course,
      order: newOrder({ orderId, total, priorityFee, currency }, now),
      // The clone may have been taken for a duplicate before it was told of.
      duplicates: duplicates?.filter((duplicate) => duplicate.order.orderId !== orderId),
      reason: undefined,
      replacement: undefined,
      inDoubt: true,
      cancelRefused: undefined,
      heardAt: now,
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
export function replacedAny(standing: Standing, clone: OrderClone, now: number): Evolution {
  const { prevOrderId } = clone;
  if (standing.course.order?.orderId === prevOrderId) return replaced(standing, clone, now);
  if (!duplicateOf(standing, prevOrderId)) return cloneFound(standing, clone, now);
  return duplicateChanged(standing, prevOrderId, (alone) => replaced(alone, clone, now));
}

/**
 * An attempt's order turns up under another id. An attempt is posted once, so that it is customer service's clone,
 * whose `ORDER_REPLACED` is late or lost; unless the first one lives still, or has been given up.
 *
 * @param heardAt when the other id was heard of, in Unix ms by our clock
 */
export function namedAgain(standing: Standing, clone: OrderClone, heardAt: number, now: number): Evolution {
  const { order } = standing.course;
  const { prevOrderId } = clone;
  if (order?.orderId !== prevOrderId) {
    if (!duplicateOf(standing, prevOrderId)) return cloneFound(standing, clone, now);
    return duplicateChanged(standing, prevOrderId, (alone) => namedAgain(alone, clone, heardAt, now));
  }
  // What was delivered is left by an `ORDER_REPLACED` alone, not by a guess.
  if (CANCELED_STATUSES.has(order.status) && standing.state !== 'completed') return replaced(standing, clone, now);
  const isSure = order.readAt > heardAt || isTerminal(standing.state);
  return isSure ? cloneFound(standing, clone, now) : inDoubt(standing);
}
