import { endedUnlessDuplicates } from './adoption.js';
import { isTerminal } from './delivery-progress.js';
import { unchanged, type Evolution, type Standing } from './transition.js';
import { gaveUp } from './transitions.js';
import { ENDED_WITHOUT_DRIVER } from './order-status.js';
import { reason } from './reasons.js';

/** The host wants no courier any more. What cannot be done at once is kept, and done when it can. */
export function cancelAsked({ state, course }: Standing, now: number): Evolution {
  if (isTerminal(state) || course.cancelAskedAt !== undefined) return unchanged({ state, course });
  return {
    state,
    course: {
      ...course,
      cancelAskedAt: now,
      retryAt: undefined,
      // Lalamove may think otherwise by now.
      duplicates: course.duplicates?.map((duplicate) => ({
        ...duplicate,
        ...{ retryAt: undefined, cancelRefused: undefined },
      })),
    },
    events: [{ type: 'cancel_requested' }],
  };
}

/** Its order is about to be cancelled: committed before the call, so that a `CANCELED` after a crash is known for our own. */
export function cancelTried({ state, course }: Standing, orderId: string): Evolution {
  return { state, course: { ...course, cancelTried: orderId }, events: [] };
}

/** There is nothing to cancel at Lalamove's, or it has been cancelled. */
export function canceled(standing: Standing): Evolution {
  const { state, course } = standing;
  const { order } = course;
  // It has come to the door while it was being cancelled.
  if (isTerminal(state)) return unchanged(standing);
  return endedUnlessDuplicates(standing, {
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
        status: ENDED_WITHOUT_DRIVER.has(order.status) ? order.status : 'CANCELED',
      },
    },
    events: [{ type: 'canceled', orderId: order?.orderId }],
  });
}

/** Lalamove does not allow it any more: the delivery goes on. */
export function cancelRefused({ state, course }: Standing, orderId: string, code: string): Evolution {
  return {
    state,
    course: { ...course, failures: 0, retryAt: undefined, cancelTried: undefined, cancelRefused: true, inDoubt: true },
    events: [{ type: 'cancel_refused', orderId, code }],
  };
}

/**
 * Nobody has told of a replacement for an order that was not cancelled by us. A clone may be on its way all the same, so that it is not called canceled, even where a
 * cancellation was asked for: a person looks.
 */
export function cancellationSettled(standing: Standing): Evolution {
  const { course } = standing;
  const calm = { ...standing, course: { ...course, replacement: undefined } };
  return gaveUp(calm, reason(course.replacement?.told ? 'REPLACEMENT_MISSING' : 'CANCELED_UNEXPLAINED'));
}
