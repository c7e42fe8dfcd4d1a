import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { LalamoveTelemetryModule } from 'nestjs-lalamove/telemetry';
import { METRICS } from '../../src/telemetry/metric-names.js';
import { DeliveriesHost } from '../deliveries/deliveries-host.js';
import { freePort } from '../support/free-port.js';
import { bookingOf } from '../support/sample-booking.js';

describe('Prometheus', () => {
  let exporter: PrometheusExporter;
  let meters: MeterProvider;
  let host: DeliveriesHost;
  let url: string;

  beforeEach(async () => {
    const port = await freePort();
    exporter = new PrometheusExporter({ host: '127.0.0.1', port, preventServerStart: true });
    await exporter.startServer();
    url = `http://127.0.0.1:${port}/metrics`;
    meters = new MeterProvider({ readers: [exporter] });
    metrics.setGlobalMeterProvider(meters);
    host = await DeliveriesHost.start({
      sandbox: { drivers: 'prompt' },
      more: { imports: [LalamoveTelemetryModule] },
    });
  });

  afterEach(async () => {
    await host.stop();
    metrics.disable();
    await meters.shutdown();
  });

  const scrape = async (): Promise<string> => (await fetch(url)).text();

  it('scrapes calls, webhooks and deliveries', async () => {
    await host.deliveries.book(bookingOf('A-1'));
    await host.clock.advance('3h');
    const text = await scrape();
    const value = (name: string, ...labels: string[]): number => {
      const line = text
        .split('\n')
        .find((each) => new RegExp(`^${name}(\\{| )`).test(each) && labels.every((label) => each.includes(label)));
      return Number(line?.split(' ').at(-1));
    };
    expect(value('http_client_request_duration_count', 'url_template="/v3/orders"', 'status_code="201"')).toBe(1);
    expect(value('http_client_request_duration_bucket', 'url_template="/v3/orders"', 'le="10"')).toBe(1);
    expect(value('lalamove_deliveries_booked_total')).toBe(1);
    expect(value('lalamove_deliveries_ended_total', 'lalamove_delivery_state="completed"')).toBe(1);
    expect(value('lalamove_deliveries_count', 'lalamove_delivery_state="completed"')).toBe(1);
    expect(value('lalamove_deliveries_oldest_due')).toBe(0);
    expect(value('lalamove_deliveries_outbox_lag')).toBe(0);
    const received = ['lalamove_webhook_event_type="ORDER_CREATED"', 'lalamove_webhook_receipt="new"'];
    expect(value('lalamove_webhooks_received_total', ...received)).toBe(1);
    expect(text).not.toMatch(/Ada|51234567|pk_test|sk_test|undefined/);
  });

  it('gets a gap, and the rest, while the database is away', async () => {
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    const { deliveries } = host;
    const metricsOf = deliveries.metrics.bind(deliveries);
    Object.assign(deliveries, { metrics: () => Promise.reject(new Error('The database is away.')) });
    const text = await scrape();
    expect(text).toContain('http_client_request_duration_count');
    expect(text).not.toContain('lalamove_deliveries_count{');
    Object.assign(deliveries, { metrics: metricsOf });
    expect(await scrape()).toContain('lalamove_deliveries_count{');
  });

  it('gets only names that the guide has', async () => {
    const names = new Set(Object.values(METRICS).map((name) => name.replaceAll('.', '_')));
    const scraped = [...(await scrape()).matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name);
    const ours = scraped.filter((name) => /^(lalamove|http)_/.test(name));
    expect(ours.length).toBeGreaterThan(3);
    expect(ours.filter((name) => !names.has(name.replace(/_total$/, '')))).toEqual([]);
  });
});
