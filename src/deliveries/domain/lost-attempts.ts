import { isOpen, type DeliveryProgress, type LostAttempts } from './delivery-progress.js';

/** For so long after its quotation's end a webhook may still tell of an order: Lalamove repeats them for a day. */
const LOST_MS = 24 * 3_600_000;

/**
 * What is remembered of attempts of unknown outcome that are given up: their orders may turn up yet.
 *
 * @param isVouchedFor whether a person vouches that no order is on its way
 */
export function lostWith({ attempt, lost }: DeliveryProgress, isVouchedFor = false): LostAttempts | undefined {
  if (!isOpen(attempt)) return isVouchedFor && lost ? { ...lost, unknown: 0 } : lost;
  const until = Math.max(attempt.quotationExpiresAt, attempt.reservedAt) + LOST_MS;
  const unknown = isVouchedFor ? 0 : (lost?.unknown ?? 0) + 1;
  return { since: lost?.since ?? attempt.reservedAt, until, unknown };
}

/** The order of one of them has turned up. */
export function lostFound({ lost }: DeliveryProgress): LostAttempts | undefined {
  return lost && { ...lost, unknown: Math.max(0, (lost.unknown ?? 0) - 1) };
}
