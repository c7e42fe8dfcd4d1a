import type { HttpService } from '@nestjs/axios';
import type { LoggerService } from '@nestjs/common';
import { passed, type Clock } from '../internal/clock.js';
import { logLine, say, wordsOf } from '../internal/log-line.js';
import type { CallListeners } from './call-listeners.js';
import type { ClientSettings } from './client-settings.js';
import type { RateLimitSettings } from './rate-limit/rate-limit.options.js';
import { RateLimiter } from './rate-limit/rate-limiter.js';
import { RetryBudget } from './retry/retry-budget.js';

/** What the clients of one registration share, also those with other keys. */
export interface SharedParts {
  readonly http: HttpService;
  /** `undefined` if the app has switched it off. */
  readonly limiter: RateLimiter | undefined;
  readonly retryBudget: RetryBudget;
  /** Called for each call, after the account's own hooks. */
  readonly listeners: CallListeners;
  /** Called with each URL that is set for webhooks: their signatures cover its path. */
  readonly webhookUrlGiven?: (url: string) => void;
}

const STORE_FAILED = 'The store of the rate limits failed: this process counts for itself until it works again';
const STORE_WORKS = 'The store of the rate limits works again';

/** A store that fails does so again and again: it is logged at most once in this time. */
const LOG_INTERVAL_MS = 60_000;

/** Creates the parts of a registration. */
export function sharedParts(
  http: HttpService,
  { rateLimit, clock, logger }: ClientSettings,
  listeners: CallListeners = new Set(),
): SharedParts {
  const limiter = rateLimit === false ? undefined : limiterFor(rateLimit, clock, logger);
  return { http, limiter, retryBudget: new RetryBudget(clock), listeners };
}

function limiterFor(rateLimit: RateLimitSettings, clock: Clock, logger: LoggerService): RateLimiter {
  let loggedAt = Number.NEGATIVE_INFINITY;
  const { processes } = rateLimit;
  return new RateLimiter(rateLimit, clock, {
    failed: (error) => {
      if (passed(clock) < loggedAt + LOG_INTERVAL_MS) return;
      loggedAt = passed(clock);
      const share = processes === undefined ? undefined : `1/${processes}`;
      say(logger, 'warn', logLine(STORE_FAILED, { share, error: wordsOf(error) }));
    },
    recovered: () => {
      say(logger, 'log', STORE_WORKS);
    },
  });
}
