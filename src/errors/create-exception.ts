import { rowOf, rowOfCode, rowOfStatus, type ErrorRow, type LalamoveErrorCode } from './error-catalog.js';
import { neutralAnswer, type GatewayAnswer } from './nest-error-body.js';
import type { LalamoveException, LalamoveExceptionInit } from './lalamove.exception.js';
import { endpointOf } from '../api/endpoints.js';
import { hasStoppedWaiting, isRateLimited } from './refusal.js';

/** Facts of a failure beside its code. The error catalog supplies what is left out. */
export type LalamoveExceptionDetails = Partial<Omit<LalamoveExceptionInit, 'code'>>;

/**
 * Creates the exception of an error code, with all facts that the error catalog has for it. Use it in tests in which
 * a mocked `LalamoveService` fails: `createLalamoveException('ERR_ORDER_NOT_FOUND')` returns an
 * `OrderNotFoundException` that is answered with 404.
 *
 * @param code a code of the catalog, or any other code; for another code `details.upstreamStatus` decides the class
 * @param details values that override those of the catalog
 */
export function createLalamoveException(
  code: LalamoveErrorCode | (string & {}),
  details: LalamoveExceptionDetails = {},
): LalamoveException {
  const { upstreamStatus } = details;
  const row = rowOfCode(code) ?? (upstreamStatus ? rowOfStatus(upstreamStatus) : rowOf('LALAMOVE_UNKNOWN_ERROR'));
  const status = upstreamStatus ?? row.statuses[0];
  const repeatable = endpointOf(details.operation)?.repeatable ?? true;
  const retryable = details.retryable ?? (row.retryable && (repeatable || isRateLimited(status)));
  return exceptionOfRow(row, code, { ...details, upstreamStatus: status, retryable });
}

/** Creates the exception of a catalog row. `code` is the received code; a fallback row has another code of its own. */
export function exceptionOfRow(row: ErrorRow, code: string, details: LalamoveExceptionDetails): LalamoveException {
  const { upstreamStatus, operation } = details;
  const reading = endpointOf(operation)?.shows ? row.whenReading : undefined;
  const failed = upstreamStatus !== undefined && upstreamStatus >= 500;
  const gateway = gatewayAnswer(row, {
    failed,
    isForeign: details.isForeign === true,
    isReading: reading !== undefined,
  });
  // Member by member because a spread of `details` takes as long as the rest of the translation.
  return new row.exception({
    code,
    message: details.message ?? row.message,
    mirrorStatus: details.mirrorStatus ?? mirrored(upstreamStatus, row),
    gateway: details.gateway ?? gateway,
    fixableBy: details.fixableBy ?? (failed ? 'lalamove' : (reading?.fixableBy ?? row.fixableBy)),
    retryable: details.retryable ?? row.retryable,
    upstreamStatus,
    isForeign: details.isForeign,
    errors: details.errors,
    requestId: details.requestId,
    sentRequestId: details.sentRequestId,
    operation,
    account: details.account,
    retryAfterSeconds: details.retryAfterSeconds,
    policy: details.policy,
    attempted: details.attempted,
    cause: details.cause,
  } satisfies Record<keyof LalamoveExceptionInit, unknown>);
}

/**
 * Creates the exception of a call that must not be repeated and whose outcome is unknown.
 *
 * @param cause the exception that a repeatable call would have thrown
 * @param details the status policy, and the data of the attempted call
 */
export function outcomeUnknown(
  cause: LalamoveException,
  details: Pick<LalamoveExceptionInit, 'attempted' | 'policy'> = {},
): LalamoveException {
  const row = rowOf('LALAMOVE_OUTCOME_UNKNOWN');
  const { upstreamStatus, isForeign, errors, requestId, sentRequestId, operation, account } = cause;
  const failed = upstreamStatus !== undefined && upstreamStatus >= 500 && upstreamStatus <= 599;
  return new row.exception({
    ...details,
    code: cause.code.startsWith('LALAMOVE_') ? row.code : cause.code,
    message: row.message,
    mirrorStatus: failed ? upstreamStatus : statusOfUnknownOutcome(cause),
    // 502 as for any error under `gateway`, but with this message: the consumer must know not to repeat the call.
    gateway: { status: 502, code: row.code, message: row.message },
    fixableBy: row.fixableBy,
    retryable: false,
    upstreamStatus,
    isForeign,
    errors,
    requestId,
    sentRequestId,
    operation,
    account,
    cause,
  });
}

/** 504 if no answer came in time, else 502. */
function statusOfUnknownOutcome({ mirrorStatus }: LalamoveException): number {
  return mirrorStatus === 504 || hasStoppedWaiting(mirrorStatus) ? 504 : 502;
}

function mirrored(upstreamStatus: number | undefined, row: ErrorRow): number {
  if (upstreamStatus === undefined) return row.status;
  if (upstreamStatus >= 400 && upstreamStatus <= 599) return upstreamStatus;
  // A 1xx to 3xx status is no error status: use that of our own row, or 502 for a row of Lalamove's.
  return row.statuses.length === 0 ? row.status : 502;
}

/** The answer under `gateway`. An answer of a proxy is always concealed, because it describes the host's network. */
function gatewayAnswer(
  row: ErrorRow,
  { failed, isForeign, isReading }: Record<'failed' | 'isForeign' | 'isReading', boolean>,
): GatewayAnswer | undefined {
  if (isForeign) return neutralAnswer(failed ? 502 : (row.gateway ?? 502));
  if (isReading) return undefined;
  if (failed) return neutralAnswer(502);
  return row.gateway && neutralAnswer(row.gateway);
}
