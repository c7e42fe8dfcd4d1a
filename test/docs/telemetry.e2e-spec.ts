import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { context, metrics, trace } from '@opentelemetry/api';
import { Test } from '@nestjs/testing';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { LalamoveTelemetryModule } from 'nestjs-lalamove/telemetry';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { METRICS } from '../../src/telemetry/metric-names.js';
import { WORK_SPANS } from '../../src/telemetry/work-spans.js';
import { LalamoveService } from 'nestjs-lalamove';
import { freePort } from '../support/free-port.js';
import { read } from './fences.js';
import { namesOf, table } from './pages.js';

const PAGE = read('docs/guides/telemetry.md');

/** The texts in backticks of the first column of a table. */
const firstCells = (head: string): string[] =>
  table(PAGE, head).map(([first = '']) => /^`([^`]+)`/.exec(first)?.[1] ?? '');

describe('docs/guides/telemetry.md', () => {
  it('has every option', () => {
    const wrong: object = { nonsense: 1 };
    let message = '';
    try {
      LalamoveTelemetryModule.forRoot(wrong);
    } catch (error) {
      message = String(error);
    }
    const options = /the options are (.*)\./.exec(message)?.[1]?.split(', ') ?? [];
    expect(options.length).toBeGreaterThan(3);
    expect(namesOf(table(PAGE, 'option'))).toEqual(options);
  });

  it('has every metric and every span', () => {
    expect(firstCells('metric')).toEqual(Object.values(METRICS));
    expect(firstCells('span').slice(1).sort()).toEqual(Object.values(WORK_SPANS).sort());
  });

  it('has every attribute that the sources name', () => {
    const files = [
      'call-spans',
      'call-metrics',
      'webhook-metrics',
      'work-spans',
      'delivery-counters',
      'delivery-gauges',
    ];
    const sources = [
      ...files.map((name) => `src/telemetry/${name}.ts`),
      'src/client/call-hooks.ts',
      'src/webhooks/lalamove-webhooks.ts',
      'src/deliveries/application/delivery-worker.ts',
      'src/deliveries/application/delivery-commands.ts',
    ].map(read);
    const used = new Set(
      sources.flatMap((text) =>
        [...text.matchAll(/'((?:lalamove|http|url|server|error)\.[a-z_.]+)'/g)].map(([, name = '']) => name),
      ),
    );
    expect(used.size).toBeGreaterThan(15);
    expect([...used].filter((name) => !PAGE.includes(`\`${name}\``))).toEqual([]);
    expect(firstCells('attribute').filter((name) => !used.has(name))).toEqual([]);
  });
});

describe('the example of docs/guides/telemetry.md', () => {
  const folder = process.cwd();
  const environment = { ...process.env };
  let place: string;
  let sandbox: LalamoveSandbox;

  afterEach(async () => {
    for (const api of [trace, metrics, context]) api.disable();
    await sandbox.stop();
    process.env = { ...environment };
    process.chdir(folder);
    rmSync(place, { recursive: true });
    jest.restoreAllMocks();
  });

  it('traces and measures', async () => {
    place = mkdtempSync(join(tmpdir(), 'lalamove-docs-'));
    process.chdir(place);
    sandbox = await LalamoveSandbox.start();
    const printed = jest.spyOn(console, 'dir').mockImplementation(() => undefined);
    const port = await freePort();
    process.env.OTEL_EXPORTER_PROMETHEUS_PORT = String(port);
    const { exporter } = await import('./examples/telemetry/tracing.js');
    Object.assign(process.env, {
      LALAMOVE_API_KEY: sandbox.apiKey,
      LALAMOVE_API_SECRET: sandbox.apiSecret,
      LALAMOVE_MARKET: 'HK',
      LALAMOVE_BASE_URL: sandbox.url,
    });
    // Imported after the SDK, as `node --import` does.
    const { AppModule } = await import('./examples/telemetry/app.module.js');
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    await module.init();
    await module.get(LalamoveService).getCities();
    await new Promise((resolve) => setImmediate(resolve));
    const names = printed.mock.calls.map(([span]): unknown => Reflect.get(Object(span), 'name'));
    expect(names).toContain('GET /v3/cities');
    const scraped = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(scraped).toContain('url_template="/v3/cities"');
    await module.close();
    await exporter.shutdown();
  });
});
