import { Inject, Injectable, Optional, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { CALL_LISTENERS, type CallListeners } from '../client/call-listeners.js';
import type { LalamoveHooks } from '../client/call-hooks.js';
import { CachedResolver } from '../internal/cached-resolver.js';
import type { LalamoveService } from '../lalamove.service.js';
import { getLalamoveToken } from '../lalamove.tokens.js';
import { foundIn } from '../nest/found-in.js';
import { healthResult } from './health-result.js';
import { CheckedAnswers, readAccount, type LalamoveReading } from './lalamove-check.js';
import {
  HEALTH_OPTIONS,
  LALAMOVE_HEALTH_DEFAULTS,
  type LalamoveHealthModuleOptions,
  type LalamoveHealthOptions,
} from './lalamove-health.options.js';
import { lalamoveProblems, notRegistered } from './lalamove-problems.js';
import { RateLimitRoom } from './rate-limit-room.js';

/** What is checked, and limits that replace those of the module. */
export interface LalamoveHealthCheck extends Omit<LalamoveHealthOptions, 'timeoutMs'> {
  /** The `name` of the account's registration; by default the one without a name. */
  account?: string;
}

const MAX_ACCOUNTS = 1000;

/**
 * Whether Lalamove can be used: it is reachable, accepts the keys, the clock is right, and there is room in its rate
 * limits. It makes one `GET /v3/cities` for each account, and reuses the result for `cacheMs`.
 */
@Injectable()
export class LalamoveHealthIndicator implements OnModuleInit, OnModuleDestroy {
  readonly #options: Required<LalamoveHealthOptions>;
  readonly #answers = new CheckedAnswers();
  readonly #room = new RateLimitRoom();
  readonly #listener: LalamoveHooks = {
    onResponse: (event) => {
      this.#answers.observe(event);
      this.#room.observe(event.account, event.operation, event.rateLimit);
    },
  };
  /** By account; empty for the default one. `undefined` for one that is not registered. */
  readonly #readings: CachedResolver<LalamoveReading | undefined>;
  #listeners: CallListeners | undefined;

  constructor(
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
    @Optional() @Inject(HEALTH_OPTIONS) options?: LalamoveHealthModuleOptions,
  ) {
    this.#options = { ...LALAMOVE_HEALTH_DEFAULTS, ...options?.lalamove };
    this.#readings = new CachedResolver({
      resolve: (account) => this.#read(account === '' ? undefined : account),
      holdMs: (reading) => (reading ? Infinity : 0),
      failureHoldMs: 0,
      capacity: MAX_ACCOUNTS,
      now: () => performance.now(),
    });
  }

  /** Starts to observe the calls of the app. */
  onModuleInit(): void {
    this.#listeners = foundIn<CallListeners>(this.moduleRef, CALL_LISTENERS);
    this.#listeners?.add(this.#listener);
  }

  /** Stops observing the calls. */
  onModuleDestroy(): void {
    this.#listeners?.delete(this.#listener);
  }

  /**
   * Checks an account. It never rejects, and its result contains no keys.
   *
   * @param key the name in Terminus's result
   */
  async isHealthy<const Key extends string>(
    key: Key,
    { account, ...given }: LalamoveHealthCheck = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const options = { ...this.#options, ...given };
    const reading = await this.#readings.get(account ?? '', options.cacheMs);
    if (!reading) return healthResult(this.indicators, key, [notRegistered(account)], {});
    const room = this.#room.lowest(account);
    const { latencyMs, clockSkewMs, checkedAt } = reading;
    const details = { checkedAt: new Date(checkedAt).toISOString(), latencyMs, clockSkewMs, rateLimit: room };
    return healthResult(this.indicators, key, lalamoveProblems(reading, room, options), details);
  }

  async #read(account: string | undefined): Promise<LalamoveReading | undefined> {
    const service = await this.#service(account);
    return service && readAccount(service, this.#options.timeoutMs, this.#answers);
  }

  /** Also of a registration whose options are request-scoped. */
  async #service(account: string | undefined): Promise<LalamoveService | undefined> {
    const token = getLalamoveToken(account);
    const found = foundIn(this.moduleRef, token);
    return found ?? this.moduleRef.resolve(token, undefined, { strict: false }).catch(() => undefined);
  }
}
