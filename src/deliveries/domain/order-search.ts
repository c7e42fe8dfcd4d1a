import { isUnexplained } from './adoption.js';
import { isTerminal } from './delivery-progress.js';
import type { Snapshot } from './transition.js';

/** How long after a cancellation webhooks of a clone may still arrive, in ms: Lalamove repeats them for a day. */
const CLONE_MS = 24 * 3_600_000;

/**
 * Since when orders of unmatched webhooks may belong to this delivery; they are read to find out. They may be orders of
 * attempts of unknown outcome, of attempts that were given up or that a restore has lost, or clones of orders that
 * somebody else cancelled.
 *
 * @param now Unix ms
 * @returns Unix ms; `undefined` if no order is sought
 */
export function searchSince(snapshot: Snapshot, now: number): number | undefined {
  const { attempt, lost, restored } = snapshot.progress;
  const times = [
    ...(restored ? [restored.at] : []),
    ...(lost && now < lost.until ? [lost.since] : []),
    ...(attempt?.outcome === 'unknown' ? [attempt.reservedAt] : []),
    ...cancelledAt(snapshot, now),
  ];
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Whether to look for a clone of an order that somebody else cancelled. No attempt has a row for it. */
export function searchesClone(snapshot: Snapshot, now: number): boolean {
  return cancelledAt(snapshot, now).length > 0;
}

/** When the orders were placed that may have active clones. */
function cancelledAt({ state, progress }: Snapshot, now: number): number[] {
  const { order, lastUpdateAt, duplicates = [] } = progress;
  const isLiveSought = order !== undefined && !isTerminal(state) && isUnexplained(progress);
  return [
    ...(isLiveSought ? [{ order, lastUpdateAt }] : []),
    ...duplicates.filter(({ replacement }) => replacement !== undefined),
  ].flatMap((canceled) => (now < canceled.lastUpdateAt + CLONE_MS ? [canceled.order.placedAt] : []));
}
