import { readRateLimit, type AnswerHeaders, type RateLimitReading } from './rate-limit-headers.js';

/** A wait that nobody means: such a header is not believed. */
const LONGEST_WAIT_SECONDS = 86_400;

/** A full bucket runs empty in this time (API v3, "Rate limit": requests a minute). */
const MINUTE_SECONDS = 60;

/**
 * After how many whole seconds a repeat makes sense: `Retry-After-Ms`, `Retry-After` in seconds or as a date (RFC 9110 §10.2.3), else what the
 * rate-limit headers say. `undefined` where none does.
 *
 * @param now Unix time in ms, for dates; the answer's own `Date` goes first, so that a skewed clock does no harm
 */
export function readRetryAfter(headers: AnswerHeaders, now: number): number | undefined {
  const sent = Date.parse(headers.date ?? '');
  const base = Number.isNaN(sent) ? now : sent;
  const told =
    decimal(headers['retry-after-ms'], 1000) ??
    decimal(headers['retry-after'], 1) ??
    untilDate(headers['retry-after'], base) ??
    untilFree(readRateLimit(headers), base / 1000);
  return told === undefined || told > LONGEST_WAIT_SECONDS ? undefined : Math.max(0, Math.ceil(told));
}

/** When the next request will be taken, in seconds from `now`. */
function untilFree({ limit, remaining, reset }: RateLimitReading, now: number): number | undefined {
  if (reset === undefined) return undefined;
  // Refused with requests left: by a limit of the second, which has no headers of its own.
  if (remaining !== undefined && remaining > 0) return 1;
  const untilEmpty = reset - now;
  if (remaining === undefined || limit === undefined || limit === 0) return untilEmpty;
  // A leaky bucket that is full needs a minute to run empty, and lets the next one in a drop later. A shorter reset is that of a fixed window.
  const drop = MINUTE_SECONDS / limit;
  const isBucket = untilEmpty >= MINUTE_SECONDS - 2 * drop - 1;
  return isBucket ? Math.max(0, untilEmpty - MINUTE_SECONDS) + drop : untilEmpty;
}

function decimal(text: string | undefined, perSecond: number): number | undefined {
  const number = text?.trim() ?? '';
  return /^\d+(\.\d+)?$/.test(number) ? Number(number) / perSecond : undefined;
}

function untilDate(text: string | undefined, base: number): number | undefined {
  // A date begins with its weekday and a comma; `Date.parse` alone would read a year into `-5` or `abc 5`.
  const date = /^[A-Z][a-z]{2,8}, /.test(text?.trim() ?? '') ? Date.parse(text?.trim() ?? '') : Number.NaN;
  return Number.isNaN(date) ? undefined : (date - base) / 1000;
}
