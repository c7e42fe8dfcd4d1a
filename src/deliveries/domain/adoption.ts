import { withAbandoned } from './abandoned-attempts.js';
import {
  isOpen,
  isTerminal,
  type TrackedOrder,
  type DeliveryProgress,
  type DuplicateOrder,
} from './delivery-progress.js';
import { unchanged, type Transition, type Snapshot } from './transition.js';
import { reason } from './reasons.js';
import { CANCELED_STATUSES, ENDED_STATUSES } from '../../api/order-status.js';
import { STATE_OF_STATUS } from './state-of-status.js';
import { stateEvents } from './state-events.js';

/** Replaces the duplicate orders of a delivery. */
export function withDuplicates(progress: DeliveryProgress, duplicates: readonly DuplicateOrder[]): DeliveryProgress {
  return { ...progress, duplicates: duplicates.length > 0 ? duplicates : undefined };
}

/** Turns an order of a delivery, with the members that say how it is followed, into a duplicate order. */
export function becameDuplicate(progress: DeliveryProgress, order: TrackedOrder): DuplicateOrder {
  const { needsRead, replacement, cancelRefused, cancelSent, lastUpdateAt, polls, failures, retryAt } = progress;
  const isTried = cancelSent === order.orderId || undefined;
  return { order, needsRead, replacement, cancelRefused, cancelSent: isTried, lastUpdateAt, polls, failures, retryAt };
}

/** Whether the live order is active, or may be active. */
export function isLive({ order, replacement }: DeliveryProgress): boolean {
  return order !== undefined && replacement === undefined && !ENDED_STATUSES.has(order.status);
}

/**
 * Whether the live order was cancelled, and not by this application. Customer service may have replaced it with a
 * clone, and the webhook of the clone may be missing.
 */
export function isUnexplained({ order, cancelSent }: DeliveryProgress): boolean {
  return order !== undefined && CANCELED_STATUSES.has(order.status) && cancelSent !== order.orderId;
}

/** Whether, as far as we can know, no unknown order is active. */
export function isVouchedFor(progress: DeliveryProgress): boolean {
  const { attempt, lost, restored } = progress;
  return attempt?.outcome !== 'unknown' && !isUnexplained(progress) && !lost?.unknown && !restored;
}

/** An order that is active or may be active: the live order, or a duplicate order. */
export function activeOrder(progress: DeliveryProgress): TrackedOrder | undefined {
  return isLive(progress) ? progress.order : aliveDuplicate(progress)?.order;
}

/** An active duplicate order. One that Lalamove does not cancel any more comes first. */
export function aliveDuplicate({ duplicates = [] }: DeliveryProgress): DuplicateOrder | undefined {
  const alive = duplicates.filter(({ order }) => !ENDED_STATUSES.has(order.status));
  return alive.find(({ cancelRefused }) => cancelRefused) ?? alive[0];
}

/** The duplicate order that becomes the live order after the live order has ended, if there is one. */
export function successorOf(progress: DeliveryProgress): DuplicateOrder | undefined {
  // A clone of a cancelled duplicate may be active: look into that before booking again.
  return aliveDuplicate(progress) ?? (isUnexplained(progress) ? undefined : progress.duplicates?.[0]);
}

/**
 * A duplicate order becomes the live order. The former live order becomes a duplicate if it may still be active.
 *
 * @param isOver whether it is certain that the former live order has ended and that no clone of it is active
 */
export function adopted({ state, progress }: Snapshot, orderId: string, isOver = false): Transition {
  const duplicate = progress.duplicates?.find(({ order }) => order.orderId === orderId);
  if (!duplicate) return unchanged({ state, progress });
  const { order, cancelSent, ...followed } = duplicate;
  const { attempt } = progress;
  const former = isOver ? undefined : formerOrder(progress);
  const others = (progress.duplicates ?? []).filter((other) => other !== duplicate);
  const next = STATE_OF_STATUS[order.status] ?? 'assigning';
  const isEnded = ENDED_STATUSES.has(order.status);
  return {
    state: next,
    progress: withDuplicates(
      {
        ...progress,
        ...{ reason: undefined, quotation: undefined, replacement: undefined },
        ...followed,
        order,
        failures: 0,
        retryAt: undefined,
        needsRead: !isEnded || undefined,
        cancelSent: cancelSent ? orderId : undefined,
        // Lalamove may allow it by now: try the cancellation that the host asked for.
        cancelRefused: undefined,
        feeSteps: 0,
        driverChanges: 0,
        lost: withAbandoned(progress),
        attempt: isOpen(attempt) ? { ...attempt, outcome: 'abandoned' } : attempt,
      },
      [...others, ...(former ? [former] : [])],
    ),
    events: [
      { type: 'duplicate_adopted', orderId, prevOrderId: progress.order?.orderId },
      ...(former && !ENDED_STATUSES.has(former.order.status)
        ? [{ type: 'duplicate_found' as const, orderId: former.order.orderId }]
        : []),
      ...(isEnded && next !== 'completed' ? [] : stateEvents(state, next, order)),
    ],
    attempts: isOpen(attempt) ? [{ id: attempt.id, outcome: 'abandoned' }] : [],
  };
}

/** The live order as a duplicate, if it or a clone of it may still be active. */
function formerOrder(progress: DeliveryProgress): DuplicateOrder | undefined {
  const { order } = progress;
  if (!order) return undefined;
  const former = becameDuplicate(progress, order);
  if (!ENDED_STATUSES.has(order.status)) return { ...former, cancelRefused: undefined };
  return isUnexplained(progress)
    ? { ...former, replacement: progress.replacement ?? { until: progress.lastUpdateAt, isAnnounced: false } }
    : undefined;
}

/**
 * Ends a delivery without a courier. While another order of it may be active, the delivery does not become canceled
 * or failed: a duplicate becomes its live order instead. If an attempt of unknown outcome was given up, a person
 * decides.
 */
export function endedUnlessDuplicates(before: Snapshot, end: Transition): Transition {
  const successor = isTerminal(before.state) ? undefined : successorOf({ ...end.progress, order: undefined });
  if (!successor) return isTerminal(before.state) || !end.progress.lost?.unknown ? end : needsToVouch(end);
  const snapshot = { state: before.state, progress: end.progress };
  const { attempts = [], ...transition } = adopted(snapshot, successor.order.orderId, true);
  return { ...transition, attempts: [...(end.attempts ?? []), ...attempts] };
}

function needsToVouch({ progress, attempts }: Transition): Transition {
  const because = reason('OUTCOME_UNKNOWN');
  return {
    state: 'needs_attention',
    progress: { ...progress, reason: because },
    events: [{ type: 'needs_attention', reason: because }],
    ...(attempts && { attempts }),
  };
}
