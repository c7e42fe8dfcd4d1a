import { redact } from '../internal/redact.js';
import { exceptionOfRow, outcomeUnknown } from './create-exception.js';
import { rowOf, type LalamoveErrorCode } from './error-catalog.js';
import type { AttemptedCall, LalamoveException } from './lalamove.exception.js';
import { plainCause } from './plain-cause.js';
import { isRefusal } from './refusal.js';
import { translateAnswer, type CallContext, type UpstreamAnswer } from './translate-answer.js';

/**
 * What a failed attempt did at Lalamove: nothing, because it certainly never arrived (`unsent`) or because it was
 * refused (`refused`); or it may have been carried out (`unknown`).
 */
export type Outcome = 'unsent' | 'refused' | 'unknown';

/** An attempt without a usable answer. */
export interface FailedAttempt {
  readonly outcome: Outcome;
  /** A `LalamoveOutcomeUnknownException` if the outcome is unknown and the call must not be repeated. */
  readonly exception: LalamoveException;
}

/** What is known about the call that failed. */
export interface FailedCall extends Omit<CallContext, 'now'> {
  readonly attempted: AttemptedCall;
}

/** Why there was no answer, or only a part of one. */
export interface MissingAnswer {
  readonly code: LalamoveErrorCode;
  /** Whether the request certainly never reached Lalamove. */
  readonly isUnsent: boolean;
  /** Whether its caller gave it up: then it is not retried. */
  readonly isGivenUp?: boolean;
  /** Status and headers, if they arrived. */
  readonly head?: Pick<UpstreamAnswer, 'status' | 'headers'> | undefined;
  readonly cause: unknown;
  /** The host and the port of the request, for the log. */
  readonly host?: string | undefined;
}

/** Classifies an answer that is no usable success. */
export function failureOfAnswer(answer: UpstreamAnswer, call: FailedCall & Pick<CallContext, 'now'>): FailedAttempt {
  const exception = translateAnswer(answer, call);
  return failedAttempt(isRefusal(answer.status, exception.isForeign) ? 'refused' : 'unknown', exception, call);
}

/** Classifies an attempt that got no complete answer. */
export function failureWithoutAnswer(
  { code, isUnsent, isGivenUp = false, head, cause, host }: MissingAnswer,
  call: FailedCall,
): FailedAttempt {
  const { operation, account, policy, sentRequestId, repeatable, secrets = [] } = call;
  const row = rowOf(code);
  const requestId = head?.headers['request-id'];
  const exception = exceptionOfRow(row, code, {
    operation,
    account,
    policy,
    sentRequestId,
    retryable: row.retryable && !isGivenUp && (isUnsent || repeatable),
    upstreamStatus: head?.status,
    requestId: requestId && redact(requestId, secrets),
    cause: plainCause(cause, secrets, host),
  });
  return failedAttempt(isUnsent ? 'unsent' : 'unknown', exception, call);
}

function failedAttempt(
  outcome: Outcome,
  exception: LalamoveException,
  { repeatable, attempted, policy }: FailedCall,
): FailedAttempt {
  if (outcome !== 'unknown' || repeatable) return { outcome, exception };
  return { outcome, exception: outcomeUnknown(exception, { attempted, policy }) };
}
