import type { HttpService } from '@nestjs/axios';
import { logLine, say, wordsOf } from '../internal/log-line.js';
import type { ClientSettings } from './client-settings.js';
import { RateLimiter } from './rate-limit/rate-limiter.js';
import { RetryBudget } from './retry/retry-budget.js';

/** What the clients of one registration share, whichever keys they have. */
export interface SharedParts {
  readonly http: HttpService;
  /** Absent where the app wants no limits of ours. */
  readonly limiter: RateLimiter | undefined;
  readonly retryBudget: RetryBudget;
  /** Told of each URL that Lalamove is given for webhooks: their signatures are over its path. */
  readonly webhookUrlGiven?: (url: string) => void;
}

const FAILED = 'The store of the rate limits failed: calls go out unlimited until it works again';

/** A store that fails does so at every call: it is said once in so long. */
const SILENCE_MS = 60_000;

/** Makes the parts of a registration. */
export function sharedParts(http: HttpService, { rateLimit, clock, logger }: ClientSettings): SharedParts {
  let saidAt = Number.NEGATIVE_INFINITY;
  const failed = (error: unknown): void => {
    if (clock.now() < saidAt + SILENCE_MS) return;
    saidAt = clock.now();
    say(logger, 'warn', logLine(FAILED, { error: wordsOf(error) }));
  };
  const limiter = rateLimit === false ? undefined : new RateLimiter(rateLimit, clock, failed);
  return { http, limiter, retryBudget: new RetryBudget(clock) };
}
