import Axios, { type AxiosResponse } from 'axios';
import { performance } from 'node:perf_hooks';
import type { LalamoveHttpOptions } from '../client/transport/lalamove-http.service.js';
import type { AnswerHeaders } from '../api/rate-limit-headers.js';
import { answerHeaders } from '../errors/answer-headers.js';
import { isRecord } from '../internal/is-record.js';

/** A request to send. */
export interface DoctorRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** Agents and proxy. */
  readonly http?: LalamoveHttpOptions | undefined;
}

/** An answer with its whole body. */
export interface Answer {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: AnswerHeaders;
  readonly text: string;
  /** From before the request to the end of the answer, in ms. */
  readonly tookMs: number;
}

/** Why there is no answer: the code of the error, such as `ECONNREFUSED`, or `TIMEOUT`. */
export interface NoAnswer {
  readonly code: string;
  readonly tookMs: number;
}

/** `GET /v3/cities` of a large market has a few hundred KB. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Sends a request as the package's client does: through axios, with the same proxy. It follows no redirect. */
export async function exchange(request: DoctorRequest): Promise<Answer | NoAnswer> {
  const { method, url, body, timeoutMs, http = {} } = request;
  const { httpAgent, httpsAgent, proxy } = http;
  const start = performance.now();
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await Axios.request<unknown>({
      method,
      url,
      headers: { 'User-Agent': 'lalamove-doctor', ...http.headers, ...request.headers },
      ...(body !== undefined && { data: body }),
      ...(httpAgent && { httpAgent }),
      ...(httpsAgent && { httpsAgent }),
      ...(proxy !== undefined && { proxy }),
      adapter: 'http',
      signal,
      maxRedirects: 0,
      maxContentLength: MAX_BYTES,
      responseType: 'text',
      transformRequest: (data: unknown) => data,
      transformResponse: (data: unknown) => data,
      validateStatus: () => true,
    });
    return { ...answerOf(response), tookMs: performance.now() - start };
  } catch (error) {
    return { code: signal.aborted ? 'TIMEOUT' : codeOf(error), tookMs: performance.now() - start };
  }
}

function answerOf({ status, headers, data }: AxiosResponse<unknown>): Omit<Answer, 'tookMs'> {
  return { status, headers: answerHeaders(headers), text: typeof data === 'string' ? data : '' };
}

const MAX_CAUSE_DEPTH = 5;

/** The code of an error or of its cause. Its message is not used, because it may quote the request. */
function codeOf(error: unknown, depth = MAX_CAUSE_DEPTH): string {
  if (!isRecord(error) || depth === 0) return 'UNKNOWN';
  const { code, cause } = error;
  if (typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) && code !== 'ERR_NETWORK') return code;
  return codeOf(cause, depth - 1);
}
