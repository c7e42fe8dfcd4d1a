import { LalamoveOutcomeUnknownException } from '../../errors/call.exceptions.js';
import { LalamoveException } from '../../errors/lalamove.exception.js';
import { isRateLimited } from '../../errors/refusal.js';
import { blanked } from '../../errors/sent-details.js';
import { isTerminal, type DeliveryReason } from '../domain/delivery-progress.js';
import type { DeliveryPolicy } from '../domain/delivery-policy.js';
import type { Transition, Snapshot } from '../domain/transition.js';
import { gaveUp, heldUp } from '../domain/transitions.js';
import { reason } from '../domain/reasons.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import { refusalReason } from './refusal-reason.js';

const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 15 * 60_000;

/** Decides what happens after a failed call: a retry later, or `needs_attention`. */
export class FailurePolicy {
  constructor(
    private readonly policyOf: (snapshot: Pick<DeliveryRecord, 'request'>) => DeliveryPolicy,
    private readonly now: () => number,
  ) {}

  /** A temporary failure is retried later. Any other failure needs a person. */
  after(error: LalamoveException, snapshot: Snapshot & Pick<DeliveryRecord, 'request'>): Transition {
    if (!isPassing(error)) return this.needsHelp(snapshot, refusalReason(error), error);
    const { maxFailures } = this.policyOf(snapshot).failures;
    if (snapshot.progress.failures + 1 >= maxFailures) {
      return this.needsHelp(
        snapshot,
        reason(
          'LALAMOVE_AWAY',
          `Lalamove failed ${maxFailures} times in a row: ${error.code}, ${blanked(error.message)}`,
        ),
        error,
      );
    }
    return this.later(snapshot, error);
  }

  /** The account's keys could not be resolved. This failure is temporary and counts like a failure of Lalamove. */
  withoutKeys(snapshot: Snapshot & Pick<DeliveryRecord, 'request'>): Transition {
    const { maxFailures } = this.policyOf(snapshot).failures;
    if (snapshot.progress.failures + 1 < maxFailures) return this.later(snapshot);
    return this.needsHelp(
      snapshot,
      // The reason omits the error that the host's function threw, because it may contain secrets.
      reason('ACCOUNT_UNAVAILABLE', `accounts.resolve failed ${maxFailures} times in a row: see the log.`),
    );
  }

  /**
   * Reports that a person is needed. If this was reported before or the delivery has ended, it is not reported again:
   * the call is retried later with backoff.
   */
  needsHelp(snapshot: Snapshot, because: DeliveryReason, error?: LalamoveException): Transition {
    const isAtRest = snapshot.state === 'needs_attention' || isTerminal(snapshot.state);
    return isAtRest ? this.later(snapshot, error) : gaveUp(snapshot, because);
  }

  /** Retries later, with exponential backoff and jitter, and not before the time that Lalamove requests. */
  later(snapshot: Snapshot, error?: LalamoveException): Transition {
    return heldUp(snapshot, this.retryAt(snapshot.progress.failures, error));
  }

  /**
   * The time of the next retry, in Unix ms.
   *
   * @param failures the number of failures in a row before this one
   */
  retryAt(failures: number, error?: LalamoveException): number {
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures, 20), LONGEST_PAUSE_MS);
    const asked = (error?.retryAfterSeconds ?? 0) * 1000;
    return this.now() + Math.ceil(Math.max(asked, longest * (0.5 + Math.random() / 2)));
  }
}

/**
 * Returns the error if it is a LalamoveException.
 *
 * @throws any other error
 */
export function lalamoveExceptionOf(error: unknown): LalamoveException {
  if (LalamoveException.is(error)) return error;
  throw error;
}

/** Whether it is unknown if Lalamove executed the call. */
export function isOutcomeUnknown(error: LalamoveException): boolean {
  return error instanceof LalamoveOutcomeUnknownException || error.name === 'LalamoveOutcomeUnknownException';
}

/** Whether Lalamove itself refused the call permanently. A response of a proxy or a firewall is temporary. */
export function isRefusal({ upstreamStatus, isForeign }: LalamoveException): boolean {
  return !isForeign && upstreamStatus !== undefined && [403, 404, 409, 422].includes(upstreamStatus);
}

/** Whether Lalamove answered that the order does not exist or belongs to another account. */
export function isGone({ upstreamStatus, isForeign }: LalamoveException): boolean {
  return !isForeign && upstreamStatus !== undefined && [403, 404, 422].includes(upstreamStatus);
}

/** Whether the same call may succeed later. */
function isPassing(error: LalamoveException): boolean {
  return error.retryable || isRateLimited(error.upstreamStatus) || error.fixableBy === 'lalamove' || isUsedUp(error);
}

const USED_UP: ReadonlySet<string> = new Set([
  'ERR_INVALID_QUOTATION_ID',
  'ERR_QUOTATION_EXPIRED',
  'ERR_PRICE_MISMATCH',
]);

/** Whether the call failed only because the quotation can no longer be ordered. */
export function isUsedUp({ code }: LalamoveException): boolean {
  return USED_UP.has(code);
}
