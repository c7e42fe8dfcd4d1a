import { Controller, Get, Inject, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule, type HealthCheckResult } from '@nestjs/terminus';
import { LalamoveModule, type LalamoveModuleOptions } from 'nestjs-lalamove';
import {
  DeliveriesHealthIndicator,
  LalamoveHealthIndicator,
  LalamoveHealthModule,
  type LalamoveHealthModuleOptions,
} from 'nestjs-lalamove/health';
import type { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { request, startHost, type HostAnswer, type Platform } from '../support/host-app.js';

/** A controller as in the guide. */
@Controller('health')
export class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(LalamoveHealthIndicator) private readonly lalamove: LalamoveHealthIndicator,
    @Inject(DeliveriesHealthIndicator) private readonly deliveries: DeliveriesHealthIndicator,
  ) {}

  @Get('lalamove')
  @HealthCheck()
  account(): Promise<HealthCheckResult> {
    return this.health.check([() => this.lalamove.isHealthy('lalamove')]);
  }

  @Get('thailand')
  @HealthCheck()
  thailand(): Promise<HealthCheckResult> {
    return this.health.check([
      () => this.lalamove.isHealthy('lalamove'),
      () => this.lalamove.isHealthy('thailand', { account: 'thailand' }),
    ]);
  }

  @Get('deliveries')
  @HealthCheck()
  work(): Promise<HealthCheckResult> {
    return this.health.check([() => this.deliveries.isHealthy('deliveries')]);
  }

  @Get('storage')
  @HealthCheck()
  storage(): Promise<HealthCheckResult> {
    return this.health.check([() => this.deliveries.pingCheck('storage')]);
  }
}

/** The module of a host with health checks. */
export function healthModule(options?: LalamoveHealthModuleOptions): ModuleMetadata {
  const health = options ? LalamoveHealthModule.forRoot(options) : LalamoveHealthModule;
  return { imports: [TerminusModule.forRoot({ logger: false }), health], controllers: [HealthController] };
}

/** Starts a host with an account on a sandbox. */
export async function startHealthHost(
  platform: Platform,
  sandbox: LalamoveSandbox,
  account: Partial<LalamoveModuleOptions> = {},
  options?: LalamoveHealthModuleOptions,
  others: readonly LalamoveModuleOptions[] = [],
): Promise<{ app: INestApplication; url: string }> {
  const { imports = [], ...more } = healthModule(options);
  const accounts = [accountOn(sandbox, account), ...others].map((given) => LalamoveModule.forRoot(given));
  return startHost(platform, { imports: [...accounts, ...imports], ...more });
}

/** The status of a health endpoint, and what it says of one indicator. */
export async function healthOf(
  url: string,
  path: string,
  key: string,
): Promise<{ answer: HostAnswer; details: Record<string, unknown> }> {
  const answer = await request('GET', `${url}/health/${path}`);
  const details = Object(answer.body.details) as Record<string, Record<string, unknown>>;
  return { answer, details: details[key] ?? {} };
}
