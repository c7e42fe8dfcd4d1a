import type { ErrorBody } from './error-body.js';
import type { AnswerHeaders } from '../api/rate-limit-headers.js';

/**
 * Whether the status is 429, too many requests. We assume that **Lalamove does not process such a request**, so that
 * any call may be repeated, even one that spends money. The assumption follows Lalamove's guide: limits are counted
 * before a request is processed. It holds only for an answer that can be Lalamove's, with JSON or without a body. A 429
 * with HTML or plain text comes from a proxy, which may have passed the request on; then a call that must not be
 * repeated has an unknown outcome. Calls slow down after any 429.
 */
export function isRateLimited(status: number | undefined): boolean {
  return status === 429;
}

/**
 * Statuses of a proxy that passed the request on and stopped waiting for the answer: 408 and 425 (RFC 9110, RFC 8470),
 * 444 and 499 (nginx), 460 (AWS). The outcome is unknown, whatever the body is.
 */
const STOPPED_WAITING = new Set([408, 425, 444, 460, 499]);

/** Whether a status means that a proxy stopped waiting for the answer, so that the outcome is unknown. */
export function hasStoppedWaiting(status: number): boolean {
  return STOPPED_WAITING.has(status);
}

/** The statuses that Lalamove sometimes sends without a body. */
const STATUSES_WITHOUT_BODY = new Set([401, 402, 403, 404, 429]);

/**
 * Whether a refusal can be Lalamove's own: a JSON object with errors, or no body if Lalamove sends this status without
 * one. Any other answer (HTML, plain text, `{}`, truncated, a `Content-Type` of text) comes from a firewall or a proxy.
 */
export function isLalamoves(
  { status, headers, isCut }: { status: number; headers: AnswerHeaders; isCut?: boolean },
  { form, errors }: Pick<ErrorBody, 'form' | 'errors'>,
): boolean {
  if (isCut || hasTextContentType(headers)) return false;
  return (form === 'json' && errors.length > 0) || (form === 'empty' && STATUSES_WITHOUT_BODY.has(status));
}

/** Whether the `Content-Type` is a kind of text. Lalamove never sends text. */
export function hasTextContentType(headers: AnswerHeaders): boolean {
  return /^text\//i.test(headers['content-type']?.trim() ?? '');
}

/** Whether an answer proves that Lalamove did not carry out the call: a 4xx of Lalamove's own. */
export function isRefusal(status: number, isForeign: boolean): boolean {
  return status >= 400 && status < 500 && !STOPPED_WAITING.has(status) && !isForeign;
}
