import { STATUS_CODES } from 'node:http';
import type { LalamoveErrorItem, LalamoveException } from './lalamove.exception.js';

/**
 * Which status the app's own API consumers get for a {@link LalamoveException}.
 *
 * - `'mirror'`: what Lalamove answered, row by row as its error table says.
 * - `'gateway'`: consumers are not told what is between the app and Lalamove. What concerns keys, account, wallet and rate limits becomes 503;
 *   all else that only the app or Lalamove can fix, unknown errors, faults of the connection and answers of something in between 502, all with
 *   a neutral body; the rest is mirrored.
 * - a function: the status that it returns, a whole number from 400 to 599. Anything else, or a throw, is logged and falls back to `'mirror'`.
 *   Only the filter asks it; an exception's own `getStatus()` is then the mirrored one.
 */
export type LalamoveStatusPolicy = 'mirror' | 'gateway' | ((exception: LalamoveException) => number);

/**
 * How the body is written: `'nest'` as Nest's own exceptions are, `'problem'` as `application/problem+json` (RFC 9457).
 */
export type LalamoveAnswerFormat = 'nest' | 'problem';

/** An HTTP response for the app's own API consumer, ready for any HTTP adapter. */
export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  body: NestErrorBody | ProblemBody;
}

/** The body of `format: 'nest'`: the members of Nest's own `HttpException` body, and Lalamove's beside them. */
export interface NestErrorBody {
  statusCode: number;
  /** The reason phrase of `statusCode`. */
  error: string;
  message: string;
  /** Lalamove's `ERR_…` code, or one of ours with the prefix `LALAMOVE_`. */
  code: string;
  errors: readonly LalamoveErrorItem[];
  /** Lalamove's id of the call, for its support. */
  requestId?: string;
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

/** What a consumer is told under `'gateway'` in place of something that it cannot fix. */
export interface GatewayAnswer {
  status: number;
  code: string;
  message: string;
}

/** Says no more than that the delivery service failed. */
export function neutralAnswer(status: number): GatewayAnswer {
  return {
    status,
    code: 'LALAMOVE_UNAVAILABLE',
    message: 'The delivery service is not available at the moment. Please try again later.',
  };
}

/** Reason phrases of statuses that have none in Node's table. */
const REASON_PHRASES: Record<number, string> = { 499: 'Client Closed Request' };

/** What a status policy comes down to for one exception. */
export type DecidedStatus = 'mirror' | 'gateway' | number;

/** Asks a policy; `undefined` where a function of the host's throws, or returns what is no status of an error. */
export function decideStatus(exception: LalamoveException, policy: LalamoveStatusPolicy): DecidedStatus | undefined {
  if (typeof policy !== 'function') return policy;
  try {
    const status = policy(exception);
    return Number.isInteger(status) && status >= 400 && status <= 599 ? status : undefined;
  } catch {
    return undefined;
  }
}

/** The whole answer of an exception. Pure. */
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

/** What an answer says of an exception. */
type DescribedException = Pick<
  LalamoveException,
  'mirrorStatus' | 'gateway' | 'message' | 'code' | 'errors' | 'requestId'
>;

/** The body of `format: 'nest'`. */
export function nestErrorBody(exception: DescribedException, decided: DecidedStatus): NestErrorBody {
  const concealed = decided === 'gateway' ? exception.gateway : undefined;
  const status = concealed?.status ?? (typeof decided === 'number' ? decided : exception.mirrorStatus);
  return {
    statusCode: status,
    error: reasonPhrase(status),
    message: concealed?.message ?? exception.message,
    code: concealed?.code ?? exception.code,
    errors: concealed ? [] : exception.errors,
    ...(exception.requestId === undefined ? {} : { requestId: exception.requestId }),
  };
}

/** RFC 9457's names for the members that Nest names otherwise. */
function problemBody({ statusCode, error, message, ...members }: NestErrorBody): ProblemBody {
  return { type: 'about:blank', title: error, status: statusCode, detail: message, ...members };
}

function reasonPhrase(status: number): string {
  return REASON_PHRASES[status] ?? STATUS_CODES[status] ?? (status < 500 ? 'Client Error' : 'Server Error');
}
