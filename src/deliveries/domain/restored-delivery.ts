import { ABANDONED_MS } from './abandoned-attempts.js';
import { isOpen, type DeliveryAttempt } from './delivery-progress.js';
import type { Snapshot, Transition } from './transition.js';

/**
 * A webhook or a read has shown an attempt that the restored backup does not have. If no other order is known, it
 * becomes the latest attempt. A live order is read, because it may have ended.
 */
export function attemptRecovered({ state, progress }: Snapshot, attempt: DeliveryAttempt): Transition {
  const booked = progress.booked + 1;
  if (progress.order) return { state, progress: { ...progress, booked, needsRead: true }, events: [] };
  const isLatest = !isOpen(progress.attempt);
  return { state, progress: { ...progress, booked, ...(isLatest && { attempt }) }, events: [] };
}

/** A delivery of a restored database has ended, or a person has decided: it goes on like any other. */
export function decidedAfterRestore(transition: Transition): Transition {
  const { restored } = transition.progress;
  if (!restored) return transition;
  const { lost } = transition.progress;
  const since = Math.min(lost?.since ?? restored.at, restored.at);
  const until = Math.max(lost?.until ?? 0, restored.at + ABANDONED_MS);
  return {
    ...transition,
    progress: { ...transition.progress, restored: undefined, lost: { ...lost, since, until } },
    attempts: [...(transition.attempts ?? []), { id: restored.attemptId, outcome: 'abandoned' }],
  };
}
