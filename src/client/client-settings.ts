import type { LoggerService } from '@nestjs/common';
import type { Clock } from '../internal/clock.js';
import type { LalamoveHooks } from './call-hooks.js';
import type { RateLimitSettings } from './rate-limit/rate-limiter.js';
import type { RetryOptions } from './retry/backoff.js';

/** The keys of a Lalamove account and the market that they belong to. */
export interface LalamoveCredentials {
  /** `pk_test_…` or `pk_prod_…`. */
  apiKey: string;
  /** `sk_test_…` or `sk_prod_…`. */
  apiSecret: string;
  /** Two letters, e.g. `HK`. */
  market: string;
}

/** All that a client needs to know of its account; every default has been filled in. */
export interface ClientSettings extends LalamoveCredentials {
  /** The name of the registration; `undefined` for the default one. */
  account: string | undefined;
  baseUrl: string;
  timeoutMs: number;
  deadlineMs: number;
  retry: Required<RetryOptions>;
  validate: boolean;
  /** Under which policy the exceptions' own status speaks. */
  policy: 'mirror' | 'gateway';
  clock: Clock;
  /** `false` where the app wants no limits of ours. */
  rateLimit: false | RateLimitSettings;
  hooks: LalamoveHooks;
  logger: LoggerService;
}
