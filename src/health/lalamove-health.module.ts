import { Module, type DynamicModule } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { DeliveriesHealthIndicator } from './deliveries-health.indicator.js';
import { LalamoveHealthIndicator } from './lalamove-health.indicator.js';
import { assertHealthOptions, HEALTH_OPTIONS, type LalamoveHealthModuleOptions } from './lalamove-health.options.js';

/**
 * Health indicators for `@nestjs/terminus`: `LalamoveHealthIndicator` and `DeliveriesHealthIndicator`. Import it beside
 * `TerminusModule`, as it is or with `forRoot(options)`.
 *
 * @example
 * \@Module({ imports: [TerminusModule, LalamoveHealthModule], controllers: [HealthController] })
 * export class HealthModule {}
 */
@Module({
  providers: [HealthIndicatorService, LalamoveHealthIndicator, DeliveriesHealthIndicator],
  exports: [LalamoveHealthIndicator, DeliveriesHealthIndicator],
})
export class LalamoveHealthModule {
  /** @throws LalamoveHealthOptionsException that lists every problem of the options */
  static forRoot(options: LalamoveHealthModuleOptions = {}): DynamicModule {
    assertHealthOptions(options);
    return { module: LalamoveHealthModule, providers: [{ provide: HEALTH_OPTIONS, useValue: options }] };
  }
}
