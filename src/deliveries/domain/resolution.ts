import {
  activeOrder,
  adopted,
  becameDuplicate,
  isLive,
  isUnexplained,
  isVouchedFor,
  withDuplicates,
} from './adoption.js';
import { canceled } from './cancellation.js';
import type { DeliveryEventDetails } from '../events/delivery-event.js';
import { isOpen, type DeliveryAttempt, type DeliveryProgress } from './delivery-progress.js';
import { duplicateOf } from './duplicates.js';
import { ABANDONED_MS, withAbandoned } from './abandoned-attempts.js';
import { decidedAfterRestore } from './restored-delivery.js';
import type { Snapshot, Transition } from './transition.js';
import { abandoned, placed } from './transitions.js';

/** A person has confirmed that no order is active, not even a clone without a webhook, and books again. */
export function resolvedByRebooking(
  { state, progress }: Snapshot,
  now: number,
  maxPrice = progress.maxPrice,
): Transition {
  const again = abandoned({ state, progress: { ...progress, duplicates: undefined } }, 'RESOLVED');
  const mayHaveClone = isUnexplained(progress) || (progress.duplicates ?? []).length > 0;
  const uncorrectableUntil = mayHaveClone ? now + ABANDONED_MS : progress.uncorrectableUntil;
  return decidedAfterRestore({ ...again, progress: { ...again.progress, maxPrice, uncorrectableUntil } });
}

/** A resolution whose caller has said who decided. Without `by` it stays as it is. */
export function decidedBy(
  resolved: Transition,
  how: DeliveryEventDetails['resolved']['how'],
  by: string | undefined,
): Transition {
  return by === undefined ? resolved : { ...resolved, events: [{ type: 'resolved', how, by }, ...resolved.events] };
}

/** Whether Lalamove has said that there is no such order, and a person may say the same. */
export function isReportedMissing({ order, reason }: DeliveryProgress, orderId: string): boolean {
  return reason?.code === 'ORDER_NOT_FOUND' && order?.orderId === orderId;
}

/** A correction of the request by a person. */
export interface RequestCorrection {
  /** JSON pointers into the booking. */
  readonly fields: readonly string[];
  /** Who has corrected it, in the host's words. */
  readonly by: string | undefined;
  /** The hashes of the request before and after. */
  readonly hashes: readonly string[];
}

/**
 * Whether the request of a delivery may change: there is no order that would be tracked with the wrong request, and
 * none may turn up. Here the word of a person that no order is active is not enough, also not an earlier one: the late
 * order of an attempt that was given up would be followed with the corrected request.
 */
export function isCorrectable({ state, progress }: Snapshot, now: number): boolean {
  const { attempt, duplicates = [], lost, uncorrectableUntil = 0 } = progress;
  const isFree = activeOrder(progress) === undefined && duplicates.length === 0 && !isOpen(attempt);
  const mayTurnUp = !isVouchedFor(progress) || now < Math.max(lost?.until ?? 0, uncorrectableUntil);
  return state === 'needs_attention' && isFree && !mayTurnUp;
}

/** As {@link resolvedByRebooking}, with a request that the person has corrected. */
export function resolvedByCorrecting(
  snapshot: Snapshot,
  { fields, by, hashes }: RequestCorrection,
  now: number,
  maxPrice?: string,
): Transition {
  const { progress, events, ...rebooked } = resolvedByRebooking(snapshot, now, maxPrice);
  // Each correction makes the list longer, also one that takes another back: see `isCorrectedSince`.
  const corrected = [...(progress.corrected ?? []), ...hashes];
  return {
    ...rebooked,
    progress: { ...progress, corrected },
    events: [{ type: 'corrected', fields, by }, ...events],
  };
}

/** Whether the request was corrected after a moment. What was asked for the old request is not used any more. */
export function isCorrectedSince(then: Snapshot, { progress }: Snapshot): boolean {
  return (then.progress.corrected?.length ?? 0) !== (progress.corrected?.length ?? 0);
}

/** As {@link resolvedByRebooking}, but the delivery is canceled. */
export function resolvedByCancelling({ state, progress }: Snapshot, now: number): Transition {
  const { attempt } = progress;
  const isUnknown = attempt?.outcome === 'unknown';
  const settled = isUnknown ? { ...attempt, outcome: 'abandoned' as const } : attempt;
  const asked = {
    ...progress,
    duplicates: undefined,
    attempt: settled,
    lost: withAbandoned(progress, true),
    cancelAskedAt: now,
  };
  const attempts = isUnknown ? [{ id: attempt.id, outcome: 'abandoned' as const }] : [];
  return decidedAfterRestore({ ...canceled({ state, progress: asked }), attempts });
}

/** A person has found the order. A former live order that may still be active becomes a duplicate order. */
export function foundOrder(snapshot: Snapshot, attempt: DeliveryAttempt, orderId: string, now: number): Transition {
  const { progress } = snapshot;
  if (duplicateOf(snapshot, orderId)) return decidedAfterRestore(adopted(snapshot, orderId));
  const { order } = progress;
  const isOther = order !== undefined && isLive(progress) && order.orderId !== orderId;
  const former = isOther ? [{ ...becameDuplicate(progress, order), cancelRefused: undefined }] : [];
  const found = { ...progress, order: undefined, replacement: undefined, attempt };
  const followed = withDuplicates(found, [...(progress.duplicates ?? []), ...former]);
  return decidedAfterRestore(placed({ ...snapshot, progress: followed }, attempt.id, { orderId }, now));
}

/** The attempt of an order that a person has found. Customer service, for example, may have placed the order. */
export function attemptFound(id: string, known: DeliveryAttempt | undefined, now: number): DeliveryAttempt {
  return {
    number: 1,
    quotationId: '',
    quotationExpiresAt: now,
    reservedAt: now,
    ...known,
    id,
    outcome: 'unknown',
  };
}
