import { isOpen, type DeliveryProgress, type AbandonedAttempts } from './delivery-progress.js';

/** How long after a quotation's end a webhook may still name its order, in ms: Lalamove repeats them for a day. */
export const ABANDONED_MS = 24 * 3_600_000;

/**
 * Remembers attempts of unknown outcome that are given up, because their orders may still turn up.
 *
 * @param isVouchedFor whether a person has confirmed that no order is active
 */
export function withAbandoned(
  { attempt, lost }: DeliveryProgress,
  isVouchedFor = false,
): AbandonedAttempts | undefined {
  if (!isOpen(attempt)) return isVouchedFor && lost ? { ...lost, unknown: 0 } : lost;
  const until = Math.max(attempt.quotationExpiresAt, attempt.reservedAt) + ABANDONED_MS;
  const unknown = isVouchedFor ? 0 : (lost?.unknown ?? 0) + 1;
  return { since: lost?.since ?? attempt.reservedAt, until, unknown };
}

/** The order of one of these attempts has turned up. */
export function abandonedFound({ lost }: DeliveryProgress): AbandonedAttempts | undefined {
  return lost && { ...lost, unknown: Math.max(0, (lost.unknown ?? 0) - 1) };
}
