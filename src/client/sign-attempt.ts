import { randomUUID } from 'node:crypto';
import type { ClientSettings } from './client-settings.js';
import type { PreparedCall } from './prepare-call.js';
import { sign } from '../api/signature.js';
import type { LalamoveRequest } from './transport/send.js';

/** One sending of a call. */
export interface Attempt extends LalamoveRequest {
  readonly requestId: string;
  readonly signature: string;
  /** Unix ms by the account's clock. */
  readonly signedAt: number;
}

/** Signs a call over the exact bytes that are sent, at this moment: a repeat is signed anew. */
export function signAttempt(settings: ClientSettings, call: PreparedCall<unknown>): Attempt {
  const { apiKey, apiSecret, baseUrl, clock } = settings;
  const { operation, path, body, options, deadline } = call;
  const now = clock.now();
  const timestamp = String(Math.trunc(now));
  const signature = sign(apiSecret, { timestamp, method: operation.method, path, body: body ?? '' });
  const requestId = options.requestId ?? randomUUID();
  const headers: Record<string, string> = {
    Authorization: `hmac ${apiKey}:${timestamp}:${signature}`,
    Market: (options.market ?? settings.market).toUpperCase(),
    'Request-ID': requestId,
    Accept: 'application/json',
  };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  return {
    method: operation.method,
    url: baseUrl + path,
    headers,
    body,
    timeoutMs: Math.min(options.timeoutMs ?? settings.timeoutMs, Math.max(deadline - now, 1)),
    signal: options.signal,
    requestId,
    signature,
    signedAt: now,
  };
}
