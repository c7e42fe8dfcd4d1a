import { createHash } from 'node:crypto';
import { ENDPOINTS, type Endpoint, type LalamoveOperation } from '../../api/endpoints.js';
import type { RateLimit } from './leaky-bucket.js';
import type { RateLimitSettings } from './rate-limit.options.js';

const MINUTE_MS = 60_000;

/**
 * Margins: the share of a minute's budget that a burst uses, and of a second between orders, because latency varies.
 */
const TOLERANCE = { burst: 0.95, second: 1.1 };

/**
 * The limits of an account's operation: per minute, and for orders also per second.
 *
 * @param budget that of Lalamove's headers: it replaces the guide's, and lowers one of the host, but never raises it
 */
export function limitsOf(
  apiKey: string,
  operation: LalamoveOperation,
  { budgets, perMinute: own, ordersPerSecond }: RateLimitSettings,
  budget?: number,
): readonly RateLimit[] {
  const endpoint: Endpoint = ENDPOINTS[operation];
  const ownLimit = own?.[operation];
  const perMinute =
    ownLimit === undefined ? (budget ?? endpoint.perMinute[budgets]) : Math.min(ownLimit, budget ?? ownLimit);
  const key = `${createHash('sha256').update(apiKey).digest('base64url').slice(0, 16)}:${operation}`;
  const minute = {
    key,
    intervalMs: MINUTE_MS / perMinute,
    burst: Math.max(1, Math.floor(perMinute * TOLERANCE.burst)),
  };
  if (endpoint.perSecond === undefined) return [minute];
  const intervalMs = (1000 / (ordersPerSecond ?? endpoint.perSecond)) * TOLERANCE.second;
  return [minute, { key: `${key}:second`, intervalMs, burst: 1 }];
}
