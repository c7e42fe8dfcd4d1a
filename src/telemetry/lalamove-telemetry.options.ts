import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import type { OptionChecks } from '../internal/validate-options.js';
import { hasMethods, isBoolean } from '../internal/value-checks.js';
import { moduleOptionProblems, optionsMessage } from '../nest/module-options.js';

/** Options of `LalamoveTelemetryModule`. */
export interface LalamoveTelemetryModuleOptions {
  /**
   * Whether spans are made, and traces are stored with bookings and webhooks.
   *
   * @default true
   */
  traces?: boolean;
  /**
   * Whether metrics are recorded.
   *
   * @default true
   */
  metrics?: boolean;
  /**
   * Whether the gauges of deliveries are observed, which reads the database at each collection. They are the same in
   * all processes on one database: observe them in one.
   *
   * @default true
   */
  deliveryGauges?: boolean;
  /** @default the global one of `@opentelemetry/api` */
  tracerProvider?: TracerProvider;
  /** @default the global one of `@opentelemetry/api` */
  meterProvider?: MeterProvider;
}

/** Injection token of the checked options; not provided if the module is imported without `forRoot`. */
export const TELEMETRY_OPTIONS = 'nestjs-lalamove:telemetry:options';

/** Thrown at boot for wrong options. The message lists every problem. */
export class LalamoveTelemetryOptionsException extends Error {
  override readonly name = 'LalamoveTelemetryOptionsException';

  /** @param problems one sentence each */
  constructor(readonly problems: readonly string[]) {
    super(optionsMessage('LalamoveTelemetryModule', problems));
  }
}

const FLAG = { holds: isBoolean, remedy: 'must be true or false' };

const CHECKS: OptionChecks<keyof LalamoveTelemetryModuleOptions> = {
  traces: FLAG,
  metrics: FLAG,
  deliveryGauges: FLAG,
  tracerProvider: { holds: hasMethods('getTracer'), remedy: 'must be a TracerProvider of OpenTelemetry' },
  meterProvider: { holds: hasMethods('getMeter'), remedy: 'must be a MeterProvider of OpenTelemetry' },
};

/** @throws LalamoveTelemetryOptionsException that lists every problem */
export function assertTelemetryOptions(options: unknown): asserts options is LalamoveTelemetryModuleOptions {
  const problems = moduleOptionProblems(options, CHECKS);
  if (problems.length > 0) throw new LalamoveTelemetryOptionsException(problems);
}
