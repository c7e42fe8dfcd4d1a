import type { NewDeliveryEvent } from '../events/delivery-event.js';
import type { CourseOrder, DeliveryCourse, DeliveryState } from './delivery-course.js';
import { isTerminal } from './delivery-course.js';
import type { DeliveryPolicy } from './delivery-policy.js';
import { CANCELED_STATUSES, ENDED_STATUSES } from './decide.js';
import { cloneStrayed, inDoubt, unchanged, type Evolution, type Standing } from './evolve.js';

/** Clocks may be apart by so much: what was read here and what was told there cannot be ordered within it. */
const SKEW_MS = 10 * 60_000;

const MINUTE_MS = 60_000;

/** What the state of a delivery is while its order has a status; a status that is newer than this package changes nothing. */
const STATES: Readonly<Record<string, DeliveryState>> = {
  ASSIGNING_DRIVER: 'assigning',
  ON_GOING: 'on_going',
  PICKED_UP: 'picked_up',
  DELIVERING: 'picked_up',
  COMPLETED: 'completed',
};

/** How far on its way an order is. */
const WAY: Readonly<Record<string, number>> = {
  ASSIGNING_DRIVER: 0,
  ON_GOING: 1,
  PICKED_UP: 2,
  DELIVERING: 3,
  COMPLETED: 4,
};

/** News of an order's status. */
export interface StatusNews {
  readonly status: string;
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
  if (!order || (isTerminal(state) && !CANCELED_STATUSES.has(news.status))) return unchanged(standing);
  if (signedAt < order.toldAt) return unchanged(standing);
  const isNews =
    news.status !== order.status || (CANCELED_STATUSES.has(news.status) && course.replacement?.told === false);
  const heard = { ...course, heardAt: now, polls: 0 };
  if (!isNews) {
    const later = { ...order, toldAt: signedAt, ...driverOf(order, news.driverId, now) };
    return { state, course: { ...heard, order: later }, events: driverEvents(order, later) };
  }
  const isTie = signedAt === order.toldAt;
  const isNearRead = order.readAt > 0 && Math.abs(signedAt - order.readAt) < SKEW_MS;
  if (order.readAt > 0 && !isNearRead && signedAt < order.readAt) return unchanged(standing);
  // A step back is rare, and a retry that was signed anew looks like one. A cancellation is an end, whenever it was, and says more than a read does.
  const isBack = ENDED_STATUSES.has(order.status) || (WAY[news.status] ?? 9) < (WAY[order.status] ?? 0);
  if ((isTie || isNearRead || isBack) && !CANCELED_STATUSES.has(news.status)) {
    return { state, course: { ...heard, inDoubt: true, order: { ...order, toldAt: signedAt } }, events: [] };
  }
  return moved({ state, course: { ...heard, order: { ...order, toldAt: signedAt } } }, news, policy, {
    now,
    isTold: true,
  });
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
  const isNews = reading.status !== order.status || reading.driverId !== order.driverId;
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

function moved(
  { state, course }: Standing,
  news: StatusNews,
  policy: DeliveryPolicy,
  { now, isTold }: { now: number; isTold: boolean },
): Evolution {
  const { order } = course;
  if (!order) return unchanged({ state, course });
  if (CANCELED_STATUSES.has(news.status)) return wasCanceled({ state, course }, order, news, policy, { now, isTold });
  const later: CourseOrder = { ...order, status: news.status, ...driverOf(order, news.driverId, now) };
  const next = STATES[news.status] ?? state;
  // An order that lives is no reason to wait for a person any more, but one that was looked into by none.
  const revived: DeliveryCourse = {
    ...course,
    order: later,
    replacement: undefined,
    reason: undefined,
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
    return {
      state: 'canceled',
      course: { ...later, replacement: undefined, reason: undefined },
      events: [{ type: 'canceled', orderId }],
    };
  }
  if (state === 'needs_attention' && !isTold) return { state, course: later, events: [] };
  const until = course.replacement?.until ?? now + replacement.waitMinutes * MINUTE_MS;
  const wasTold = course.replacement?.told ?? false;
  return { state, course: { ...later, replacement: { until, told: wasTold || isTold } }, events: [] };
}

/** Lalamove says that the order has been cancelled already, and it was not by us. */
export function canceledElsewhere(standing: Standing, policy: DeliveryPolicy, now: number): Evolution {
  const { order } = standing.course;
  if (!order) return unchanged(standing);
  return wasCanceled(standing, order, { status: 'CANCELED', driverId: '' }, policy, { now, isTold: false });
}

/** The driver of an order, as news tell of him; some tell of none. */
function driverOf(order: CourseOrder, driverId: string, now: number): Pick<CourseOrder, 'driverId' | 'driverSince'> {
  const { driverSince } = order;
  if (driverId === order.driverId) return { driverId, driverSince };
  return { driverId, driverSince: driverId === '' ? 0 : now };
}

function driverEvents(before: CourseOrder, { orderId, driverId }: CourseOrder): NewDeliveryEvent[] {
  return driverId !== '' && driverId !== before.driverId ? [{ type: 'driver_assigned', orderId, driverId }] : [];
}

function stateEvents(
  before: DeliveryState,
  state: DeliveryState,
  { orderId, driverId }: CourseOrder,
): NewDeliveryEvent[] {
  if (before === state) return [];
  switch (state) {
    case 'assigning':
      return [{ type: 'assigning', orderId }];
    case 'on_going':
      return [{ type: 'on_going', orderId, driverId }];
    case 'picked_up':
      return [{ type: 'picked_up', orderId }];
    case 'completed':
      return [{ type: 'completed', orderId }];
    default:
      return [];
  }
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
  const later = { ...order, ...driverOf(order, driverId, now) };
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
  const { totalPrice: total, priorityFee, currency } = price;
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
export function replaced(standing: Standing, prevOrderId: string, orderId: string, now: number): Evolution {
  const { course } = standing;
  const { order, attempt } = course;
  if (order?.orderId !== prevOrderId) return unchanged(standing);
  const clone: CourseOrder = {
    orderId,
    status: 'ASSIGNING_DRIVER',
    toldAt: 0,
    readAt: 0,
    placedAt: now,
    driverId: '',
    driverSince: 0,
    total: order.total,
    priorityFee: order.priorityFee,
    currency: order.currency,
    shareLink: '',
  };
  return {
    state: 'assigning',
    // How the clone stands, only a read can tell: its own events may have come before this one.
    course: {
      ...course,
      order: clone,
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
    attempts: attempt ? [{ id: attempt.id, outcome: 'replaced' }] : [],
    clone: { prevOrderId, orderId },
  };
}

/**
 * An attempt's order turns up under another id. An attempt is posted once, so that it is customer service's clone, whose `ORDER_REPLACED` is late or lost; unless the
 * first one lives still, or has been given up.
 *
 * @param toldAt when the other id was heard of, in Unix ms by our clock
 */
export function namedAgain(
  standing: Standing,
  ids: { readonly known: string; readonly orderId: string },
  toldAt: number,
  now: number,
): Evolution {
  const { order } = standing.course;
  const { known, orderId } = ids;
  if (order?.orderId !== known) return cloneStrayed(standing, known, orderId);
  if (CANCELED_STATUSES.has(order.status)) return replaced(standing, known, orderId, now);
  const isSure = order.readAt > toldAt || isTerminal(standing.state);
  return isSure ? cloneStrayed(standing, known, orderId) : inDoubt(standing);
}
