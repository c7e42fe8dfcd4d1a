/** A leaky bucket, as in GCRA: `burst` calls at once, then one every `intervalMs`. */
export interface RateLimit {
  /**
   * The account and the operation, such as `k3X…:placeOrder` or `k3X…:placeOrder:second`. The account is a hash of its
   * public key: a shared store contains no secrets. Limits that are taken together have the same account.
   */
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

/** The part of a limit that one of several processes may use, if each counts for itself. */
export function shareOf(limit: RateLimit, processes: number): RateLimit {
  const { intervalMs, burst } = limit;
  return { ...limit, intervalMs: intervalMs * processes, burst: Math.max(1, Math.floor(burst / processes)) };
}
