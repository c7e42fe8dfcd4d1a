import type { ErrorBody } from './error-body.js';
import type { AnswerHeaders } from '../api/rate-limit-headers.js';

/**
 * Too many requests. What is assumed of it, here and nowhere else: **Lalamove refuses such a request unprocessed**,
 * so that any call, also one that spends, may come again. The assumption rests on Lalamove's guide (limits are
 * counted before a request is looked at) and covers an answer that can be Lalamove's: JSON, or no body at all. A 429
 * with an HTML page or a text comes from something in between, which may have answered for a request that it had
 * passed on: it is not believed for a call that must not be repeated. Whoever sent it, calls slow down for it.
 */
export function isRateLimited(status: number | undefined): boolean {
  return status === 429;
}

/**
 * Statuses of something in between that stopped waiting, and does not know what became of the request it had passed
 * on: 408 and 425 (RFC 9110, RFC 8470), 444 and 499 (nginx), 460 (AWS). Whatever their body is, the outcome is
 * unknown.
 */
const STOPPED_WAITING = new Set([408, 425, 444, 460, 499]);

/** Whether a status says that its sender stopped waiting, so that nobody knows what became of the request. */
export function hasStoppedWaiting(status: number): boolean {
  return STOPPED_WAITING.has(status);
}

/** The statuses that Lalamove sends without a body, too. */
const COMES_EMPTY = new Set([401, 402, 403, 404, 429]);

/**
 * Whether a refusal can be Lalamove's own: a JSON object that says what is wrong, or no body with a status that comes
 * without one. All else (HTML, a text, `{}`, an answer that broke off, a `Content-Type` of text) was written by
 * something in between: a firewall, a proxy, a gateway.
 */
export function isLalamoves(
  { status, headers, isCut }: { status: number; headers: AnswerHeaders; isCut?: boolean },
  { form, errors }: Pick<ErrorBody, 'form' | 'errors'>,
): boolean {
  if (isCut || isText(headers)) return false;
  return (form === 'json' && errors.length > 0) || (form === 'empty' && COMES_EMPTY.has(status));
}

/** Whether an answer says of itself that it is a page or a text, which Lalamove never sends. */
export function isText(headers: AnswerHeaders): boolean {
  return /^text\//i.test(headers['content-type']?.trim() ?? '');
}

/** Whether an answer says that a call was certainly not carried out: a 4xx of Lalamove's own. */
export function isRefusal(status: number, isForeign: boolean): boolean {
  return status >= 400 && status < 500 && !STOPPED_WAITING.has(status) && !isForeign;
}
