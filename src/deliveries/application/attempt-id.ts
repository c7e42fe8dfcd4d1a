import { randomUUID } from 'node:crypto';
import { ATTEMPT_ID } from '../../api/requests/attempt-metadata.js';

/**
 * A new id of an attempt. It contains the id of the delivery, so that an order can be assigned to its delivery even if
 * a restore has lost the attempt.
 */
export function newAttemptId(deliveryId: string): string {
  return `${deliveryId}.${randomUUID()}`;
}

/** The UUID of an attempt: Lalamove's guide wants a UUID as `Request-ID`. */
export function requestIdOf(attemptId: string): string {
  return attemptId.slice(attemptId.lastIndexOf('.') + 1);
}

/** The delivery of an attempt; `undefined` if the id does not name one. */
export function deliveryOfAttempt(attemptId: string): string | undefined {
  return ATTEMPT_ID.exec(attemptId)?.[1];
}
