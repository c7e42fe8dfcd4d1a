import type { HttpService } from '@nestjs/axios';
import { logLine, say, wordsOf } from '../internal/log-line.js';
import type { ClientSettings } from './client-settings.js';
import { RateLimiter } from './rate-limit/rate-limiter.js';
import { RetryBudget } from './retry/retry-budget.js';

/** What the clients of one registration share, also those with other keys. */
export interface SharedParts {
  readonly http: HttpService;
  /** `undefined` if the app has switched it off. */
  readonly limiter: RateLimiter | undefined;
  readonly retryBudget: RetryBudget;
  /** Called with each URL that is set for webhooks: their signatures cover its path. */
  readonly webhookUrlGiven?: (url: string) => void;
}

const STORE_FAILED = 'The store of the rate limits failed: calls go out unlimited until it works again';

/** A store that fails does so at each call: it is logged at most once in this time. */
const LOG_INTERVAL_MS = 60_000;

/** Creates the parts of a registration. */
export function sharedParts(http: HttpService, { rateLimit, clock, logger }: ClientSettings): SharedParts {
  let loggedAt = Number.NEGATIVE_INFINITY;
  const failed = (error: unknown): void => {
    if (clock.now() < loggedAt + LOG_INTERVAL_MS) return;
    loggedAt = clock.now();
    say(logger, 'warn', logLine(STORE_FAILED, { error: wordsOf(error) }));
  };
  const limiter = rateLimit === false ? undefined : new RateLimiter(rateLimit, clock, failed);
  return { http, limiter, retryBudget: new RetryBudget(clock) };
}
