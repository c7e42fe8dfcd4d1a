import { Controller, Get, Module } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule, type HealthCheckResult } from '@nestjs/terminus';
import { DeliveriesHealthIndicator, LalamoveHealthIndicator, LalamoveHealthModule } from 'nestjs-lalamove/health';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly lalamove: LalamoveHealthIndicator,
    private readonly deliveries: DeliveriesHealthIndicator,
  ) {}

  // Liveness: the process answers. Nothing else, so that an outage elsewhere restarts no pod.
  @Get('live')
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  // Readiness: what this process needs to take a request.
  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.deliveries.pingCheck('storage')]);
  }

  // For alarms.
  @Get('operations')
  @HealthCheck()
  operations(): Promise<HealthCheckResult> {
    return this.health.check([
      () => this.lalamove.isHealthy('lalamove'),
      () => this.deliveries.isHealthy('deliveries'),
    ]);
  }
}

@Module({ imports: [TerminusModule, LalamoveHealthModule], controllers: [HealthController] })
export class HealthModule {}
