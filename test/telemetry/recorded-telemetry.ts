import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';

/** A value of a metric: a number, or the count of a histogram. */
export interface Recorded {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: unknown;
}

/** OpenTelemetry's SDK, registered globally, with exporters in memory. */
export class RecordedTelemetry {
  readonly #spans = new InMemorySpanExporter();
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #reader = new PeriodicExportingMetricReader({
    exporter: this.#metrics,
    exportIntervalMillis: 3_600_000,
    exportTimeoutMillis: 60_000,
  });
  readonly #traces = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#spans)] });
  readonly #meters = new MeterProvider({ readers: [this.#reader] });

  constructor() {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(this.#traces);
    metrics.setGlobalMeterProvider(this.#meters);
  }

  /** The ended spans, by name if one is given. */
  spans(name?: string): ReadableSpan[] {
    const all = this.#spans.getFinishedSpans();
    return name === undefined ? all : all.filter((span) => span.name === name);
  }

  /** Collects all metrics: the values of each, by name. */
  async collect(): Promise<Map<string, Recorded[]>> {
    this.#metrics.reset();
    await this.#reader.forceFlush();
    const found = this.#metrics
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    return new Map(
      found.map(({ descriptor, dataPoints }) => [
        descriptor.name,
        dataPoints.map(({ attributes, value }) => ({ attributes, value })),
      ]),
    );
  }

  /** Everything that was recorded, as text. */
  async text(): Promise<string> {
    const spans = this.spans().map(({ name, attributes, events, status, links }) => ({
      name,
      attributes,
      events,
      status,
      links,
    }));
    return JSON.stringify([spans, [...(await this.collect())]]);
  }

  async stop(): Promise<void> {
    trace.disable();
    metrics.disable();
    context.disable();
    await this.#traces.shutdown();
    await this.#meters.shutdown();
  }
}
