import { isRecord } from '../internal/is-record.js';
import { attemptedCall } from './attempted-call.js';
import { exceptionOfRow, outcomeUnknown } from './create-exception.js';
import { rowOf, type LalamoveErrorCode } from './error-catalog.js';
import type { LalamoveException } from './lalamove.exception.js';
import { operationsOfPath } from '../api/operation-table.js';
import { isParsedBody } from './parsed-body.js';
import { plainCause } from './plain-cause.js';
import type { AnswerHeaders } from '../api/rate-limit-headers.js';
import { isRefusal } from './refusal.js';
import { translateAnswer, type CallContext } from './translate-answer.js';
import { isUnconnected } from './connection-codes.js';

/** The axios error codes that say that no answer came in time. */
const TIMEOUT_CODES = new Set<unknown>(['ECONNABORTED', 'ETIMEDOUT']);

/**
 * The longest base URL, of those given, that an axios error's request went to; `undefined` for any other error. Axios itself is not needed to
 * recognise one.
 */
export function calledBaseUrl(error: unknown, baseUrls: readonly string[]): string | undefined {
  const href = isAxiosError(error) ? urlOf(error)?.href : undefined;
  const beneath = baseUrls.filter((baseUrl) => href?.startsWith(`${baseUrl}/`));
  return beneath.sort((a, b) => b.length - a.length)[0];
}

/**
 * Turns a raw axios error of the app's own call to Lalamove into the exception that `LalamoveService` would have thrown.
 *
 * @param baseUrl what the request's path is to be read beneath
 */
export function translateAxiosError(
  error: unknown,
  baseUrl: string,
  context: Pick<CallContext, 'account' | 'policy' | 'now'>,
): LalamoveException {
  const failure = isRecord(error) ? error : {};
  const config = isRecord(failure.config) ? failure.config : {};
  const headers = headersOf(config.headers);
  const method = typeof config.method === 'string' ? config.method.toUpperCase() : 'GET';
  const pathname = urlOf(failure)?.href.slice(baseUrl.length).split(/[?#]/, 1)[0] ?? '';
  const found = operationsOfPath(pathname).find((candidate) => candidate.method === method);
  const { exception, certain } = ending(failure, {
    ...context,
    operation: found?.operation,
    sentRequestId: headers['request-id'],
    repeatable: found?.repeatable ?? method === 'GET',
    secrets: secretsOf(headers.authorization),
  });
  if (certain) return exception;
  return outcomeUnknown(exception, {
    policy: context.policy,
    attempted: attemptedCall(found?.ids ?? {}, dataOf(config.data)),
  });
}

/** How a call ended, and whether that is all that there is to know: it may be repeated, or was certainly not carried out. */
function ending(
  failure: Record<string, unknown>,
  context: CallContext & { secrets: readonly string[] },
): { exception: LalamoveException; certain: boolean } {
  const { repeatable, secrets, account, policy, operation, sentRequestId } = context;
  const response = isRecord(failure.response) ? failure.response : undefined;
  if (typeof response?.status === 'number') {
    const { status, data } = response;
    const body = bodyText(data);
    const answer = { status, headers: headersOf(response.headers), body: body ?? '', isCut: body === undefined };
    const exception = translateAnswer(answer, context);
    return { exception, certain: repeatable || isRefusal(status, exception.isForeign) };
  }
  const code = codeOf(failure.code);
  const row = rowOf(code);
  const certain = repeatable || isUnconnected(failure);
  const { retryable } = row;
  const cause = plainCause(failure, secrets);
  return {
    exception: exceptionOfRow(row, code, { account, policy, operation, sentRequestId, retryable, cause }),
    certain,
  };
}

/** The `data` of what was sent, where it can be read. */
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

/** Where a request went, put together as axios does it. */
function urlOf({ config }: Record<string, unknown>): URL | undefined {
  const { url, baseURL } = isRecord(config) ? config : {};
  const path = typeof url === 'string' ? url : '';
  const absolute = /^[a-z][a-z\d+.-]*:\/\//i.test(path) || typeof baseURL !== 'string';
  const joined = absolute ? path : `${baseURL.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`;
  return URL.canParse(joined) ? new URL(joined) : undefined;
}

/** Key, time and signature of the request, so that an answer that echoes them does not leak them. */
function secretsOf(authorization = ''): string[] {
  return authorization.split(/[\s:]+/).filter((part) => part !== 'hmac');
}

function headersOf(headers: unknown): AnswerHeaders {
  return Object.fromEntries(
    Object.entries(isRecord(headers) ? headers : {}).flatMap(([name, value]) =>
      typeof value === 'string' || typeof value === 'number' ? [[name.toLowerCase(), String(value)]] : [],
    ),
  );
}

/**
 * A body that axios has parsed is written again; `undefined` for one that cannot be read any more: a stream, a Blob.
 */
function bodyText(data: unknown): string | undefined {
  if (data === undefined) return '';
  if (typeof data === 'string') return data;
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  if (!isParsedBody(data)) return undefined;
  try {
    return JSON.stringify(data);
  } catch {
    return undefined;
  }
}
