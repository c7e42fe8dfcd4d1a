import {
  isOpen,
  isTerminal,
  type DeliveryAttempt,
  type TrackedOrder,
  type DeliveryProgress,
  type DeliveryReason,
} from './delivery-progress.js';
import { endedUnlessDuplicates } from './adoption.js';
import { duplicateFound, newOrder } from './duplicates.js';
import { unchanged, type Transition, type Snapshot } from './transition.js';
import { abandonedFound, withAbandoned } from './abandoned-attempts.js';

/** A call with a result ends the count of failures in a row. */
const CALM = { failures: 0, retryAt: undefined } as const;

/** A person must decide. */
export function gaveUp({ progress }: Snapshot, reason: DeliveryReason): Transition {
  return {
    state: 'needs_attention',
    progress: { ...progress, ...CALM, reason, needsRead: undefined },
    events: [{ type: 'needs_attention', reason }],
  };
}

/** The delivery ends without a courier. */
export function failed(snapshot: Snapshot, reason: DeliveryReason): Transition {
  const progress = { ...snapshot.progress, ...CALM, reason };
  return endedUnlessDuplicates(snapshot, { state: 'failed', progress, events: [{ type: 'failed', reason }] });
}

/** A call failed temporarily: retry later. */
export function heldUp({ state, progress }: Snapshot, retryAt: number): Transition {
  return { state, progress: { ...progress, failures: progress.failures + 1, retryAt }, events: [] };
}

/** A quotation is being requested. */
export function quoting({ state, progress }: Snapshot): Transition {
  return { state: state === 'requested' ? 'quoting' : state, progress, events: [] };
}

/** Lalamove has answered with a quotation. */
export function quoted(
  { state, progress }: Snapshot,
  quotation: NonNullable<DeliveryProgress['quotation']>,
): Transition {
  // An order turned up during the quotation.
  if (progress.order || isTerminal(state)) return unchanged({ state, progress });
  const { quotationId, total, currency } = quotation;
  return {
    state: 'quoting',
    // `failures` also counts refused orders: an order that is refused again and again is quoted in between.
    progress: { ...progress, retryAt: undefined, quotation },
    events: [{ type: 'quoted', quotationId, total, currency }],
  };
}

/** The reservation of an attempt, committed before the order is posted. */
export function reserved({ progress }: Snapshot, attempt: DeliveryAttempt): Transition {
  return { state: 'booking', progress: { ...progress, attempt, booked: progress.booked + 1 }, events: [] };
}

/** The outcome of an attempt is unknown. */
export function lostSight({ state, progress }: Snapshot): Transition {
  const { attempt } = progress;
  if (attempt?.outcome !== 'reserved') return unchanged({ state, progress });
  const { id, number, quotationId } = attempt;
  return {
    state,
    progress: { ...progress, ...CALM, attempt: { ...attempt, outcome: 'unknown' } },
    events: [{ type: 'outcome_unknown', quotationId, attempt: number }],
    attempts: [{ id, outcome: 'unknown' }],
  };
}

/** Lalamove has certainly not placed the order. The quotation is used up all the same. */
export function refused({ state, progress }: Snapshot, attemptId: string): Transition {
  const { attempt } = progress;
  // The attempt was given up meanwhile: it stays so.
  if (!isOpen(attempt) || attempt.id !== attemptId) return unchanged({ state, progress });
  return {
    state: 'quoting',
    progress: {
      ...progress,
      reason: undefined,
      quotation: undefined,
      attempt: { ...attempt, outcome: 'refused' },
      booked: progress.booked - 1,
    },
    events: [],
    attempts: [{ id: attemptId, outcome: 'refused' }],
  };
}

/**
 * An attempt of unknown outcome is given up, by the policy or by a person, and the delivery books again. If the order
 * of the attempt turns up later, it is a duplicate order.
 */
export function abandoned({ progress }: Snapshot, because: string): Transition {
  const { attempt } = progress;
  return {
    state: 'quoting',
    progress: {
      ...progress,
      ...CALM,
      reason: undefined,
      quotation: undefined,
      order: undefined,
      replacement: undefined,
      needsRead: undefined,
      feeSteps: 0,
      driverChanges: 0,
      lost: withAbandoned(progress, because === 'RESOLVED'),
      attempt: isOpen(attempt) ? { ...attempt, outcome: 'abandoned' } : attempt,
    },
    events: [{ type: 'rebooking', orderId: progress.order?.orderId, because }],
    attempts: isOpen(attempt) ? [{ id: attempt.id, outcome: 'abandoned' }] : [],
  };
}

/** Lalamove has an order for an attempt, by its answer, by a webhook or by a read. */
export function placed(
  snapshot: Snapshot,
  attemptId: string,
  order: Pick<TrackedOrder, 'orderId'> & Partial<TrackedOrder>,
  now: number,
): Transition {
  const { progress } = snapshot;
  const { attempt } = progress;
  if (progress.order?.orderId === order.orderId) return placedBefore(snapshot, progress.order, order);
  const isLatest = attempt?.id === attemptId && attempt.outcome !== 'abandoned';
  if (!isLatest || progress.order || isTerminal(snapshot.state)) {
    const attempts = [{ id: attemptId, outcome: 'placed', orderId: order.orderId }] as const;
    const found = { ...snapshot, progress: { ...progress, lost: abandonedFound(progress) } };
    return duplicateFound(found, order, now, { attempts });
  }
  return booked(progress, attempt, order, now);
}

/** A webhook has named the order before the answer came. The answer has the share link, which the webhook lacks. */
function placedBefore(
  { state, progress }: Snapshot,
  known: TrackedOrder,
  { shareLink = '' }: Partial<TrackedOrder>,
): Transition {
  const order = known.shareLink === '' ? { ...known, shareLink } : known;
  return unchanged({ state, progress: { ...progress, order } });
}

/** The order of the latest attempt becomes the live order. */
function booked(
  progress: DeliveryProgress,
  attempt: DeliveryAttempt,
  order: Pick<TrackedOrder, 'orderId'> & Partial<TrackedOrder>,
  now: number,
): Transition {
  const { quotation, cancelAskedAt } = progress;
  const price = { total: quotation?.total ?? '', currency: quotation?.currency ?? '' };
  const live = newOrder({ ...price, ...order }, now);
  const { orderId, total, currency } = live;
  const { number, quotationId } = attempt;
  return {
    state: 'assigning',
    progress: {
      ...progress,
      ...CALM,
      reason: undefined,
      order: live,
      attempt: { ...attempt, outcome: 'placed' },
      polls: 0,
      lastUpdateAt: now,
      feeSteps: 0,
      driverChanges: 0,
      cancelRefused: undefined,
      cancelAskedAt,
    },
    events: [{ type: 'booked', orderId, quotationId, attempt: number, total, currency }],
    attempts: [{ id: attempt.id, outcome: 'placed', orderId }],
  };
}

/** A new order will be placed because the last one found no driver. */
export function rebooked({ progress }: Snapshot): Transition {
  const { order } = progress;
  return {
    state: 'quoting',
    progress: { ...progress, quotation: undefined, order: undefined, feeSteps: 0, driverChanges: 0, polls: 0 },
    events: [{ type: 'rebooking', orderId: order?.orderId, because: order?.status ?? '' }],
  };
}

/** A step of the fee schedule is done, with or without the fee. */
export function feeStepOver({ state, progress }: Snapshot, step: number): Transition {
  return { state, progress: { ...progress, ...CALM, feeSteps: step + 1 }, events: [] };
}

/** Lalamove has accepted a priority fee. */
export function feeRaised({ state, progress }: Snapshot, orderId: string, priorityFee: string): Transition {
  return { state, progress: { ...progress, ...CALM }, events: [{ type: 'fee_raised', orderId, priorityFee }] };
}

/** Committed before another driver is asked for, so that the call is not made twice. */
export function driverChangeAsked({ state, progress }: Snapshot, orderId: string, driverId: string): Transition {
  return {
    state,
    progress: { ...progress, ...CALM, driverChanges: progress.driverChanges + 1, needsRead: true },
    events: [{ type: 'driver_change_asked', orderId, driverId }],
  };
}

/** The order must be read. */
export function needsRead({ state, progress }: Snapshot): Transition {
  return { state, progress: { ...progress, needsRead: true }, events: [] };
}
