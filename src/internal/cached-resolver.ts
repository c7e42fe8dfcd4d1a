import { detached } from './async-context.js';
import { LruMap } from './lru-map.js';
import { TimeoutError, withTimeout } from './with-timeout.js';

/** How a {@link CachedResolver} looks up values, and how long it caches them. */
export interface CachedResolverOptions<Value> {
  /** Looks up the value of a key. It may reject. It must settle eventually. */
  readonly resolve: (key: string) => Promise<Value>;
  /** How long a value is valid after the lookup, in ms. */
  readonly holdMs: (value: Value) => number;
  /** How long a failure is cached, in ms. Until then all callers get the same error. */
  readonly failureHoldMs: number;
  /** The maximum number of cached keys. */
  readonly capacity: number;
  /** Elapsed time in ms, from any start. It never goes back. */
  readonly now: () => number;
}

/** One lookup. All callers that ask for the key share it. */
interface Lookup<Value> {
  readonly askedAt: number;
  readonly value: Promise<Value>;
  /** When the value or the failure arrived; `undefined` while the lookup is running. */
  settledAt: number | undefined;
  /** When the entry expires; `Infinity` while the lookup is running. */
  holdsUntil: number;
}

/** The result after a short wait: the value, or the end of the lookup if it is still running. */
export type QuickResult<Value> =
  | { readonly value: Value }
  | {
      /** Resolves when the lookup ends, with a value or with an error. It never rejects. */
      readonly settled: Promise<void>;
    };

/**
 * Resolves keys with an external lookup (a host's function, a vault), and caches the values. Concurrent callers of a
 * key share one lookup, which runs in its own async context.
 */
export class CachedResolver<Value> {
  readonly #lookups: LruMap<string, Lookup<Value>>;

  constructor(private readonly options: CachedResolverOptions<Value>) {
    this.#lookups = new LruMap(options.capacity);
  }

  /**
   * Returns the value of a key. The promise stays the same until the next lookup.
   *
   * @param maxAgeMs a value older than this is looked up again, even if it is still valid
   * @throws what `resolve` rejects with
   */
  get(key: string, maxAgeMs = Infinity): Promise<Value> {
    return this.#lookup(key, maxAgeMs).value;
  }

  /**
   * As {@link get}, but it stops waiting when the lookup is `waitMs` old, in ms of real time. So a caller that arrives
   * during a slow lookup does not wait at all.
   */
  async getWithin(key: string, waitMs: number): Promise<QuickResult<Value>> {
    const lookup = this.#lookup(key, Infinity);
    if (isSettled(lookup)) return { value: await lookup.value };
    const leftMs = Math.max(0, lookup.askedAt + waitMs - this.options.now());
    try {
      return { value: await withTimeout(leftMs, 'the lookup', lookup.value, { keepsAlive: false }) };
    } catch (error) {
      // The lookup itself may have failed with a TimeoutError. In that case it is settled.
      if (isSettled(lookup) || !(error instanceof TimeoutError)) throw error;
    }
    const ended = (): void => undefined;
    return { settled: lookup.value.then(ended, ended) };
  }

  #lookup(key: string, maxAgeMs: number): Lookup<Value> {
    const { now } = this.options;
    const at = now();
    const known = this.#lookups.get(key);
    if (known && at < known.holdsUntil && at - (known.settledAt ?? at) < maxAgeMs) return known;
    // All callers share the result, so the lookup must not run in the context of the first caller.
    const value = detached(() => this.options.resolve(key));
    const lookup: Lookup<Value> = { askedAt: now(), value, settledAt: undefined, holdsUntil: Infinity };
    const settled = (holdMs: number): void => {
      lookup.settledAt = now();
      lookup.holdsUntil = lookup.settledAt + holdMs;
    };
    value.then(
      (given) => {
        settled(this.options.holdMs(given));
      },
      () => {
        settled(this.options.failureHoldMs);
      },
    );
    this.#lookups.set(key, lookup);
    return lookup;
  }
}

function isSettled({ settledAt }: Lookup<unknown>): boolean {
  return settledAt !== undefined;
}
