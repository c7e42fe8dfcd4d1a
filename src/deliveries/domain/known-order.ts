import { isOpen, isTerminal } from './delivery-progress.js';
import { unchanged, type AttemptChange, type Evolution, type OrderClone, type Standing } from './transition.js';
import { gaveUp } from './transitions.js';
import { reason } from './reasons.js';

/**
 * Lalamove names an order for an attempt that another attempt has already: the order stays with that one, and what
 * this one has placed is unknown.
 */
export function orderAlreadyKnown(standing: Standing, attemptId: string, orderId: string): Evolution {
  const { state, course } = standing;
  const { attempt } = course;
  if (!isOpen(attempt) || attempt.id !== attemptId || course.order || isTerminal(state)) return unchanged(standing);
  const unknown = { ...standing, course: { ...course, attempt: { ...attempt, outcome: 'unknown' as const } } };
  const attempts: AttemptChange[] = [{ id: attemptId, outcome: 'unknown' }];
  return { ...withPerson(unknown, orderId), attempts };
}

/** Customer service's order in the place of another is that of another delivery already. */
export function cloneAlreadyKnown(standing: Standing, { prevOrderId, orderId }: OrderClone): Evolution {
  const { state, course } = standing;
  const isLiveOrder = course.order?.orderId === prevOrderId;
  return isLiveOrder && !isTerminal(state) ? withPerson(standing, orderId) : unchanged(standing);
}

/** That is said once. */
function withPerson(standing: Standing, orderId: string): Evolution {
  const because = reason('ORDER_ALREADY_KNOWN');
  const { state, course } = standing;
  if (state === 'needs_attention' && course.reason?.code === because.code) return unchanged(standing);
  return gaveUp(standing, { ...because, message: `${because.message} The order is ${orderId}.` });
}
