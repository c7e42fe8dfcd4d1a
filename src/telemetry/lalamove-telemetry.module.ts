import { Module, type DynamicModule } from '@nestjs/common';
import { LalamoveTelemetry } from './lalamove-telemetry.js';
import {
  assertTelemetryOptions,
  TELEMETRY_OPTIONS,
  type LalamoveTelemetryModuleOptions,
} from './lalamove-telemetry.options.js';

/**
 * Traces and metrics by OpenTelemetry, for all accounts, webhooks and deliveries of the app. Without a registered SDK
 * it does nothing.
 *
 * @example
 * \@Module({ imports: [LalamoveModule.forRoot(account), LalamoveTelemetryModule.forRoot()] })
 * export class AppModule {}
 */
@Module({ providers: [LalamoveTelemetry] })
export class LalamoveTelemetryModule {
  /** @throws LalamoveTelemetryOptionsException that lists every problem of the options */
  static forRoot(options: LalamoveTelemetryModuleOptions = {}): DynamicModule {
    assertTelemetryOptions(options);
    return { module: LalamoveTelemetryModule, providers: [{ provide: TELEMETRY_OPTIONS, useValue: options }] };
  }
}
