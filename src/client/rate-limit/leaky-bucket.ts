/** A leaky bucket, as in GCRA: `burst` calls at once, then one every `intervalMs`. */
export interface RateLimit {
  /** Names the limit; without secrets, because a shared store may contain it. */
  readonly key: string;
  readonly intervalMs: number;
  readonly burst: number;
}

/**
 * How long a call has to wait for its slot, in ms; 0 if there is one.
 *
 * @param emptyAt Unix ms at which the bucket would be empty
 * @param ahead how many calls go first
 */
export function waitFor({ intervalMs, burst }: RateLimit, emptyAt: number, now: number, ahead = 0): number {
  return Math.max(0, Math.max(emptyAt, now) - now - (burst - 1 - ahead) * intervalMs);
}

/** When the bucket will be empty after one more call. */
export function afterOne({ intervalMs }: RateLimit, emptyAt: number, now: number): number {
  return Math.max(emptyAt, now) + intervalMs;
}

/** When the bucket has to be empty so that the next call is admitted at `nextAt`. */
export function emptyAtFor({ intervalMs, burst }: RateLimit, nextAt: number): number {
  return nextAt + (burst - 1) * intervalMs;
}
