import { isRecord } from '../is-record.js';
import { exceptionOfRow, outcomeUnknown } from './create-exception.js';
import { rowOf, type LalamoveErrorCode } from './error-catalog.js';
import type { LalamoveException, LalamoveExceptionInit } from './lalamove.exception.js';
import { operationsOfPath } from './operation-table.js';
import type { AnswerHeaders } from './retry-after.js';
import { translateAnswer, type CallContext } from './translate-answer.js';
import { isUnconnected } from './unconnected.js';

/** Lalamove's own hosts (production, sandbox). */
export const LALAMOVE_HOSTS: readonly string[] = ['https://rest.lalamove.com', 'https://rest.sandbox.lalamove.com'];

/** The axios error codes that say that no answer came in time. */
const TIMEOUT_CODES = new Set<unknown>(['ECONNABORTED', 'ETIMEDOUT']);

/** What is known of the request behind a raw axios error. */
interface RawCall extends Pick<LalamoveExceptionInit, 'account' | 'policy' | 'operation' | 'sentRequestId'> {
  /** Whether it may be sent again; unknown paths may where they only read. */
  repeatable: boolean;
}

/**
 * The base URL, of those given, that an axios error's request went to; `undefined` for any other error. Axios itself is not needed to
 * recognise one.
 */
export function calledBaseUrl(error: unknown, baseUrls: readonly string[]): string | undefined {
  const href = isAxiosError(error) ? urlOf(error)?.href : undefined;
  return href === undefined ? undefined : baseUrls.find((baseUrl) => href.startsWith(`${baseUrl}/`));
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
  const { repeatable, ...call } = rawCall(failure, config, headers['request-id'], baseUrl, context);
  const response = isRecord(failure.response) ? failure.response : undefined;
  if (typeof response?.status === 'number') {
    const { status, data } = response;
    const answer = { status, headers: headersOf(response.headers), body: bodyText(data) };
    const secrets = secretsOf(headers.authorization);
    const exception = translateAnswer(answer, { ...call, now: context.now, repeatable, secrets });
    const refused = status >= 400 && status < 500 && status !== 408;
    return repeatable || refused ? exception : outcomeUnknown(exception, call);
  }
  const unsent = isUnconnected(failure);
  const code = codeOf(failure.code);
  const exception = exceptionOfRow(rowOf(code), code, {
    ...call,
    retryable: rowOf(code).retryable && (unsent || repeatable),
  });
  return repeatable || unsent ? exception : outcomeUnknown(exception, call);
}

function rawCall(
  failure: Record<string, unknown>,
  { method }: Record<string, unknown>,
  sentRequestId: string | undefined,
  baseUrl: string,
  { account, policy }: Pick<CallContext, 'account' | 'policy'>,
): RawCall {
  const verb = typeof method === 'string' ? method.toUpperCase() : 'GET';
  const pathname = urlOf(failure)?.href.slice(baseUrl.length).split(/[?#]/, 1)[0] ?? '';
  const found = operationsOfPath(pathname).find((candidate) => candidate.method === verb);
  return {
    account,
    policy,
    sentRequestId,
    operation: found?.operation,
    repeatable: found?.repeatable ?? verb === 'GET',
  };
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

/** A body that axios has parsed is written again; a stream cannot be read any more. */
function bodyText(data: unknown): string {
  if (typeof data === 'string') return data;
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  try {
    return data === undefined ? '' : JSON.stringify(data);
  } catch {
    return '';
  }
}
