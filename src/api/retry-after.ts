import { readRateLimit, type AnswerHeaders, type RateLimitReading } from './rate-limit-headers.js';

/** A header with a longer wait is ignored. */
const MAX_WAIT_SECONDS = 86_400;

/** The time in which a full bucket becomes empty (API v3, "Rate limit": requests a minute). */
const MINUTE_SECONDS = 60;

/**
 * Reads after how many whole seconds to retry: from `Retry-After-Ms`, from `Retry-After` in seconds or as a date
 * (RFC 9110 §10.2.3), else from the rate-limit headers.
 *
 * @param now the Unix time in ms, for dates; the `Date` header comes first, in case the local clock is wrong
 * @returns `undefined` if no header says it
 */
export function readRetryAfter(headers: AnswerHeaders, now: number): number | undefined {
  const sent = Date.parse(headers.date ?? '');
  const base = Number.isNaN(sent) ? now : sent;
  const seconds =
    decimal(headers['retry-after-ms'], 1000) ??
    decimal(headers['retry-after'], 1) ??
    untilDate(headers['retry-after'], base) ??
    untilFree(readRateLimit(headers), base / 1000);
  return seconds === undefined || seconds > MAX_WAIT_SECONDS ? undefined : Math.max(0, Math.ceil(seconds));
}

/** In how many seconds Lalamove accepts the next request. `now` is in seconds. */
function untilFree({ limit, remaining, reset }: RateLimitReading, now: number): number | undefined {
  if (reset === undefined) return undefined;
  // Requests are left, so the limit of requests a second caused the refusal. That limit has no headers.
  if (remaining !== undefined && remaining > 0) return 1;
  const untilEmpty = reset - now;
  if (remaining === undefined || limit === undefined || limit === 0) return untilEmpty;
  // A full leaky bucket is empty after a minute, and accepts the next request after one drop. A shorter reset
  // belongs to a fixed window.
  const drop = MINUTE_SECONDS / limit;
  const isBucket = untilEmpty >= MINUTE_SECONDS - 2 * drop - 1;
  return isBucket ? Math.max(0, untilEmpty - MINUTE_SECONDS) + drop : untilEmpty;
}

function decimal(text: string | undefined, perSecond: number): number | undefined {
  const number = text?.trim() ?? '';
  return /^\d+(\.\d+)?$/.test(number) ? Number(number) / perSecond : undefined;
}

function untilDate(text: string | undefined, base: number): number | undefined {
  // A date begins with its weekday and a comma. `Date.parse` alone would accept `-5` and `abc 5` as years.
  const date = /^[A-Z][a-z]{2,8}, /.test(text?.trim() ?? '') ? Date.parse(text?.trim() ?? '') : Number.NaN;
  return Number.isNaN(date) ? undefined : (date - base) / 1000;
}
