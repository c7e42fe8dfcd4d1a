import { lostWith } from './lost-attempts.js';
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

/** The orders beside the live one. */
export function withDuplicates(progress: DeliveryProgress, duplicates: readonly DuplicateOrder[]): DeliveryProgress {
  return { ...progress, duplicates: duplicates.length > 0 ? duplicates : undefined };
}

/** An order of a delivery with all that says how it is followed, as one beside the live order. */
export function becameDuplicate(progress: DeliveryProgress, order: TrackedOrder): DuplicateOrder {
  const { needsRead, replacement, cancelRefused, cancelSent, lastUpdateAt, polls, failures, retryAt } = progress;
  const isTried = cancelSent === order.orderId || undefined;
  return { order, needsRead, replacement, cancelRefused, cancelSent: isTried, lastUpdateAt, polls, failures, retryAt };
}

/** Whether there is an order that is on its way, or may be. */
export function isLive({ order, replacement }: DeliveryProgress): boolean {
  return order !== undefined && replacement === undefined && !ENDED_STATUSES.has(order.status);
}

/**
 * Whether its order was cancelled, and not by us: customer service may have put a clone in its place that nobody has
 * told of.
 */
export function isUnexplained({ order, cancelSent }: DeliveryProgress): boolean {
  return order !== undefined && CANCELED_STATUSES.has(order.status) && cancelSent !== order.orderId;
}

/** An order that is on its way, or may be: the live one, or a duplicate. */
export function orderOnItsWay(progress: DeliveryProgress): TrackedOrder | undefined {
  return isLive(progress) ? progress.order : aliveDuplicate(progress)?.order;
}

/** A duplicate that is on its way; one that Lalamove does not cancel any more before others. */
export function aliveDuplicate({ duplicates = [] }: DeliveryProgress): DuplicateOrder | undefined {
  const alive = duplicates.filter(({ order }) => !ENDED_STATUSES.has(order.status));
  return alive.find(({ cancelRefused }) => cancelRefused) ?? alive[0];
}

/** The duplicate that takes the place of an order that has ended, if there is one. */
export function successorOf(progress: DeliveryProgress): DuplicateOrder | undefined {
  // A clone of a cancelled duplicate may be on its way: that is looked into before anything is booked.
  return aliveDuplicate(progress) ?? (isUnexplained(progress) ? undefined : progress.duplicates?.[0]);
}

/**
 * A duplicate becomes the live order. The order that was live, if it may be on its way still, becomes a duplicate.
 *
 * @param isOver whether it is certain that the order that was live has ended, and that no clone of it is on its way
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
        // Lalamove may think otherwise by now: a cancellation that the host has asked for is tried.
        cancelRefused: undefined,
        feeSteps: 0,
        driverChanges: 0,
        lost: lostWith(progress),
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

/** The live order as a duplicate, if it may be on its way still, or a clone of it may be. */
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
 * An end without a courier. A delivery is not called canceled or failed while another order of it may be on its way: a
 * duplicate becomes its live order instead. If an attempt was given up without knowing what became of it, a person decides.
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
