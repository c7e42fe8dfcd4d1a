import { isOpen, type DeliveryCourse } from './delivery-course.js';

/** For so long after its quotation's end a webhook may still tell of an order: Lalamove repeats them for a day. */
const LOST_MS = 24 * 3_600_000;

/** What is remembered of attempts of unknown outcome that are given up: their orders may turn up yet. */
export function lostWith({ attempt, lost }: DeliveryCourse): DeliveryCourse['lost'] {
  if (!isOpen(attempt)) return lost;
  const until = Math.max(attempt.quotationExpiresAt, attempt.reservedAt) + LOST_MS;
  return { since: lost?.since ?? attempt.reservedAt, until };
}
