import type { LalamoveErrorItem } from './lalamove-error-item.js';
import type { LalamoveException } from './lalamove.exception.js';
import { nestErrorBody, type DecidedStatus, type NestErrorBody } from './nest-error-body.js';

/** The form of the body: `'nest'` as Nest's own exceptions, `'problem'` as `application/problem+json` (RFC 9457). */
export type LalamoveAnswerFormat = 'nest' | 'problem';

/** An HTTP response for the app's own API consumer, ready for any HTTP adapter. */
export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  body: NestErrorBody | ProblemBody;
}

/** The body of `format: 'problem'` (RFC 9457 §3.1), with Lalamove's members as extensions (§3.2). */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  errors: readonly LalamoveErrorItem[];
  requestId?: string;
}

/** Builds the whole HTTP response of an exception. Pure. */
export function httpAnswer(
  exception: LalamoveException,
  decided: DecidedStatus,
  format: LalamoveAnswerFormat,
): HttpAnswer {
  const body = nestErrorBody(exception, decided);
  const status = body.statusCode;
  const headers: Record<string, string> = {};
  if (exception.retryAfterSeconds !== undefined) headers['Retry-After'] = String(exception.retryAfterSeconds);
  if (format === 'nest') return { status, headers, body };

  headers['Content-Type'] = 'application/problem+json; charset=utf-8';
  return { status, headers, body: problemBody(body) };
}

/** Renames Nest's members to those of RFC 9457. */
function problemBody({ statusCode, error, message, ...members }: NestErrorBody): ProblemBody {
  return { type: 'about:blank', title: error, status: statusCode, detail: message, ...members };
}
