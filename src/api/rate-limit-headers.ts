/** The headers of an answer, by lower-case name. */
export type AnswerHeaders = Readonly<Record<string, string | undefined>>;

/** What the headers of an answer say of its call's limit; each member is missing where none says it. */
export interface RateLimitReading {
  /** How many requests a minute. */
  limit?: number;
  /** How many of them are left. */
  remaining?: number;
  /** Unix time in seconds at which all of them are left again. */
  reset?: number;
}

/** `ratelimit-reset`, `ratelimits-reset-postorder`, `RateLimit-Reset-Postxxx`: the three spellings that Lalamove uses. */
const HEADER = /^ratelimits?-(limit|remaining|reset)(-.+)?$/;

/** Reads the rate-limit headers. Of several families, the fewest that are left and the latest reset count. */
export function readRateLimit(headers: AnswerHeaders): RateLimitReading {
  const reading: RateLimitReading = {};
  for (const [name, text] of Object.entries(headers)) {
    const member = name.startsWith('ratelimit') ? HEADER.exec(name)?.[1] : undefined;
    if (member === undefined || text === undefined || !/^\d{1,15}$/.test(text)) continue;
    const value = Number(text);
    if (member === 'reset') reading.reset = Math.max(value, reading.reset ?? value);
    else if (member === 'limit') reading.limit = Math.min(value, reading.limit ?? value);
    else reading.remaining = Math.min(value, reading.remaining ?? value);
  }
  return reading;
}
