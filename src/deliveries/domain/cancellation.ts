import { endedUnlessDuplicates } from './adoption.js';
import { isTerminal } from './delivery-progress.js';
import { unchanged, type Transition, type Snapshot } from './transition.js';
import { gaveUp } from './transitions.js';
import { ENDED_WITHOUT_DRIVER } from '../../api/order-status.js';
import { reason } from './reasons.js';

/** The host asks for the cancellation. If it is not possible at once, it is remembered and done later. */
export function cancelAsked({ state, progress }: Snapshot, now: number, by?: string): Transition {
  if (isTerminal(state) || progress.cancelAskedAt !== undefined) return unchanged({ state, progress });
  return {
    state,
    progress: {
      ...progress,
      cancelAskedAt: now,
      retryAt: undefined,
      // Lalamove may allow it by now.
      duplicates: progress.duplicates?.map((duplicate) => ({
        ...duplicate,
        retryAt: undefined,
        cancelRefused: undefined,
      })),
    },
    events: [{ type: 'cancel_requested', by }],
  };
}

/** Committed before the cancellation is sent: after a crash, a `CANCELED` is then recognised as our own. */
export function cancelSent({ state, progress }: Snapshot, orderId: string): Transition {
  return { state, progress: { ...progress, cancelSent: orderId }, events: [] };
}

/** There is no order to cancel at Lalamove, or the order has been cancelled. */
export function canceled(snapshot: Snapshot): Transition {
  const { state, progress } = snapshot;
  const { order } = progress;
  // The delivery was completed while it was being cancelled.
  if (isTerminal(state)) return unchanged(snapshot);
  return endedUnlessDuplicates(snapshot, {
    state: 'canceled',
    progress: {
      ...progress,
      failures: 0,
      retryAt: undefined,
      needsRead: undefined,
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

/** Lalamove does not allow the cancellation any more: the delivery goes on. */
export function cancelRefused({ state, progress }: Snapshot, orderId: string, code: string): Transition {
  return {
    state,
    progress: {
      ...progress,
      failures: 0,
      retryAt: undefined,
      cancelSent: undefined,
      cancelRefused: true,
      needsRead: true,
    },
    events: [{ type: 'cancel_refused', orderId, code }],
  };
}

/**
 * The wait for an `ORDER_REPLACED` is over, for an order that was not cancelled by this application. A clone may be
 * active all the same. So the delivery does not become canceled, even if a cancellation was asked for: a person
 * decides.
 */
export function cancellationSettled(snapshot: Snapshot): Transition {
  const { progress } = snapshot;
  const calm = { ...snapshot, progress: { ...progress, replacement: undefined } };
  return gaveUp(calm, reason(progress.replacement?.isAnnounced ? 'REPLACEMENT_MISSING' : 'CANCELED_UNEXPLAINED'));
}
