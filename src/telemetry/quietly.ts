import { diag } from '@opentelemetry/api';
import { wordsOf } from '../internal/log-line.js';

/**
 * Uses OpenTelemetry. If that throws, for example in a sampler or a span processor of the host, OpenTelemetry's own
 * logger reports it, and the call, the webhook or the booking goes on.
 *
 * @returns `undefined` if it has thrown
 */
export function quietly<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch (error) {
    diag.error(`nestjs-lalamove: OpenTelemetry threw: ${wordsOf(error)}`);
    return undefined;
  }
}
