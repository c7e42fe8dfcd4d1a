import type { HttpService } from '@nestjs/axios';
import type { ClientSettings } from './client-settings.js';
import { RateLimiter } from './rate-limit/rate-limiter.js';
import { RetryBudget } from './retry-budget.js';

/** What the clients of one registration share, whichever keys they have. */
export interface SharedParts {
  readonly http: HttpService;
  /** Absent where the app wants no limits of ours. */
  readonly limiter: RateLimiter | undefined;
  readonly retryBudget: RetryBudget;
}

/** Makes the parts of a registration. */
export function sharedParts(http: HttpService, { rateLimit, clock, logger }: ClientSettings): SharedParts {
  const failed = (): void => {
    logger.warn('The store of the rate limits failed: calls go out unlimited until it works again.');
  };
  const limiter = rateLimit === false ? undefined : new RateLimiter(rateLimit, clock, failed);
  return { http, limiter, retryBudget: new RetryBudget(clock) };
}
