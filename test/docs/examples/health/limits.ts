import type { DynamicModule } from '@nestjs/common';
import type { HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { LalamoveHealthModule, type LalamoveHealthIndicator } from 'nestjs-lalamove/health';

export const withLimits = (): DynamicModule =>
  LalamoveHealthModule.forRoot({
    lalamove: { cacheMs: 60_000, maxClockSkewMs: 30_000 },
    deliveries: { maxLagMs: 5 * 60_000 },
  });

export function ofTwoAccounts(
  health: HealthCheckService,
  lalamove: LalamoveHealthIndicator,
): Promise<HealthCheckResult> {
  return health.check([
    () => lalamove.isHealthy('lalamove'),
    () => lalamove.isHealthy('lalamove-thailand', { account: 'thailand' }),
  ]);
}
