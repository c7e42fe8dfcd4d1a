import { detached } from './async-context.js';
import { LruMap } from './lru-map.js';
import { TimeoutError, withTimeout } from './with-timeout.js';

/** How a {@link CachedResolver} asks, and how long it remembers. */
export interface CachedResolverOptions<Value> {
  /** Asks for the value of a key. It may reject, and must settle at some time. */
  readonly resolve: (key: string) => Promise<Value>;
  /** How long a value holds after it was given, in ms. */
  readonly holdMs: (value: Value) => number;
  /** How long a failure holds, in ms: until then all who ask get the same error. */
  readonly failureHoldMs: number;
  /** How many keys are remembered. */
  readonly capacity: number;
  /** Elapsed time in ms, from any start. It never goes back. */
  readonly now: () => number;
}

/** One lookup, which all who ask for the key share. */
interface Lookup<Value> {
  readonly askedAt: number;
  readonly value: Promise<Value>;
  /** When the value or the failure came; `undefined` while the lookup is under way. */
  settledAt: number | undefined;
  /** Until when it holds; `Infinity` while the lookup is under way. */
  holdsUntil: number;
}

/** What is known after a short wait: the value, or the end of the lookup, which is still under way. */
export type QuickResult<Value> =
  | { readonly value: Value }
  | {
      /** Resolves once the lookup has ended, whether with a value or with an error. It never rejects. */
      readonly settled: Promise<void>;
    };

/**
 * Resolves keys by asking someone else (a host's function, a vault), and remembers the values for a while. All who ask
 * for a key at the same time share one lookup, which runs in an async context of its own.
 */
export class CachedResolver<Value> {
  readonly #lookups: LruMap<string, Lookup<Value>>;

  constructor(private readonly options: CachedResolverOptions<Value>) {
    this.#lookups = new LruMap(options.capacity);
  }

  /**
   * The value of a key: the same promise until it is asked for again.
   *
   * @param maxAgeMs a value that was given longer ago is asked for again, also if it still holds
   * @throws what `resolve` rejects with
   */
  get(key: string, maxAgeMs = Infinity): Promise<Value> {
    return this.#lookup(key, maxAgeMs).value;
  }

  /**
   * As {@link get}, but waits for a lookup no longer than until it is `waitMs` old, in ms of real time. So whoever asks
   * while a slow lookup is under way does not wait at all.
   */
  async getWithin(key: string, waitMs: number): Promise<QuickResult<Value>> {
    const lookup = this.#lookup(key, Infinity);
    if (isSettled(lookup)) return { value: await lookup.value };
    const leftMs = Math.max(0, lookup.askedAt + waitMs - this.options.now());
    try {
      return { value: await withTimeout(leftMs, 'the lookup', lookup.value, { keepsAlive: false }) };
    } catch (error) {
      // The lookup itself may have failed with a TimeoutError: then it is settled.
      if (isSettled(lookup) || !(error instanceof TimeoutError)) throw error;
    }
    const ended = (): void => undefined;
    return { settled: lookup.value.then(ended, ended) };
  }

  #lookup(key: string, maxAgeMs: number): Lookup<Value> {
    const { now } = this.options;
    const known = this.#lookups.get(key);
    if (known && now() < known.holdsUntil && now() - (known.settledAt ?? now()) < maxAgeMs) return known;
    // All share the answer: it must not run in the context of the one who asked first.
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
