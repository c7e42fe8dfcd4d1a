import type { AnswerHeaders } from '../api/rate-limit-headers.js';
import { operationsOfPath } from '../api/endpoints.js';
import { isRecord } from '../internal/is-record.js';
import { answerHeaders } from './answer-headers.js';
import { attemptedCall } from './attempted-call.js';
import { bodyText } from './body-text.js';
import { isUnconnected } from './is-unconnected.js';
import type { LalamoveErrorCode } from './error-catalog.js';
import { failureOfAnswer, failureWithoutAnswer } from './failed-attempt.js';
import type { LalamoveException } from './lalamove.exception.js';
import type { CallContext, UpstreamAnswer } from './translate-answer.js';

/** The axios error codes that say that no answer arrived in time. */
const TIMEOUT_CODES = new Set<unknown>(['ECONNABORTED', 'ETIMEDOUT']);

/**
 * The longest of the given base URLs that the request of an axios error was sent to; `undefined` for any other error.
 * Axios errors are recognised without axios.
 */
export function calledBaseUrl(error: unknown, baseUrls: readonly string[]): string | undefined {
  const href = isAxiosError(error) ? urlOf(error)?.href : undefined;
  const beneath = baseUrls.filter((baseUrl) => href?.startsWith(`${baseUrl}/`));
  return beneath.sort((a, b) => b.length - a.length)[0];
}

/**
 * Turns the axios error of a call that the app itself made to Lalamove into the exception that `LalamoveService` would
 * have thrown.
 *
 * @param baseUrl the part of the request's URL before the path of the call
 */
export function translateAxiosError(
  error: unknown,
  baseUrl: string,
  context: Pick<CallContext, 'account' | 'policy' | 'now'>,
): LalamoveException {
  const failure = isRecord(error) ? error : {};
  const config = isRecord(failure.config) ? failure.config : {};
  const headers: AnswerHeaders = answerHeaders(config.headers);
  const method = typeof config.method === 'string' ? config.method.toUpperCase() : 'GET';
  const pathname = urlOf(failure)?.href.slice(baseUrl.length).split(/[?#]/, 1)[0] ?? '';
  const found = operationsOfPath(pathname).find((candidate) => candidate.method === method);
  const call = {
    ...context,
    operation: found?.operation,
    sentRequestId: headers['request-id'],
    repeatable: found?.repeatable ?? method === 'GET',
    secrets: secretsOf(headers.authorization),
    attempted: attemptedCall(found?.ids ?? {}, dataOf(config.data)),
  };
  const answer = answerOf(failure.response);
  if (answer) return failureOfAnswer(answer, call).exception;
  const missing = {
    code: codeOf(failure.code),
    isUnsent: isUnconnected(failure),
    cause: failure,
    host: urlOf(failure)?.host,
  };
  return failureWithoutAnswer(missing, call).exception;
}

/** The answer in an axios response; a body that cannot be read any more (a stream, a Blob) counts as cut. */
function answerOf(response: unknown): UpstreamAnswer | undefined {
  if (!isRecord(response) || typeof response.status !== 'number') return undefined;
  const body = bodyText(response.data);
  const headers = answerHeaders(response.headers);
  return { status: response.status, headers, body: body ?? '', isCut: body === undefined };
}

/** The `data` of the body that was sent, if it can be read. */
function dataOf(sent: unknown): unknown {
  try {
    const envelope: unknown = typeof sent === 'string' ? JSON.parse(sent) : sent;
    return isRecord(envelope) ? envelope.data : undefined;
  } catch {
    return undefined;
  }
}

function isAxiosError(error: unknown): error is Record<string, unknown> {
  return isRecord(error) && error.isAxiosError === true;
}

function codeOf(code: unknown): LalamoveErrorCode {
  if (code === 'ERR_CANCELED') return 'LALAMOVE_ABORTED';
  return TIMEOUT_CODES.has(code) ? 'LALAMOVE_TIMEOUT' : 'LALAMOVE_CONNECTION';
}

/** The URL of a request, built as axios builds it. */
function urlOf({ config }: Record<string, unknown>): URL | undefined {
  const { url, baseURL } = isRecord(config) ? config : {};
  const path = typeof url === 'string' ? url : '';
  const absolute = /^[a-z][a-z\d+.-]*:\/\//i.test(path) || typeof baseURL !== 'string';
  const joined = absolute ? path : `${baseURL.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`;
  return URL.canParse(joined) ? new URL(joined) : undefined;
}

/** Key, timestamp and signature of the request: an answer may echo them, and an exception must not contain them. */
function secretsOf(authorization = ''): string[] {
  return authorization.split(/[\s:]+/).filter((part) => part !== 'hmac');
}
