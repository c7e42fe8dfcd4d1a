import { isRecord } from '../internal/is-record.js';
import { LONGEST_TIMER_MS } from '../internal/timer-limit.js';
import type { OptionCheck, OptionChecks } from '../internal/validate-options.js';
import { isNumberFrom, isNumberUpTo } from '../internal/value-checks.js';
import { moduleOptionProblems, optionsMessage } from '../nest/module-options.js';

/** Options of `LalamoveHealthIndicator`. */
export interface LalamoveHealthOptions {
  /**
   * How long a result is reused, in ms. So Lalamove gets one call in this time from each process, however often the
   * endpoint is asked.
   *
   * @default 30000
   */
  cacheMs?: number;
  /**
   * How long the call may take, including its wait for the rate limit, in ms.
   *
   * @default 5000
   */
  timeoutMs?: number;
  /**
   * The greatest difference between this machine's clock and Lalamove's, in ms. Signatures contain the time.
   *
   * @default 60000
   */
  maxClockSkewMs?: number;
  /**
   * The share of Lalamove's limit of requests a minute below which the room is low, from 0 to 1.
   *
   * @default 0.1
   */
  minRateLimitRoom?: number;
}

/** Options of `DeliveriesHealthIndicator`. */
export interface DeliveriesHealthOptions {
  /**
   * How long the figures are reused, in ms.
   *
   * @default 5000
   */
  cacheMs?: number;
  /**
   * How long the storage may take, in ms.
   *
   * @default 5000
   */
  timeoutMs?: number;
  /**
   * How long the oldest due delivery may wait for a worker, in ms.
   *
   * @default 60000
   */
  maxLagMs?: number;
  /**
   * How long there may be attempts of unknown outcome, in ms. The time counts from when this process first saw one.
   *
   * @default 600000
   */
  maxUnknownMs?: number;
  /**
   * How long the oldest event may wait for its handlers, in ms.
   *
   * @default 300000
   */
  maxOutboxLagMs?: number;
}

/** Options of `LalamoveHealthModule`. */
export interface LalamoveHealthModuleOptions {
  lalamove?: LalamoveHealthOptions;
  deliveries?: DeliveriesHealthOptions;
}

/** Injection token of the checked options; not provided if the module is imported without `forRoot`. */
export const HEALTH_OPTIONS = 'nestjs-lalamove:health:options';

export const LALAMOVE_HEALTH_DEFAULTS: Required<LalamoveHealthOptions> = {
  cacheMs: 30_000,
  timeoutMs: 5000,
  maxClockSkewMs: 60_000,
  minRateLimitRoom: 0.1,
};

export const DELIVERIES_HEALTH_DEFAULTS: Required<DeliveriesHealthOptions> = {
  cacheMs: 5000,
  timeoutMs: 5000,
  maxLagMs: 60_000,
  maxUnknownMs: 600_000,
  maxOutboxLagMs: 300_000,
};

/** Thrown at boot for wrong options. The message lists every problem. */
export class LalamoveHealthOptionsException extends Error {
  override readonly name = 'LalamoveHealthOptionsException';

  /** @param problems one sentence each */
  constructor(readonly problems: readonly string[]) {
    super(optionsMessage('LalamoveHealthModule', problems));
  }
}

const LIMIT: OptionCheck = { holds: isNumberFrom(0, Infinity), remedy: 'must be a number of ms, 0 or more' };
const TIMEOUT: OptionCheck = {
  holds: isNumberUpTo(LONGEST_TIMER_MS),
  remedy: `must be a number of ms above 0, and at most ${LONGEST_TIMER_MS} (24 days)`,
};

const LALAMOVE: OptionChecks<keyof LalamoveHealthOptions> = {
  cacheMs: LIMIT,
  timeoutMs: TIMEOUT,
  maxClockSkewMs: LIMIT,
  minRateLimitRoom: { holds: isNumberFrom(0, 1), remedy: 'must be a share from 0 to 1' },
};

const DELIVERIES: OptionChecks<keyof DeliveriesHealthOptions> = {
  cacheMs: LIMIT,
  timeoutMs: TIMEOUT,
  maxLagMs: LIMIT,
  maxUnknownMs: LIMIT,
  maxOutboxLagMs: LIMIT,
};

const CHECKS: OptionChecks<keyof LalamoveHealthModuleOptions> = {
  lalamove: { holds: isRecord, remedy: 'must be an object', members: LALAMOVE },
  deliveries: { holds: isRecord, remedy: 'must be an object', members: DELIVERIES },
};

/** @throws LalamoveHealthOptionsException that lists every problem */
export function assertHealthOptions(options: unknown): asserts options is LalamoveHealthModuleOptions {
  const problems = moduleOptionProblems(options, CHECKS);
  if (problems.length > 0) throw new LalamoveHealthOptionsException(problems);
}
