import { randomUUID } from 'node:crypto';
import { sign } from '../api/signature.js';
import type { ClientSettings } from './client-settings.js';
import type { PreparedCall } from './prepare-call.js';
import type { LalamoveRequest } from './transport/lalamove-request.js';

/** Makes the request of one attempt. It signs the exact bytes that are sent, with the current time. */
export function signRequest(settings: ClientSettings, call: PreparedCall<unknown>): LalamoveRequest {
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
