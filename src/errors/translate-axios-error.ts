import { exceptionOfRow, outcomeUnknown } from './create-exception.js';
import { rowOf, type LalamoveErrorCode } from './error-catalog.js';
import type { LalamoveException } from './lalamove.exception.js';
import { redactAnswer } from './redact.js';
import type { AnswerHeaders } from './retry-after.js';
import { translateAnswer, type CallContext } from './translate-answer.js';

/** Lalamove's own hosts (production, sandbox). */
export const LALAMOVE_ORIGINS: readonly string[] = ['https://rest.lalamove.com', 'https://rest.sandbox.lalamove.com'];

/** The part of an axios error that we read; axios itself is not needed to recognise one. */
interface AxiosErrorLike {
  readonly isAxiosError: true;
  readonly code?: unknown;
  readonly config?: unknown;
  readonly response?: unknown;
}

/** The axios error codes that say that no answer came in time. */
const TIMEOUT_CODES = new Set<unknown>(['ECONNABORTED', 'ETIMEDOUT']);

/** The origin that an axios error's request went to, or `undefined` for anything but an axios error with an absolute URL. */
export function axiosErrorOrigin(error: unknown): string | undefined {
  if (!isAxiosError(error)) return undefined;
  return urlOf(error)?.origin;
}

/**
 * Turns a raw axios error of the app's own call to Lalamove into the exception that `LalamoveService` would have thrown. Anything but a GET
 * that ends ambiguously is a `LalamoveOutcomeUnknownException`: what the call would have done is not known here.
 */
export function translateAxiosError(
  error: unknown,
  context: Pick<CallContext, 'account' | 'policy' | 'now'>,
): LalamoveException {
  const failure = isAxiosError(error) ? error : { isAxiosError: true as const };
  const config = record(failure.config);
  const reading = typeof config.method !== 'string' || config.method.toLowerCase() === 'get';
  const call = { account: context.account, policy: context.policy, operation: operationOf(reading, urlOf(failure)) };
  const response = record(failure.response);
  const status = response.status;
  if (typeof status === 'number') {
    const answer = { status, headers: headersOf(response.headers), body: bodyText(response.data) };
    const exception = translateAnswer(redactAnswer(answer, authorizationParts(config)), {
      ...call,
      now: context.now,
      repeatable: reading,
    });
    const refused = status >= 400 && status < 500 && status !== 408;
    return reading || refused ? exception : outcomeUnknown(exception, call);
  }
  const exception = exceptionOfRow(rowOf(codeOf(failure)), codeOf(failure), call);
  return reading ? exception : outcomeUnknown(exception, call);
}

function isAxiosError(error: unknown): error is AxiosErrorLike {
  return typeof error === 'object' && error !== null && 'isAxiosError' in error && error.isAxiosError === true;
}

function codeOf({ code }: AxiosErrorLike): LalamoveErrorCode {
  if (code === 'ERR_CANCELED') return 'LALAMOVE_ABORTED';
  return TIMEOUT_CODES.has(code) ? 'LALAMOVE_TIMEOUT' : 'LALAMOVE_CONNECTION';
}

function operationOf(reading: boolean, url: URL | undefined): string | undefined {
  if (!reading || !url) return undefined;
  if (/\/v\d\/orders\/[^/]+$/.test(url.pathname)) return 'getOrder';
  return /\/v\d\/orders\/[^/]+\/drivers\/[^/]+$/.test(url.pathname) ? 'getDriver' : undefined;
}

function urlOf({ config }: AxiosErrorLike): URL | undefined {
  const { url, baseURL } = record(config);
  const path = typeof url === 'string' ? url : '';
  const base = typeof baseURL === 'string' ? baseURL : undefined;
  const joined =
    base === undefined || /^[a-z][a-z\d+.-]*:\/\//i.test(path)
      ? path
      : `${base.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`;
  return URL.canParse(joined) ? new URL(joined) : undefined;
}

/** Key, time and signature of the request, so that an answer that echoes them does not leak them. */
function authorizationParts(config: Record<string, unknown>): string[] {
  const authorization = headersOf(config.headers).authorization ?? '';
  return authorization.split(/[\s:]+/).filter((part) => part !== 'hmac');
}

function headersOf(headers: unknown): AnswerHeaders {
  return Object.fromEntries(
    Object.entries(record(headers)).flatMap(([name, value]) =>
      typeof value === 'string' || typeof value === 'number' ? [[name.toLowerCase(), String(value)]] : [],
    ),
  );
}

function bodyText(data: unknown): string {
  if (typeof data === 'string') return data;
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  if (data === undefined) return '';
  try {
    return JSON.stringify(data);
  } catch {
    return '';
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
