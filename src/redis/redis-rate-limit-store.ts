import type { RateLimit } from '../client/rate-limit/leaky-bucket.js';
import type { LalamoveRateLimitStore } from '../client/rate-limit/rate-limit.store.js';
import { LruMap } from '../internal/lru-map.js';
import { sentencesOf, validateOptions, type OptionChecks } from '../internal/validate-options.js';
import { hasMethods } from '../internal/value-checks.js';
import { RAISE, TAKE } from './rate-limit-scripts.js';
import type { RedisScriptClient } from './redis-script-client.js';

/** Options of {@link redisRateLimitStore}. */
export interface RedisRateLimitStoreOptions {
  /**
   * The app's own ioredis client, of one server or of a cluster. It is only used: the app connects and closes it. Redis
   * 5 or later.
   */
  readonly client: RedisScriptClient;
  /**
   * How all keys begin. Apps that share an account share its limits, so they have the same prefix.
   *
   * @default 'lalamove:rate-limit:'
   */
  readonly prefix?: string;
}

const CHECKS: OptionChecks<keyof RedisRateLimitStoreOptions> = {
  client: {
    holds: hasMethods('evalsha', 'eval'),
    required: true,
    remedy: 'must be a client of ioredis: new Redis(…) or new Redis.Cluster(…)',
  },
  prefix: { holds: (value) => typeof value === 'string', remedy: 'must be a string' },
};

/** As many limits as the default store keeps. */
const CAPACITY = 10_000;

/**
 * A store of rate limits in Redis, which all processes of an account share. Each call takes its slots in one atomic
 * script, by Redis's clock.
 *
 * @example
 * LalamoveModule.forRoot({ …, rateLimit: { store: redisRateLimitStore({ client: new Redis(url) }), processes: 4 } })
 *
 * @throws TypeError that lists every wrong option
 */
export function redisRateLimitStore(options: RedisRateLimitStoreOptions): LalamoveRateLimitStore {
  const problems = sentencesOf(validateOptions(options, CHECKS), 'The options');
  if (problems.length > 0) throw new TypeError(`A redisRateLimitStore cannot be made so: ${problems.join(' ')}`);
  return new RedisRateLimitStore(options.client, options.prefix ?? 'lalamove:rate-limit:');
}

class RedisRateLimitStore implements LalamoveRateLimitStore {
  /** What Redis has last said of each limit; see the scripts. */
  readonly #known = new LruMap<string, string>(CAPACITY);

  constructor(
    private readonly client: RedisScriptClient,
    private readonly prefix: string,
  ) {}

  async take(limits: readonly RateLimit[], _now: number, ahead: number): Promise<number> {
    const keys = limits.map(({ key }) => this.#keyOf(key));
    const values = limits.flatMap(({ key, intervalMs, burst }) => [
      String(intervalMs),
      String(burst),
      this.#knownOf(key),
    ]);
    const [wait, ...states] = listOf(await TAKE.run(this.client, keys, [String(ahead), ...values]));
    for (const [index, { key }] of limits.entries()) this.#learn(key, states[index]);
    return Number(wait);
  }

  async raise(limit: RateLimit, emptyAt: number, now: number): Promise<void> {
    if (emptyAt <= now) return;
    const values = [String(emptyAt - now), this.#knownOf(limit.key)];
    this.#learn(limit.key, await RAISE.run(this.client, [this.#keyOf(limit.key)], values));
  }

  /** The account is the hash tag: in a cluster, limits that are taken together must be on the same node. */
  #keyOf(key: string): string {
    const [account = '', ...rest] = key.split(':');
    return [`${this.prefix}{${account}}`, ...rest].join(':');
  }

  #knownOf(key: string): string {
    return this.#known.get(key) ?? '';
  }

  #learn(key: string, state: unknown): void {
    if (typeof state === 'string') this.#known.set(key, state);
  }
}

function listOf(answer: unknown): readonly unknown[] {
  if (!Array.isArray(answer)) throw new TypeError('Redis has not answered with a list.');
  return answer;
}
