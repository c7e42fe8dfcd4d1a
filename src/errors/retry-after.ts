/** The headers of an answer, by lower-case name. */
export type AnswerHeaders = Readonly<Record<string, string | undefined>>;

/** `ratelimit-reset`, `ratelimits-reset-postorder`, `RateLimit-Reset-Postxxx`: the three spellings that Lalamove uses. */
const RESET_HEADER = /^ratelimits?-reset(-.+)?$/;

/** A wait that nobody means: such a header is not believed. */
const LONGEST_WAIT_SECONDS = 86_400;

/**
 * After how many whole seconds a repeat makes sense: `Retry-After` in seconds or as a date (RFC 9110 §10.2.3), else the latest of the
 * rate-limit resets, which are Unix times in seconds. `undefined` where neither says.
 *
 * @param now Unix time in ms, for dates; the answer's own `Date` goes first, so that a skewed clock does no harm
 */
export function readRetryAfter(headers: AnswerHeaders, now: number): number | undefined {
  const sent = Date.parse(headers.date ?? '');
  const base = Number.isNaN(sent) ? now : sent;
  const told = secondsOf(headers['retry-after']?.trim() ?? '', base);
  if (told !== undefined) return wait(told);
  const resets = Object.entries(headers)
    .filter(([name, value]) => RESET_HEADER.test(name) && value !== undefined && /^\d+$/.test(value))
    .map(([, value]) => Number(value) - base / 1000);
  return resets.length === 0 ? undefined : wait(Math.max(...resets));
}

function secondsOf(text: string, base: number): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  // A date begins with its weekday and a comma; `Date.parse` alone would read a year into `-5` or `abc 5`.
  const date = /^[A-Z][a-z]{2,8}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : (date - base) / 1000;
}

function wait(seconds: number): number | undefined {
  return seconds > LONGEST_WAIT_SECONDS ? undefined : Math.max(0, Math.ceil(seconds));
}
