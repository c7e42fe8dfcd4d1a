import { Inject, Injectable, Optional } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { DeliveriesMetrics } from '../deliveries/deliveries-metrics.js';
import { DeliveriesService } from '../deliveries/deliveries.service.js';
import { CachedResolver } from '../internal/cached-resolver.js';
import { withTimeout } from '../internal/with-timeout.js';
import { deliveriesProblems, NO_DELIVERIES, NO_STORAGE } from './deliveries-problems.js';
import { foundIn } from '../nest/found-in.js';
import { healthResult } from './health-result.js';
import {
  DELIVERIES_HEALTH_DEFAULTS,
  HEALTH_OPTIONS,
  type DeliveriesHealthOptions,
  type LalamoveHealthModuleOptions,
} from './lalamove-health.options.js';

/** Limits that replace those of the module. */
export type DeliveriesHealthCheck = Omit<DeliveriesHealthOptions, 'timeoutMs'>;

/** A reference that no host uses: looking for it is the cheapest question to the storage. */
const NOBODY = 'nestjs-lalamove:health';

/** Whether deliveries are stored, worked on, and handed to their handlers in time. */
@Injectable()
export class DeliveriesHealthIndicator {
  readonly #options: Required<DeliveriesHealthOptions>;
  readonly #metrics: CachedResolver<DeliveriesMetrics | undefined>;
  /** When this process first saw an attempt of unknown outcome: elapsed ms; `undefined` if there is none. */
  #unknownSince: number | undefined;

  constructor(
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
    @Optional() @Inject(HEALTH_OPTIONS) options?: LalamoveHealthModuleOptions,
  ) {
    this.#options = { ...DELIVERIES_HEALTH_DEFAULTS, ...options?.deliveries };
    this.#metrics = new CachedResolver({
      resolve: () => this.#read(),
      holdMs: () => Infinity,
      failureHoldMs: 0,
      capacity: 1,
      now: () => performance.now(),
    });
  }

  /**
   * Checks that the storage answers, and that nothing has waited for too long: for readiness of a worker, and for
   * alarms. It never rejects.
   *
   * @param key the name in Terminus's result
   */
  async isHealthy<const Key extends string>(
    key: Key,
    given: DeliveriesHealthCheck = {},
  ): Promise<HealthIndicatorResult<Key>> {
    if (!this.#service()) return healthResult(this.indicators, key, [NO_DELIVERIES], {});
    const options = { ...this.#options, ...given };
    const metrics = await this.#metrics.get('', options.cacheMs);
    if (!metrics) return healthResult(this.indicators, key, [NO_STORAGE], {});
    const unknownMs = this.#unknownSince === undefined ? 0 : performance.now() - this.#unknownSince;
    const { byState, ...figures } = metrics;
    const details = { ...figures, needsAttention: byState.needs_attention };
    return healthResult(this.indicators, key, deliveriesProblems(metrics, unknownMs, options), details);
  }

  /**
   * Checks only that the storage answers: for readiness. It never rejects.
   *
   * @param key the name in Terminus's result
   */
  async pingCheck<const Key extends string>(key: Key): Promise<HealthIndicatorResult<Key>> {
    const service = this.#service();
    if (!service) return healthResult(this.indicators, key, [NO_DELIVERIES], {});
    const found = await this.#inTime(async () => {
      await service.find(NOBODY);
      return true;
    });
    return healthResult(this.indicators, key, found ? [] : [NO_STORAGE], {});
  }

  async #read(): Promise<DeliveriesMetrics | undefined> {
    const metrics = await this.#inTime(async () => this.#service()?.metrics());
    if (metrics) {
      this.#unknownSince = metrics.unknownAttempts > 0 ? (this.#unknownSince ?? performance.now()) : undefined;
    }
    return metrics;
  }

  /** @returns `undefined` if the question fails or takes too long */
  async #inTime<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await withTimeout(this.#options.timeoutMs, 'the storage', ask(), { keepsAlive: false });
    } catch {
      return undefined;
    }
  }

  #service(): DeliveriesService | undefined {
    return foundIn(this.moduleRef, DeliveriesService);
  }
}
