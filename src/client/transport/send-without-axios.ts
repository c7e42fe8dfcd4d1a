import type { AxiosInstance, HeadersDefaults } from 'axios';
import { isRecord } from '../../internal/is-record.js';
import type { LalamoveRequest } from './lalamove-request.js';
import type { RequestTracker } from './request-tracker.js';
import { sendOverHttp, type HttpResponse } from './send-over-http.js';

/** Sends the bytes that an axios instance would send, with its default headers and agents, but without axios. */
export function sendWithoutAxios(
  { defaults }: AxiosInstance,
  { method, url, headers, body }: LalamoveRequest,
  tracker: RequestTracker,
): Promise<HttpResponse> {
  tracker.onRequest(body);
  const merged = mergedHeaders(defaults.headers, method, headers);
  return sendOverHttp({ method, url, headers: merged, body }, defaults, tracker);
}

/** Later ones replace earlier ones. Of two names that differ by case alone, Node sends the later one. */
function mergedHeaders(defaults: HeadersDefaults, method: string, own: object): Record<string, string> {
  const headers: Record<string, string> = {};
  addTexts(headers, defaults.common);
  addTexts(headers, Reflect.get(defaults, method.toLowerCase()));
  addTexts(headers, defaults);
  addTexts(headers, own);
  return headers;
}

function addTexts(headers: Record<string, string>, more: unknown): void {
  if (!isRecord(more)) return;
  for (const name in more) {
    const value = more[name];
    if (typeof value === 'string' || typeof value === 'number') headers[name] = String(value);
  }
}
