/** A leaky bucket, kept as GCRA does: `burst` calls at once, then one every `intervalMs`. */
export interface RateLimit {
  /** What the limit is of; without secrets, for it may be kept elsewhere. */
  readonly key: string;
  readonly intervalMs: number;
  readonly burst: number;
}

/**
 * How long a call has to wait for its slot, in ms; 0 where there is one.
 *
 * @param emptyAt Unix ms at which the bucket would be empty
 * @param ahead how many calls are to go first
 */
export function waitFor({ intervalMs, burst }: RateLimit, emptyAt: number, now: number, ahead = 0): number {
  return Math.max(0, Math.max(emptyAt, now) - now - (burst - 1 - ahead) * intervalMs);
}

/** When the bucket will be empty once a call has been let in. */
export function afterOne({ intervalMs }: RateLimit, emptyAt: number, now: number): number {
  return Math.max(emptyAt, now) + intervalMs;
}

/** When the bucket has to be empty for the next call to be let in at a time. */
export function emptyAtFor({ intervalMs, burst }: RateLimit, nextAt: number): number {
  return nextAt + (burst - 1) * intervalMs;
}
