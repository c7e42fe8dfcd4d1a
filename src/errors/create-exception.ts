import { rowOf, rowOfCode, rowOfStatus, type ErrorRow, type LalamoveErrorCode } from './error-catalog.js';
import { neutralAnswer, type GatewayAnswer } from './nest-error-body.js';
import type { LalamoveException, LalamoveExceptionInit } from './lalamove.exception.js';
import { operationFacts } from '../api/operation-table.js';
import { hasStoppedWaiting, isRateLimited } from './refusal.js';

/** What is known of a failure beyond its code; the catalog supplies the rest. */
export type LalamoveExceptionDetails = Partial<Omit<LalamoveExceptionInit, 'code'>>;

/**
 * Makes the exception that stands for a code, with everything that the error catalog knows of it. Meant for tests that let a mocked
 * `LalamoveService` fail: `createLalamoveException('ERR_ORDER_NOT_FOUND')` is an `OrderNotFoundException` that answers 404.
 *
 * @param code a code of the catalog, or any other: then `details.upstreamStatus` decides the class.
 * @param details overrides what the catalog says.
 */
export function createLalamoveException(
  code: LalamoveErrorCode | (string & {}),
  details: LalamoveExceptionDetails = {},
): LalamoveException {
  const { upstreamStatus } = details;
  const row = rowOfCode(code) ?? (upstreamStatus ? rowOfStatus(upstreamStatus) : rowOf('LALAMOVE_UNKNOWN_ERROR'));
  const status = upstreamStatus ?? row.statuses[0];
  const repeatable = operationFacts(details.operation)?.repeatable ?? true;
  const retryable = details.retryable ?? (row.retryable && (repeatable || isRateLimited(status)));
  return exceptionOfRow(row, code, { ...details, upstreamStatus: status, retryable });
}

/** Makes the exception of a row, under the code that came (which a fallback row does not have). */
export function exceptionOfRow(row: ErrorRow, code: string, details: LalamoveExceptionDetails): LalamoveException {
  const { upstreamStatus, operation } = details;
  const reading = operationFacts(operation)?.shows ? row.whenReading : undefined;
  const failed = upstreamStatus !== undefined && upstreamStatus >= 500;
  const gateway = gatewayAnswer(row, {
    failed,
    isForeign: details.isForeign === true,
    isReading: reading !== undefined,
  });
  // Member by member: to spread `details` into it would take as long as all the rest of a translation.
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
 * The end of a call that must not be repeated, where nobody can know whether it was carried out.
 *
 * @param cause what the end would have been for a harmless call
 * @param details the policy, and what the call was about
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
    mirrorStatus: failed ? upstreamStatus : isSilent(cause.mirrorStatus) ? 504 : 502,
    // However it came about, as any fault under `gateway`; but this one must still tell the consumer not to repeat.
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

/** Whether the status of a cause says that no answer came while somebody waited. */
function isSilent(status: number): boolean {
  return status === 504 || hasStoppedWaiting(status);
}

function mirrored(upstreamStatus: number | undefined, row: ErrorRow): number {
  if (upstreamStatus === undefined) return row.status;
  if (upstreamStatus >= 400 && upstreamStatus <= 599) return upstreamStatus;
  // What broke after a success was announced is answered for what it is; a success that cannot be used, as a bad gateway.
  return row.statuses.length === 0 ? row.status : 502;
}

/** What something in between has written tells of what is between, whatever its status. */
function gatewayAnswer(
  row: ErrorRow,
  { failed, isForeign, isReading }: Record<'failed' | 'isForeign' | 'isReading', boolean>,
): GatewayAnswer | undefined {
  if (isForeign) return neutralAnswer(failed ? 502 : (row.gateway ?? 502));
  if (isReading) return undefined;
  if (failed) return neutralAnswer(502);
  return row.gateway && neutralAnswer(row.gateway);
}
