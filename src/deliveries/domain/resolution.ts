import { adopted, becameDuplicate, isLive, withDuplicates } from './adoption.js';
import { canceled } from './cancellation.js';
import type { DeliveryAttempt } from './delivery-progress.js';
import { duplicateOf } from './duplicates.js';
import { withAbandoned } from './abandoned-attempts.js';
import { decidedAfterRestore } from './restored-delivery.js';
import type { Snapshot, Transition } from './transition.js';
import { abandoned, placed } from './transitions.js';

/** A person has confirmed that no order is active, not even a clone without a webhook, and books again. */
export function resolvedByRebooking({ state, progress }: Snapshot, maxPrice = progress.maxPrice): Transition {
  const again = abandoned({ state, progress: { ...progress, duplicates: undefined } }, 'RESOLVED');
  return decidedAfterRestore({ ...again, progress: { ...again.progress, maxPrice } });
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
