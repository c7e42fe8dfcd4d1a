/** The headers of an answer, by name in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | undefined>>;

/** The rate limit of a call, from the headers of an answer. A member is missing if no header has it. */
export interface RateLimitReading {
  /** The limit of requests a minute. */
  limit?: number;
  /** How many requests are left. */
  remaining?: number;
  /** The Unix time in seconds at which the whole limit is available again. */
  reset?: number;
}

/** Lalamove uses three spellings: `ratelimit-reset`, `ratelimits-reset-postorder`, `RateLimit-Reset-Postxxx`. */
const HEADER = /^ratelimits?-(limit|remaining|reset)(-.+)?$/;

/** Reads the rate-limit headers. If there are several sets, the lowest limits and the latest reset count. */
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
