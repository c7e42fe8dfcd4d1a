import { LalamoveOutcomeUnknownException } from '../../errors/call.exceptions.js';
import type { LalamoveException } from '../../errors/lalamove.exception.js';
import { isRateLimited } from '../../errors/refusal.js';
import { blanked, sentDetails } from '../../errors/sent-details.js';
import { isTerminal, type DeliveryReason } from '../domain/delivery-progress.js';
import type { DeliveryPolicy } from '../domain/delivery-policy.js';
import type { Transition, Snapshot } from '../domain/transition.js';
import { gaveUp, heldUp } from '../domain/transitions.js';
import { reason } from '../domain/reasons.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';

const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 15 * 60_000;

/** What becomes of a delivery where a call has failed. */
export class FailurePolicy {
  constructor(
    private readonly policyOf: (snapshot: Pick<DeliveryRecord, 'request'>) => DeliveryPolicy,
    private readonly now: () => number,
  ) {}

  /** What passes is tried again, later; what does not needs a person. */
  after(error: LalamoveException, snapshot: Snapshot & Pick<DeliveryRecord, 'request'>): Transition {
    if (!isPassing(error)) return this.needsHelp(snapshot, { code: error.code, message: wordsOf(error) }, error);
    const { maxFailures } = this.policyOf(snapshot).failures;
    if (snapshot.progress.failures + 1 >= maxFailures) {
      return this.needsHelp(
        snapshot,
        reason(
          'LALAMOVE_AWAY',
          `Lalamove has failed ${maxFailures} times in a row: ${error.code}, ${blanked(error.message)}`,
        ),
        error,
      );
    }
    return this.later(snapshot, error);
  }

  /** The keys of its account cannot be had: that may pass, and is a failure like one of Lalamove's. */
  withoutKeys(snapshot: Snapshot & Pick<DeliveryRecord, 'request'>): Transition {
    const { maxFailures } = this.policyOf(snapshot).failures;
    if (snapshot.progress.failures + 1 < maxFailures) return this.later(snapshot);
    return this.needsHelp(
      snapshot,
      // Without what the host's function has thrown: nobody knows what is in it.
      reason('ACCOUNT_UNAVAILABLE', `accounts.resolve has failed ${maxFailures} times in a row: see the log.`),
    );
  }

  /** A person is needed. Where one is already, or it has ended, that is not said again and again: it is tried again, ever more rarely. */
  needsHelp(snapshot: Snapshot, because: DeliveryReason, error?: LalamoveException): Transition {
    const isAtRest = snapshot.state === 'needs_attention' || isTerminal(snapshot.state);
    return isAtRest ? this.later(snapshot, error) : gaveUp(snapshot, because);
  }

  /** It is tried again: twice as late after each failure, with jitter, and no sooner than Lalamove says. */
  later(snapshot: Snapshot, error?: LalamoveException): Transition {
    return heldUp(snapshot, this.retryAt(snapshot.progress.failures, error));
  }

  /**
   * When to try again: Unix ms.
   *
   * @param failures how many in a row there were before this one
   */
  retryAt(failures: number, error?: LalamoveException): number {
    const most = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures, 20), LONGEST_PAUSE_MS);
    const asked = (error?.retryAfterSeconds ?? 0) * 1000;
    return this.now() + Math.ceil(Math.max(asked, most * (0.5 + Math.random() / 2)));
  }
}

/** What a person reads, and what is stored: with the place of the fault, where Lalamove has named it, and without what may be about a person. */
function wordsOf({ message, errors }: LalamoveException): string {
  const { pointer, detail } = sentDetails(errors);
  const where = [pointer, detail].filter((text) => text !== undefined).join(' ');
  return where === '' ? blanked(message) : `${blanked(message)} (${where})`;
}

/** Nobody knows whether it was carried out. */
export function isOutcomeUnknown(error: LalamoveException): boolean {
  return error instanceof LalamoveOutcomeUnknownException || error.name === 'LalamoveOutcomeUnknownException';
}

/** Lalamove has said no, for good; what something in between says, a firewall say, holds for the moment. */
export function isRefusal({ upstreamStatus, isForeign }: LalamoveException): boolean {
  return !isForeign && upstreamStatus !== undefined && [403, 404, 409, 422].includes(upstreamStatus);
}

/** Lalamove has said that there is no such order, or none of ours. */
export function isGone({ upstreamStatus, isForeign }: LalamoveException): boolean {
  return !isForeign && upstreamStatus !== undefined && [403, 404, 422].includes(upstreamStatus);
}

/** Whether the same call may go well later. */
function isPassing(error: LalamoveException): boolean {
  return error.retryable || isRateLimited(error.upstreamStatus) || error.fixableBy === 'lalamove' || isUsedUp(error);
}

const USED_UP: ReadonlySet<string> = new Set([
  'ERR_INVALID_QUOTATION_ID',
  'ERR_QUOTATION_EXPIRED',
  'ERR_PRICE_MISMATCH',
]);

/** The quotation cannot be ordered any more, and that is all. */
export function isUsedUp({ code }: LalamoveException): boolean {
  return USED_UP.has(code);
}
