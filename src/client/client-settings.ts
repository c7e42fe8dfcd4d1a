import type { LoggerService } from '@nestjs/common';
import type { Clock } from '../internal/clock.js';
import type { LalamoveHooks } from './call-hooks.js';
import type { RateLimitSettings } from './rate-limit/rate-limit.options.js';
import type { RetryOptions } from './retry/backoff.js';

/** The keys of a Lalamove account and their market. */
export interface LalamoveCredentials {
  /** `pk_test_…` or `pk_prod_…`. */
  apiKey: string;
  /** `sk_test_…` or `sk_prod_…`. */
  apiSecret: string;
  /** Two letters, e.g. `HK`. */
  market: string;
}

/** The settings of one account, with all defaults. */
export interface ClientSettings extends LalamoveCredentials {
  /** The name of the registration; `undefined` for the default one. */
  account: string | undefined;
  baseUrl: string;
  timeoutMs: number;
  deadlineMs: number;
  retry: Required<RetryOptions>;
  validate: boolean;
  /** The status policy of the exceptions; see `LalamoveException`. */
  policy: 'mirror' | 'gateway';
  clock: Clock;
  /** `false` if the app has switched the rate limiter off. */
  rateLimit: false | RateLimitSettings;
  hooks: LalamoveHooks;
  logger: LoggerService;
}
