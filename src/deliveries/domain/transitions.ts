import {
  isOpen,
  isTerminal,
  type CourseAttempt,
  type CourseOrder,
  type DeliveryCourse,
  type DeliveryReason,
} from './delivery-progress.js';
import { endedUnlessDuplicates } from './adoption.js';
import { duplicateFound, newOrder } from './duplicates.js';
import { unchanged, type Evolution, type Standing } from './transition.js';
import { lostFound, lostWith } from './lost-attempts.js';

/** What a call has brought puts an end to failures in a row. */
const CALM = { failures: 0, retryAt: undefined } as const;

/** A person is needed. */
export function gaveUp({ course }: Standing, reason: DeliveryReason): Evolution {
  return {
    state: 'needs_attention',
    course: { ...course, ...CALM, reason, inDoubt: undefined },
    events: [{ type: 'needs_attention', reason }],
  };
}

/** It has ended without a courier. */
export function failed(standing: Standing, reason: DeliveryReason): Evolution {
  const course = { ...standing.course, ...CALM, reason };
  return endedUnlessDuplicates(standing, { state: 'failed', course, events: [{ type: 'failed', reason }] });
}

/** A call has failed in a way that may pass. */
export function heldUp({ state, course }: Standing, retryAt: number): Evolution {
  return { state, course: { ...course, failures: course.failures + 1, retryAt }, events: [] };
}

/** It is being quoted. */
export function quoting({ state, course }: Standing): Evolution {
  return { state: state === 'requested' ? 'quoting' : state, course, events: [] };
}

/** Lalamove has named a price. */
export function quoted({ state, course }: Standing, quotation: NonNullable<DeliveryCourse['quotation']>): Evolution {
  // An order has turned up while it was being quoted.
  if (course.order || isTerminal(state)) return unchanged({ state, course });
  const { quotationId, total, currency } = quotation;
  return {
    state: 'quoting',
    // The failures are of orders, too: one that is refused time and again is quoted in between.
    course: { ...course, retryAt: undefined, quotation },
    events: [{ type: 'quoted', quotationId, total, currency }],
  };
}

/** An attempt is about to be made: this is committed before the order is posted. */
export function reserved({ course }: Standing, attempt: CourseAttempt): Evolution {
  return { state: 'booking', course: { ...course, attempt, booked: course.booked + 1 }, events: [] };
}

/** Nobody knows what has become of an attempt. */
export function lostSight({ state, course }: Standing): Evolution {
  const { attempt } = course;
  if (attempt?.outcome !== 'reserved') return unchanged({ state, course });
  const { id, number, quotationId } = attempt;
  return {
    state,
    course: { ...course, ...CALM, attempt: { ...attempt, outcome: 'unknown' } },
    events: [{ type: 'outcome_unknown', quotationId, attempt: number }],
    attempts: [{ id, outcome: 'unknown' }],
  };
}

/** Lalamove has surely not placed the order: the quotation is used up all the same. */
export function refused({ state, course }: Standing, attemptId: string): Evolution {
  const { attempt } = course;
  // What was given up meanwhile, and may have ended with that, stays as it is.
  if (!isOpen(attempt) || attempt.id !== attemptId) return unchanged({ state, course });
  return {
    state: 'quoting',
    course: {
      ...course,
      reason: undefined,
      quotation: undefined,
      attempt: { ...attempt, outcome: 'refused' },
      booked: course.booked - 1,
    },
    events: [],
    attempts: [{ id: attemptId, outcome: 'refused' }],
  };
}

/**
 * An attempt of unknown outcome is given up, by the policy or by a person: it books again. Should its order turn up,
 * it is a duplicate.
 */
export function abandoned({ course }: Standing, because: string): Evolution {
  const { attempt } = course;
  return {
    state: 'quoting',
    course: {
      ...course,
      ...CALM,
      reason: undefined,
      quotation: undefined,
      order: undefined,
      replacement: undefined,
      inDoubt: undefined,
      feeSteps: 0,
      driverChanges: 0,
      lost: lostWith(course, because === 'RESOLVED'),
      attempt: isOpen(attempt) ? { ...attempt, outcome: 'abandoned' } : attempt,
    },
    events: [{ type: 'rebooking', orderId: course.order?.orderId, because }],
    attempts: isOpen(attempt) ? [{ id: attempt.id, outcome: 'abandoned' }] : [],
  };
}

/** Lalamove has an order for an attempt: it answered so, a webhook names it, or it was read. */
export function placed(
  standing: Standing,
  attemptId: string,
  order: Pick<CourseOrder, 'orderId'> & Partial<CourseOrder>,
  now: number,
): Evolution {
  const { course } = standing;
  const { attempt } = course;
  if (course.order?.orderId === order.orderId) {
    // A webhook has told of it before the answer came, which says more.
    const { shareLink = '' } = order;
    const known = course.order.shareLink === '' ? { ...course.order, shareLink } : course.order;
    return unchanged({ state: standing.state, course: { ...course, order: known } });
  }
  const isLatest = attempt?.id === attemptId && attempt.outcome !== 'abandoned';
  if (!isLatest || course.order || isTerminal(standing.state)) {
    const attempts = [{ id: attemptId, outcome: 'placed', orderId: order.orderId }] as const;
    const found = { ...standing, course: { ...course, lost: lostFound(course) } };
    return duplicateFound(found, order, now, { attempts });
  }
  const { quotation, cancelAskedAt } = course;
  const price = { total: quotation?.total ?? '', currency: quotation?.currency ?? '' };
  const live = newOrder({ ...price, ...order }, now);
  const { orderId, total, currency } = live;
  const { number, quotationId } = attempt;
  return {
    state: 'assigning',
    course: {
      ...course,
      ...CALM,
      reason: undefined,
      order: live,
      attempt: { ...attempt, outcome: 'placed' },
      polls: 0,
      heardAt: now,
      feeSteps: 0,
      driverChanges: 0,
      cancelRefused: undefined,
      cancelAskedAt,
    },
    events: [{ type: 'booked', orderId, quotationId, attempt: number, total, currency }],
    attempts: [{ id: attemptId, outcome: 'placed', orderId }],
  };
}

/** Another order is placed in the place of one that found no driver. */
export function rebooked({ course }: Standing): Evolution {
  const { order } = course;
  return {
    state: 'quoting',
    course: { ...course, quotation: undefined, order: undefined, feeSteps: 0, driverChanges: 0, polls: 0 },
    events: [{ type: 'rebooking', orderId: order?.orderId, because: order?.status ?? '' }],
  };
}

/** The fee's step is over, with the fee or without. */
export function feeStepOver({ state, course }: Standing, step: number): Evolution {
  return { state, course: { ...course, ...CALM, feeSteps: step + 1 }, events: [] };
}

/** Lalamove has taken a priority fee. */
export function feeRaised({ state, course }: Standing, orderId: string, priorityFee: string): Evolution {
  return { state, course: { ...course, ...CALM }, events: [{ type: 'fee_raised', orderId, priorityFee }] };
}

/** Another driver is about to be asked for: this is committed before the call, so that it is not made twice. */
export function driverChangeAsked({ state, course }: Standing, orderId: string, driverId: string): Evolution {
  return {
    state,
    course: { ...course, ...CALM, driverChanges: course.driverChanges + 1, inDoubt: true },
    events: [{ type: 'driver_change_asked', orderId, driverId }],
  };
}

/** Only a read can tell. */
export function inDoubt({ state, course }: Standing): Evolution {
  return { state, course: { ...course, inDoubt: true }, events: [] };
}
