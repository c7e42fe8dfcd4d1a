import { rowOfCode, rowOfStatus, rowOfText, type ErrorRow } from './error-catalog.js';
import { readErrorBody, type ListedError } from './error-body.js';
import { exceptionOfRow } from './create-exception.js';
import type { LalamoveErrorItem } from './lalamove-error-item.js';
import type { LalamoveException, LalamoveExceptionInit } from './lalamove.exception.js';
import { redact } from '../internal/redact.js';
import { isLalamoves, isRateLimited, isRefusal } from './refusal.js';
import type { AnswerHeaders } from '../api/rate-limit-headers.js';
import { readRetryAfter } from '../api/retry-after.js';

/** An answer of Lalamove's, as it came. */
export interface UpstreamAnswer {
  status: number;
  headers: AnswerHeaders;
  /** The decoded body; empty where it could not be read. */
  body: string;
  /** Whether it broke off, or could not be read to its end: then its body proves nothing. */
  isCut?: boolean;
}

/** What the caller knows of the call that failed. */
export interface CallContext extends Pick<LalamoveExceptionInit, 'operation' | 'account' | 'sentRequestId' | 'policy'> {
  /** Whether the call may be repeated even if Lalamove might have carried it out. */
  repeatable: boolean;
  /** Unix time in ms. */
  now: number;
  /** What the answer may echo, and the exception must not hold. */
  secrets?: readonly string[];
}

/** The statuses whose headers may tell when to come back. */
const TELLS_WHEN = new Set([429, 503]);

/**
 * Turns an answer that is no success into the exception that it stands for. The code decides, then a text that the catalog knows, then the
 * status; a code that the catalog does not know is kept, with its text and its status. Pure; never throws.
 */
export function translateAnswer(answer: UpstreamAnswer, context: CallContext): LalamoveException {
  const { status, headers } = answer;
  const { now, repeatable, secrets = [], operation, account, sentRequestId, policy } = context;
  // Redacted once it is parsed: in the text a secret can hide behind JSON's escapes.
  const clean = (text: string): string => redact(text, secrets);
  const body = readErrorBody(answer.body, clean);
  const isForeign = !isLalamoves(answer, body);
  const listed = leading(body.errors);
  const told = recognise(listed);
  const row = told ?? rowOfStatus(status);
  const code = told?.code ?? listed?.code ?? stableCode(row);
  return exceptionOfRow(row, code, {
    operation,
    account,
    sentRequestId,
    policy,
    upstreamStatus: status,
    isForeign,
    message: told ? row.message : ((body.form === 'json' ? undefined : row.bare?.[status]) ?? spoken(listed, row)),
    errors: body.errors.map((error) => item(error, code, row)),
    requestId: body.requestId ?? (headers['request-id'] && clean(headers['request-id'])),
    retryable: row.retryable && (repeatable || (isRateLimited(status) && isRefusal(status, isForeign))),
    retryAfterSeconds: TELLS_WHEN.has(status) ? readRetryAfter(headers, now) : undefined,
  });
}

/** Of several errors the first that the catalog knows speaks for all; else the first with a code; else the first. */
function leading(errors: readonly ListedError[]): ListedError | undefined {
  return errors.find((error) => recognise(error)) ?? errors.find(({ code }) => code !== undefined) ?? errors[0];
}

function recognise(error: ListedError | undefined): ErrorRow | undefined {
  if (error?.code !== undefined) return rowOfCode(error.code);
  return error?.message === undefined ? undefined : rowOfText(error.message);
}

/** What came without a code never gets one of Lalamove's: it might be taken for their word. */
function stableCode(row: ErrorRow): string {
  return row.code.startsWith('LALAMOVE_') ? row.code : 'LALAMOVE_UNKNOWN_ERROR';
}

/** A code or a status that the catalog does not know keeps its text; a bare text beside a known status only comments on it. */
function spoken(listed: ListedError | undefined, row: ErrorRow): string {
  const unknown = listed?.code !== undefined || row.code === 'LALAMOVE_UNKNOWN_ERROR';
  return (unknown ? listed?.message : undefined) ?? row.message;
}

function item(error: ListedError, code: string, row: ErrorRow): LalamoveErrorItem {
  return {
    code: error.code ?? code,
    message:
      error.message ?? (error.code === undefined ? row.message : (rowOfCode(error.code)?.message ?? row.message)),
    ...(error.pointer !== undefined && { pointer: error.pointer }),
    ...(error.detail !== undefined && { detail: error.detail }),
  };
}
