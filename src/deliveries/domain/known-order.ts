import { isOpen, isTerminal } from './delivery-progress.js';
import { unchanged, type AttemptChange, type Transition, type OrderClone, type Snapshot } from './transition.js';
import { gaveUp } from './transitions.js';
import { reason } from './reasons.js';

/**
 * Lalamove answers an attempt with an order that belongs to another attempt. The order stays with the other attempt.
 * The outcome of this attempt is unknown.
 */
export function orderAlreadyKnown(snapshot: Snapshot, attemptId: string, orderId: string): Transition {
  const { state, progress } = snapshot;
  const { attempt } = progress;
  if (!isOpen(attempt) || attempt.id !== attemptId || progress.order || isTerminal(state)) return unchanged(snapshot);
  const unknown = { ...snapshot, progress: { ...progress, attempt: { ...attempt, outcome: 'unknown' as const } } };
  const attempts: AttemptChange[] = [{ id: attemptId, outcome: 'unknown' }];
  return { ...withPerson(unknown, orderId), attempts };
}

/** The replacement order of customer service already belongs to another delivery. */
export function cloneAlreadyKnown(snapshot: Snapshot, { prevOrderId, orderId }: OrderClone): Transition {
  const { state, progress } = snapshot;
  const isLiveOrder = progress.order?.orderId === prevOrderId;
  return isLiveOrder && !isTerminal(state) ? withPerson(snapshot, orderId) : unchanged(snapshot);
}

/** Needs attention, reported once. */
function withPerson(snapshot: Snapshot, orderId: string): Transition {
  const because = reason('ORDER_ALREADY_KNOWN');
  const { state, progress } = snapshot;
  if (state === 'needs_attention' && progress.reason?.code === because.code) return unchanged(snapshot);
  return gaveUp(snapshot, { ...because, message: `${because.message} The order is ${orderId}.` });
}
