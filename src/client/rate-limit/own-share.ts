import { LruMap } from '../../internal/lru-map.js';
import { afterOne, emptyAtFor, shareOf, waitFor, type RateLimit } from './leaky-bucket.js';

/** An outage of the store. */
export interface Outage {
  /** When it began, in Unix ms. */
  since: number;
  /** After which part of an interval this process makes its first call, from 0 to 1: not all make it at once. */
  readonly phase: number;
}

/** As many limits as the default store keeps. */
const CAPACITY = 10_000;

/**
 * The share of the limits that this process uses while the store fails. It begins without a burst, because the
 * processes together may just have used up everything.
 */
export class OwnShare {
  readonly #emptyAt = new LruMap<string, number>(CAPACITY);
  /** The limits of which slots were taken here, and which the store does not know of yet. */
  readonly #unreported = new LruMap<string, true>(CAPACITY);

  /** @param processes among how many processes the limits are divided */
  constructor(private readonly processes: number) {}

  /** As `LalamoveRateLimitStore.take`. */
  take(limits: readonly RateLimit[], now: number, ahead: number, outage: Outage): number {
    // The clock was set back: what is stored is in the future.
    if (now < outage.since) {
      this.#emptyAt.clear();
      outage.since = now;
    }
    const shares = limits.map((limit) => shareOf(limit, this.processes));
    for (const share of shares) this.#raise(share, emptyAtFor(share, outage.since + outage.phase * share.intervalMs));
    const wait = Math.max(0, ...shares.map((share) => waitFor(share, this.#of(share), now, ahead)));
    if (wait > 0 || ahead > 0) return wait;
    for (const share of shares) {
      this.#emptyAt.set(share.key, afterOne(share, this.#of(share), now));
      this.#unreported.set(share.key, true);
    }
    return 0;
  }

  /** Lalamove has corrected a limit: its bucket will not be empty before `emptyAt`, in Unix ms. */
  correct(limit: RateLimit, emptyAt: number): void {
    this.#raise(limit, emptyAt);
  }

  /** Whether there are limits of which slots were taken here, and which the store does not know of yet. */
  get hasUnreported(): boolean {
    return this.#unreported.size > 0;
  }

  /**
   * When the buckets will be empty of which slots were taken here, in Unix ms. If all processes have used as much of
   * their shares, it is the level of the whole limit.
   */
  unreported(limits: readonly RateLimit[]): { limit: RateLimit; emptyAt: number }[] {
    const used = limits.filter(({ key }) => this.#unreported.has(key));
    return used.map((limit) => ({ limit, emptyAt: this.#of(limit) }));
  }

  /** The store knows of the slots of these limits now. */
  reported(limits: readonly RateLimit[]): void {
    for (const { key } of limits) this.#unreported.delete(key);
  }

  #of({ key }: RateLimit): number {
    return this.#emptyAt.get(key) ?? 0;
  }

  #raise(limit: RateLimit, emptyAt: number): void {
    if (emptyAt > this.#of(limit)) this.#emptyAt.set(limit.key, emptyAt);
  }
}
