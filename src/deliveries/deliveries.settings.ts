import { Logger, type LoggerService } from '@nestjs/common';
import { SteadyClock } from './application/steady-clock.js';
import type { WorkTracing } from '../internal/work-tracing.js';
import { systemClock } from '../internal/clock.js';
import type { DeliveriesHooks } from './deliveries.hooks.js';
import type { DeliveriesModuleOptions } from './deliveries.options.js';
import { DEFAULT_POLICY, type DeliveryPolicy } from './domain/delivery-policy.js';
import { withPolicy } from './domain/policy-checks.js';

const DAY_MS = 86_400_000;

/** The options of `DeliveriesModule` with defaults applied, for all parts of deliveries. Durations are in ms. */
export class DeliveriesSettings {
  readonly logger: LoggerService;
  readonly hooks: DeliveriesHooks;
  readonly policy: DeliveryPolicy;
  /** The clock that all parts of deliveries use. */
  readonly clock: SteadyClock;
  readonly concurrency: number;
  readonly handlerTimeoutMs: number;
  readonly accountTimeoutMs: number;
  readonly sweepMs: number;
  readonly leaseMs: number;
  /** Whether this process works on deliveries and calls its handlers. */
  readonly isWorker: boolean;
  readonly unmatchedMs: number;
  /** `undefined`: no delivery is erased automatically. */
  readonly retentionMs: number | undefined;
  readonly shutdownMs: number;

  constructor(
    readonly options: DeliveriesModuleOptions,
    readonly tracing: WorkTracing,
  ) {
    const { retentionDays } = options;
    this.logger = options.logger ?? new Logger('LalamoveDeliveries');
    this.hooks = options.hooks ?? {};
    this.policy = withPolicy(DEFAULT_POLICY, options.policy);
    this.clock = new SteadyClock(options.clock ?? systemClock);
    this.concurrency = options.concurrency ?? 16;
    this.handlerTimeoutMs = (options.handlerTimeoutSeconds ?? 60) * 1000;
    this.accountTimeoutMs = (options.accounts?.timeoutSeconds ?? 10) * 1000;
    this.leaseMs = (options.leaseSeconds ?? 120) * 1000;
    this.isWorker = options.worker ?? true;
    this.sweepMs = (options.sweepSeconds ?? 30) * 1000;
    this.unmatchedMs = (options.unmatchedHours ?? 24) * 3_600_000;
    this.retentionMs = retentionDays === undefined ? undefined : retentionDays * DAY_MS;
    this.shutdownMs = options.shutdownMs ?? 10_000;
  }

  /** The current time, in Unix ms. */
  readonly now = (): number => this.clock.now();
}
