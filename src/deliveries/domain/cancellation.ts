import { endedUnlessDuplicates } from './adoption.js';
import { isTerminal } from './delivery-progress.js';
import { unchanged, type Transition, type Snapshot } from './transition.js';
import { gaveUp } from './transitions.js';
import { ENDED_WITHOUT_DRIVER } from '../../api/order-status.js';
import { reason } from './reasons.js';

/** The host wants no courier any more. What cannot be done at once is kept, and done when it can. */
export function cancelAsked({ state, progress }: Snapshot, now: number): Transition {
  if (isTerminal(state) || progress.cancelAskedAt !== undefined) return unchanged({ state, progress });
  return {
    state,
    progress: {
      ...progress,
      cancelAskedAt: now,
      retryAt: undefined,
      // Lalamove may think otherwise by now.
      duplicates: progress.duplicates?.map((duplicate) => ({
        ...duplicate,
        ...{ retryAt: undefined, cancelRefused: undefined },
      })),
    },
    events: [{ type: 'cancel_requested' }],
  };
}

/** Its order is about to be cancelled: committed before the call, so that a `CANCELED` after a crash is known for our own. */
export function cancelSent({ state, progress }: Snapshot, orderId: string): Transition {
  return { state, progress: { ...progress, cancelSent: orderId }, events: [] };
}

/** There is nothing to cancel at Lalamove's, or it has been cancelled. */
export function canceled(snapshot: Snapshot): Transition {
  const { state, progress } = snapshot;
  const { order } = progress;
  // It has come to the door while it was being cancelled.
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

/** Lalamove does not allow it any more: the delivery goes on. */
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
 * Nobody has told of a replacement for an order that was not cancelled by us. A clone may be on its way all the same, so that it is not called canceled, even where a
 * cancellation was asked for: a person looks.
 */
export function cancellationSettled(snapshot: Snapshot): Transition {
  const { progress } = snapshot;
  const calm = { ...snapshot, progress: { ...progress, replacement: undefined } };
  return gaveUp(calm, reason(progress.replacement?.isAnnounced ? 'REPLACEMENT_MISSING' : 'CANCELED_UNEXPLAINED'));
}
