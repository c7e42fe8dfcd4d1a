import { ENDPOINTS, type LalamoveOperation } from '../api/endpoints.js';
import { createLalamoveException, outcomeUnknown } from '../errors/create-exception.js';
import { ERROR_CATALOG, type LalamoveErrorCode } from '../errors/error-catalog.js';
import type { LalamoveException } from '../errors/lalamove.exception.js';
import { CALLS_OF_CODE } from './operation-errors.js';

/** Statuses of a gateway or an overloaded server in front of Lalamove, beside those of the catalog. */
const FURTHER_SERVER_STATUSES = [503, 504];

/** An answer without Lalamove's own body has no code. These say that it is not known what has become of the call. */
const AMBIGUOUS: ReadonlySet<string> = new Set<LalamoveErrorCode>([
  'LALAMOVE_TIMEOUT',
  'LALAMOVE_CONNECTION',
  'LALAMOVE_UNREADABLE_RESPONSE',
]);

/** All exceptions that a call of `LalamoveService` can throw: one for each code and status of the catalog. */
export function operationExceptions(operation: LalamoveOperation): LalamoveException[] {
  const { repeatable } = ENDPOINTS[operation];
  return ERROR_CATALOG.filter(({ code }) => canEnd(code, operation)).flatMap(({ code, statuses }) => {
    const listed = code === 'LALAMOVE_SERVER_ERROR' ? [...statuses, ...FURTHER_SERVER_STATUSES] : statuses;
    const exceptions =
      listed.length === 0
        ? [exceptionOf(code, operation)]
        : listed.map((status) => exceptionOf(code, operation, status));
    if (repeatable) return exceptions;
    return exceptions.flatMap((exception) => {
      // A server error never shows whether the order was placed. A connection can also fail before anything is sent.
      if ((exception.upstreamStatus ?? 0) >= 500) return [outcomeUnknown(exception)];
      return AMBIGUOUS.has(code) ? [exception, outcomeUnknown(exception)] : [exception];
    });
  });
}

function canEnd(code: string, operation: LalamoveOperation): boolean {
  const calls = Object.entries(CALLS_OF_CODE).find(([each]) => each === code)?.[1] ?? [];
  return calls === 'every' || calls.includes(operation);
}

function exceptionOf(code: string, operation: LalamoveOperation, upstreamStatus?: number): LalamoveException {
  return createLalamoveException(code, {
    operation,
    requestId: EXAMPLE_REQUEST_ID,
    ...(upstreamStatus !== undefined && { upstreamStatus }),
  });
}

/** Lalamove's id of a call, in examples. */
const EXAMPLE_REQUEST_ID = '6a1f5a1e-3a4b-4c1f-9d2e-0b8f7c6d5e4f';
