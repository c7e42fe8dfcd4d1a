import { isTerminal } from './delivery-course.js';
import { gaveUp, unchanged, type Evolution, type Standing } from './evolve.js';
import { reason } from './reasons.js';

/** The host wants no courier any more. What cannot be done at once is kept, and done when it can. */
export function cancelAsked({ state, course }: Standing, now: number): Evolution {
  if (isTerminal(state) || course.cancelAskedAt !== undefined) return unchanged({ state, course });
  return {
    state,
    course: { ...course, cancelAskedAt: now, retryAt: undefined },
    events: [{ type: 'cancel_requested' }],
  };
}

/** Its order is about to be cancelled: committed before the call, so that a `CANCELED` after a crash is known for our own. */
export function cancelTried({ state, course }: Standing, orderId: string): Evolution {
  return { state, course: { ...course, cancelTried: orderId }, events: [] };
}

/** There is nothing to cancel at Lalamove's, or it has been cancelled. */
export function canceled({ course }: Standing): Evolution {
  const { order } = course;
  return {
    state: 'canceled',
    course: {
      ...course,
      failures: 0,
      retryAt: undefined,
      inDoubt: undefined,
      reason: undefined,
      replacement: undefined,
      order: order && {
        ...order,
        status: order.status === 'REJECTED' || order.status === 'EXPIRED' ? order.status : 'CANCELED',
      },
    },
    events: [{ type: 'canceled', orderId: order?.orderId }],
  };
}

/** Lalamove does not allow it any more: the delivery goes on. */
export function cancelRefused({ state, course }: Standing, orderId: string, code: string): Evolution {
  return {
    state,
    course: { ...course, failures: 0, retryAt: undefined, cancelTried: undefined, cancelRefused: true, inDoubt: true },
    events: [{ type: 'cancel_refused', orderId, code }],
  };
}

/** Nobody has replaced an order that was cancelled without being asked for here. */
export function cancellationSettled(standing: Standing): Evolution {
  const { course } = standing;
  const calm = { ...standing, course: { ...course, replacement: undefined } };
  return gaveUp(calm, reason(course.replacement?.told ? 'REPLACEMENT_MISSING' : 'CANCELED_UNEXPLAINED'));
}
