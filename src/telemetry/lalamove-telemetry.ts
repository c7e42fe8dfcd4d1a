import { Inject, Injectable, Optional, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { metrics, trace, type Meter, type Tracer } from '@opentelemetry/api';
import { CALL_LISTENERS, type CallListeners } from '../client/call-listeners.js';
import type { LalamoveHooks } from '../client/call-hooks.js';
import { DeliveryTransactions } from '../deliveries/application/delivery-transactions.js';
import { DeliveriesService } from '../deliveries/deliveries.service.js';
import { WORK_TRACING, type WorkTracing } from '../internal/work-tracing.js';
import { foundIn } from '../nest/found-in.js';
import { callMetrics } from './call-metrics.js';
import { callSpans } from './call-spans.js';
import { countDeliveries } from './delivery-counters.js';
import { observeDeliveries } from './delivery-gauges.js';
import { quietly } from './quietly.js';
import { TELEMETRY_OPTIONS, type LalamoveTelemetryModuleOptions } from './lalamove-telemetry.options.js';
import { webhookMetrics } from './webhook-metrics.js';
import { WorkSpans } from './work-spans.js';

/** The name of the instrumentation scope. */
const SCOPE = 'nestjs-lalamove';

/** Connects the app's calls, webhooks and deliveries with OpenTelemetry, from its start to its end. */
@Injectable()
export class LalamoveTelemetry implements OnModuleInit, OnModuleDestroy {
  readonly #ends: (() => void)[] = [];

  constructor(
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Optional() @Inject(TELEMETRY_OPTIONS) private readonly options: LalamoveTelemetryModuleOptions = {},
  ) {}

  onModuleInit(): void {
    const { tracerProvider, meterProvider } = this.options;
    const { traces = true, metrics: isMeasured = true } = this.options;
    const tracer = traces ? quietly(() => (tracerProvider ?? trace).getTracer(SCOPE)) : undefined;
    const meter = isMeasured ? quietly(() => (meterProvider ?? metrics).getMeter(SCOPE)) : undefined;
    this.#listenToCalls(tracer, meter);
    this.#traceWork(tracer, meter);
    if (meter) this.#measureDeliveries(meter);
  }

  onModuleDestroy(): void {
    for (const end of this.#ends.splice(0)) quietly(end);
  }

  #listenToCalls(tracer: Tracer | undefined, meter: Meter | undefined): void {
    const listeners = foundIn<CallListeners>(this.moduleRef, CALL_LISTENERS);
    if (!listeners) return;
    const hooks: (LalamoveHooks | undefined)[] = [
      tracer && callSpans(tracer),
      meter && quietly(() => callMetrics(meter)),
    ];
    for (const each of hooks) {
      if (!each) continue;
      listeners.add(each);
      this.#ends.push(() => listeners.delete(each));
    }
  }

  #traceWork(tracer: Tracer | undefined, meter: Meter | undefined): void {
    const tracing = foundIn<WorkTracing>(this.moduleRef, WORK_TRACING);
    if (!tracing) return;
    tracing.tracer = new WorkSpans(tracer, meter && quietly(() => webhookMetrics(meter)));
    this.#ends.push(() => {
      tracing.tracer = undefined;
    });
  }

  #measureDeliveries(meter: Meter): void {
    const transactions = foundIn(this.moduleRef, DeliveryTransactions);
    const deliveries = foundIn(this.moduleRef, DeliveriesService);
    if (transactions) quietly(() => this.#ends.push(countDeliveries(meter, transactions.committed)));
    if (deliveries && this.options.deliveryGauges !== false) {
      quietly(() => this.#ends.push(observeDeliveries(meter, deliveries)));
    }
  }
}
