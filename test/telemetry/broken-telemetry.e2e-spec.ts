import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { context, diag, DiagLogLevel, type MeterProvider, type Tracer, type TracerProvider } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { LalamoveService } from 'nestjs-lalamove';
import { LalamoveTelemetryModule, type LalamoveTelemetryModuleOptions } from 'nestjs-lalamove/telemetry';
import { DeliveriesHost } from '../deliveries/deliveries-host.js';
import { QUOTATION } from '../support/inputs.js';
import { bookingOf } from '../support/sample-booking.js';

const broken = (): never => {
  throw new Error('The exporter is broken.');
};

/** A processor of a host that throws, in the SDK itself. */
function tracesWith(processor: Partial<SpanProcessor>): TracerProvider {
  const whole: SpanProcessor = {
    onStart: () => undefined,
    onEnd: () => undefined,
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
    ...processor,
  };
  return new BasicTracerProvider({ spanProcessors: [whole] });
}

const tracer: Tracer = { startSpan: broken, startActiveSpan: broken };
const instrument = { add: broken, record: broken, addCallback: broken, removeCallback: broken };
const meter = {
  createCounter: () => instrument,
  createHistogram: () => instrument,
  createGauge: () => instrument,
  createUpDownCounter: () => instrument,
  createObservableGauge: () => instrument,
  createObservableCounter: () => instrument,
  createObservableUpDownCounter: () => instrument,
  addBatchObservableCallback: broken,
  removeBatchObservableCallback: broken,
};
const meterProvider: MeterProvider = { getMeter: () => meter };

describe('OpenTelemetry that throws', () => {
  let host: DeliveriesHost | undefined;
  const reported: unknown[] = [];
  const note = (...args: unknown[]): void => void reported.push(args);

  beforeEach(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const silent = (): void => undefined;
    const logger = { error: note, warn: silent, info: silent, debug: silent, verbose: silent };
    diag.setLogger(logger, { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true });
    reported.length = 0;
  });

  afterEach(async () => {
    await host?.stop();
    host = undefined;
    context.disable();
    diag.disable();
  });

  it.each<[string, LalamoveTelemetryModuleOptions]>([
    ['a tracer', { tracerProvider: { getTracer: () => tracer } }],
    ['a processor at the start of spans', { tracerProvider: tracesWith({ onStart: broken }) }],
    ['a processor at the end of spans', { tracerProvider: tracesWith({ onEnd: broken }) }],
    ['the provider of tracers', { tracerProvider: { getTracer: broken } }],
    ['the provider of meters', { meterProvider: { getMeter: broken } }],
    ['the metrics', { meterProvider }],
  ])('breaks no call, no booking and no webhook: %s', async (_, options) => {
    host = await DeliveriesHost.start({ more: { imports: [LalamoveTelemetryModule.forRoot(options)] } });
    const { app, deliveries, sandbox, clock } = host;
    expect(await app.get(LalamoveService).createQuotation(QUOTATION)).toHaveProperty('quotationId');
    expect(await deliveries.book(bookingOf('A-1'))).toMatchObject({ reference: 'A-1' });
    await host.settle();
    const { orderId = '', state } = await deliveries.get('A-1');
    expect(state).toBe('assigning');
    await clock.advance('1m');
    const { events } = await sandbox.control.webhooks();
    expect(events.length).toBeGreaterThan(0);
    expect(events.flatMap(({ attempts }) => attempts)).toEqual(
      events.map(() => expect.objectContaining({ status: 200 })),
    );
    expect(sandbox.ledgerFor({ reference: 'A-1' }).orderIds).toEqual([orderId]);
    // What is thrown in a timer or a microtask would end the process.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(reported.length).toBeGreaterThan(0);
  });
});
