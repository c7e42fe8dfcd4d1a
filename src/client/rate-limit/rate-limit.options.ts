import type { LalamoveOperation } from '../../api/endpoints.js';
import type { LalamoveRateLimitStore } from './rate-limit.store.js';

/** Limits in this app that keep its calls below those of Lalamove. */
export interface RateLimitOptions {
  /**
   * Which budgets of Lalamove's guide apply, in requests a minute.
   *
   * @default by `environment`
   */
  budgets?: 'sandbox' | 'production';
  /**
   * Other budgets, in requests a minute, by method of `LalamoveService`. All processes share them, as far as `store` or
   * `processes` say that there are several.
   */
  perMinute?: Partial<Record<LalamoveOperation, number>>;
  /**
   * How many orders are placed a second at most.
   *
   * @default 2
   */
  ordersPerSecond?: number;
  /**
   * How many processes use the account. Without a shared `store` each keeps within its share of every budget. With one,
   * that is so while the store fails.
   *
   * @default 1
   */
  processes?: number;
  /**
   * Where the state of the limits is stored. Several processes share a `redisRateLimitStore`.
   *
   * @default in this process
   */
  store?: LalamoveRateLimitStore;
}

/** The options with the default of `budgets`. */
export type RateLimitSettings = RateLimitOptions & Required<Pick<RateLimitOptions, 'budgets'>>;
