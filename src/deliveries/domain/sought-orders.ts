import { isUnexplained } from './adoption.js';
import { isTerminal } from './delivery-progress.js';
import type { Snapshot } from './transition.js';

/** For so long after a cancellation the webhooks of a clone may still come: Lalamove repeats them for a day. */
const CLONE_MS = 24 * 3_600_000;

/**
 * Since when orders of unmatched webhooks may be orders of this delivery: they are read to find out. Those of
 * attempts whose outcome is unknown or that were given up, and clones of orders that others have cancelled.
 *
 * @param now Unix ms
 * @returns Unix ms; `undefined` if no order is sought
 */
export function soughtSince(snapshot: Snapshot, now: number): number | undefined {
  const { attempt, lost } = snapshot.progress;
  const times = [
    ...(lost && now < lost.until ? [lost.since] : []),
    ...(attempt?.outcome === 'unknown' ? [attempt.reservedAt] : []),
    ...cancelledAt(snapshot, now),
  ];
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Whether a clone of an order that others have cancelled is sought, which no row of an attempt tells of. */
export function isCloneSought(snapshot: Snapshot, now: number): boolean {
  return cancelledAt(snapshot, now).length > 0;
}

/** When the orders were placed of which clones may be on their way. */
function cancelledAt({ state, progress }: Snapshot, now: number): number[] {
  const { order, lastUpdateAt, duplicates = [] } = progress;
  const isLiveSought = order !== undefined && !isTerminal(state) && isUnexplained(progress);
  return [
    ...(isLiveSought ? [{ order, lastUpdateAt }] : []),
    ...duplicates.filter(({ replacement }) => replacement !== undefined),
  ].flatMap((canceled) => (now < canceled.lastUpdateAt + CLONE_MS ? [canceled.order.placedAt] : []));
}
