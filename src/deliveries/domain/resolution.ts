import { adopted, becameDuplicate, isLive, withDuplicates } from './adoption.js';
import { canceled } from './cancellation.js';
import type { DeliveryAttempt } from './delivery-progress.js';
import { duplicateOf } from './duplicates.js';
import { withAbandoned } from './abandoned-attempts.js';
import type { Snapshot, Transition } from './transition.js';
import { abandoned, placed } from './transitions.js';

/** A person vouches that no order is on its way, not even a clone that nobody has told of, and books again. */
export function resolvedByRebooking({ state, progress }: Snapshot, maxPrice = progress.maxPrice): Transition {
  const again = abandoned({ state, progress: { ...progress, duplicates: undefined } }, 'RESOLVED');
  return { ...again, progress: { ...again.progress, maxPrice } };
}

/** As {@link resolvedByRebooking}, but the delivery is not carried out. */
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
  return { ...canceled({ state, progress: asked }), attempts };
}

/** A person has found its order. The one that was live, if it may be on its way still, is followed beside it. */
export function foundOrder(snapshot: Snapshot, attempt: DeliveryAttempt, orderId: string, now: number): Transition {
  const { progress } = snapshot;
  if (duplicateOf(snapshot, orderId)) return adopted(snapshot, orderId);
  const { order } = progress;
  const isOther = order !== undefined && isLive(progress) && order.orderId !== orderId;
  const former = isOther ? [{ ...becameDuplicate(progress, order), cancelRefused: undefined }] : [];
  const found = { ...progress, order: undefined, replacement: undefined, attempt };
  const followed = withDuplicates(found, [...(progress.duplicates ?? []), ...former]);
  return placed({ ...snapshot, progress: followed }, attempt.id, { orderId }, now);
}

/** An attempt whose order a person has found: somebody else has placed it, customer service say. */
export function attemptFound(id: string, known: DeliveryAttempt | undefined, now: number): DeliveryAttempt {
  return {
    ...{ number: 1, quotationId: '', quotationExpiresAt: now, reservedAt: now },
    ...known,
    id,
    outcome: 'unknown',
  };
}
