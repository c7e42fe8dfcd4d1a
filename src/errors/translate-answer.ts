import { rowOfCode, rowOfStatus, rowOfText, type ErrorRow } from './error-catalog.js';
import { readErrorBody, type ErrorBody, type ListedError } from './error-body.js';
import { exceptionOfRow } from './create-exception.js';
import { inputField } from './input-field.js';
import type { LalamoveErrorItem } from './lalamove-error-item.js';
import type { LalamoveException, LalamoveExceptionInit } from './lalamove.exception.js';
import { redact } from '../internal/redact.js';
import { isLalamoves, isRateLimited, isRefusal } from './refusal.js';
import type { AnswerHeaders } from '../api/rate-limit-headers.js';
import { readRetryAfter } from '../api/retry-after.js';

/** An answer of Lalamove's, as received. */
export interface UpstreamAnswer {
  status: number;
  headers: AnswerHeaders;
  /** The decoded body; empty if it could not be read. */
  body: string;
  /** Whether the body is incomplete or could not be read. Then it does not prove that Lalamove sent the answer. */
  isCut?: boolean;
}

/** Facts of the failed call. */
export interface CallContext extends Pick<LalamoveExceptionInit, 'operation' | 'account' | 'sentRequestId' | 'policy'> {
  /** Whether the call may be repeated even if Lalamove carried it out. */
  repeatable: boolean;
  /** Unix time in ms. */
  now: number;
  /** Secrets that the answer may repeat, and that the exception must not hold. */
  secrets?: readonly string[];
}

/** The statuses whose headers may say when to retry. */
const STATUSES_WITH_RETRY_AFTER = new Set([429, 503]);

/**
 * Creates the exception for an answer that is no success. The catalog row is found by the code, then by the text, then
 * by the status. A code that the catalog does not know stays in the exception, with its text and its status. Pure;
 * never throws.
 */
export function translateAnswer(answer: UpstreamAnswer, context: CallContext): LalamoveException {
  const { status, headers } = answer;
  const { now, repeatable, secrets = [], operation, account, sentRequestId, policy } = context;
  // Secrets are removed after parsing, because JSON escapes can hide them in the raw text.
  const clean = (text: string): string => redact(text, secrets);
  const body = readErrorBody(answer.body, clean);
  const isForeign = !isLalamoves(answer, body);
  const listed = leading(body.errors);
  const recognised = recognise(listed);
  const row = recognised ?? rowOfStatus(status);
  const code = recognised?.code ?? listed?.code ?? stableCode(row);
  return exceptionOfRow(row, code, {
    operation,
    account,
    sentRequestId,
    policy,
    upstreamStatus: status,
    isForeign,
    message: recognised ? row.message : (bareMessage(row, body.form, status) ?? messageOf(listed, row)),
    errors: body.errors.map((error) => item(error, code, row)),
    requestId: body.requestId ?? (headers['request-id'] && clean(headers['request-id'])),
    retryable: row.retryable && (repeatable || (isRateLimited(status) && isRefusal(status, isForeign))),
    retryAfterSeconds: STATUSES_WITH_RETRY_AFTER.has(status) ? readRetryAfter(headers, now) : undefined,
  });
}

/** The error that names the exception: the first that the catalog knows, else the first with a code, else the first. */
function leading(errors: readonly ListedError[]): ListedError | undefined {
  return errors.find((error) => recognise(error)) ?? errors.find(({ code }) => code !== undefined) ?? errors[0];
}

function recognise(error: ListedError | undefined): ErrorRow | undefined {
  if (error?.code !== undefined) return rowOfCode(error.code);
  return error?.message === undefined ? undefined : rowOfText(error.message);
}

/** An error without a code never gets an `ERR_…` code, because Lalamove did not send one. */
function stableCode(row: ErrorRow): string {
  return row.code.startsWith('LALAMOVE_') ? row.code : 'LALAMOVE_UNKNOWN_ERROR';
}

function bareMessage(row: ErrorRow, form: ErrorBody['form'], status: number): string | undefined {
  return form === 'json' ? undefined : row.bare?.[status];
}

/** Lalamove's text for a code or a status that the catalog does not know, else the message of the row. */
function messageOf(listed: ListedError | undefined, row: ErrorRow): string {
  const isUnknown = listed?.code !== undefined || row.code === 'LALAMOVE_UNKNOWN_ERROR';
  return (isUnknown ? listed?.message : undefined) ?? row.message;
}

function item(error: ListedError, code: string, row: ErrorRow): LalamoveErrorItem {
  return {
    code: error.code ?? code,
    message:
      error.message ?? (error.code === undefined ? row.message : (rowOfCode(error.code)?.message ?? row.message)),
    ...(error.pointer !== undefined && { pointer: error.pointer, ...inputField(error.pointer) }),
    ...(error.detail !== undefined && { detail: error.detail }),
  };
}
