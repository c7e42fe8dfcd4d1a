import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { sql } from 'kysely';
import { LalamoveService, OnLalamoveEvent, signWebhook } from 'nestjs-lalamove';
import { OnDelivery } from 'nestjs-lalamove/deliveries';
import { LalamoveTelemetryModule, type LalamoveTelemetryModuleOptions } from 'nestjs-lalamove/telemetry';
import { METRICS } from '../../src/telemetry/metric-names.js';
import { DeliveriesHost, type DeliveriesHostOptions } from '../deliveries/deliveries-host.js';
import { failureOf } from '../support/lalamove.js';
import { PLATFORMS } from '../support/host-app.js';
import { QUOTATION } from '../support/inputs.js';
import { bookingOf } from '../support/sample-booking.js';
import { RecordedTelemetry, type Recorded } from './recorded-telemetry.js';

@Injectable()
class Handlers {
  @OnDelivery('requested')
  fails(): never {
    throw new Error('Ada is not at home.');
  }

  @OnLalamoveEvent('*')
  onEvent(): void {
    // Only the event counts.
  }
}

let telemetry: RecordedTelemetry;
let host: DeliveriesHost;

beforeEach(() => {
  telemetry = new RecordedTelemetry();
});

afterEach(async () => {
  await host.stop();
  await telemetry.stop();
});

async function start(
  options: DeliveriesHostOptions = {},
  given: LalamoveTelemetryModuleOptions = {},
  providers: [] | [typeof Handlers] = [],
): Promise<void> {
  host = await DeliveriesHost.start({
    ...options,
    more: { imports: [LalamoveTelemetryModule.forRoot(given)], providers },
  });
}

/** Runs work in a span of the host's own, as an instrumentation of HTTP makes one. @returns its trace id */
async function inRequest(work: () => Promise<unknown>): Promise<string> {
  const span = trace.getTracer('host').startSpan('request');
  await context.with(trace.setSpan(context.active(), span), work);
  span.end();
  return span.spanContext().traceId;
}

const valuesOf = async (name: string): Promise<Recorded[]> => (await telemetry.collect()).get(name) ?? [];
const tracesLinkedTo = (span: { links: { context: { traceId: string } }[] } | undefined): string[] =>
  span?.links.map((link) => link.context.traceId) ?? [];

describe('a call', () => {
  it('is a client span by the conventions for HTTP, in the trace of its caller', async () => {
    await start({ webhooks: false });
    const traceId = await inRequest(() => host.app.get(LalamoveService).createQuotation(QUOTATION));
    const [span] = telemetry.spans('POST /v3/quotations');
    expect(span).toMatchObject({ kind: SpanKind.CLIENT, status: { code: SpanStatusCode.UNSET } });
    expect(span?.spanContext().traceId).toBe(traceId);
    expect(span?.attributes).toEqual({
      'http.request.method': 'POST',
      'http.response.status_code': 201,
      'lalamove.operation': 'createQuotation',
      'lalamove.request_id': expect.any(String),
      'lalamove.sent_request_id': expect.any(String),
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(host.sandbox.url).port),
      'url.scheme': 'http',
      'url.template': '/v3/quotations',
    });
    expect(await valuesOf(METRICS.requestDuration)).toEqual([
      {
        attributes: {
          'http.request.method': 'POST',
          'http.response.status_code': 201,
          'server.address': '127.0.0.1',
          'server.port': Number(new URL(host.sandbox.url).port),
          'url.scheme': 'http',
          'url.template': '/v3/quotations',
        },
        value: expect.objectContaining({ count: 1 }),
      },
    ]);
  });

  it('has a span for each attempt, with an event for the retry', async () => {
    await start({ webhooks: false, lalamove: { retry: { maxAttempts: 2, baseDelayMs: 1 }, clock: undefined } });
    host.sandbox.addFault({ call: 'getCities', answer: { status: 503, body: '' } });
    await host.app.get(LalamoveService).getCities();
    const [failed, repeated] = telemetry.spans('GET /v3/cities');
    expect(failed).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'LALAMOVE_SERVER_ERROR', 'http.response.status_code': 503 },
      events: [
        {
          name: 'lalamove.retry',
          attributes: {
            'lalamove.attempt': 2,
            'lalamove.delay_ms': expect.any(Number),
            'error.type': 'LALAMOVE_SERVER_ERROR',
          },
        },
      ],
    });
    expect(repeated?.attributes).toMatchObject({ 'http.request.resend_count': 1, 'http.response.status_code': 200 });
    expect(await valuesOf(METRICS.retries)).toEqual([
      { attributes: { 'lalamove.operation': 'getCities', 'error.type': 'LALAMOVE_SERVER_ERROR' }, value: 1 },
    ]);
  });

  it('has the template of its path, and not the id, in its name and its metrics', async () => {
    await start({ webhooks: false });
    await failureOf(host.app.get(LalamoveService).getOrder('3394517965935702476'));
    expect(telemetry.spans('GET /v3/orders/{orderId}')).toHaveLength(1);
    expect(JSON.stringify(await valuesOf(METRICS.requestDuration))).not.toContain('3394517965935702476');
  });

  it('records how long it waited for the rate limit', async () => {
    await start({ webhooks: false, lalamove: { rateLimit: { perMinute: { getCities: 40 } }, clock: undefined } });
    const lalamove = host.app.get(LalamoveService);
    await Promise.all(Array.from({ length: 39 }, () => lalamove.getCities()));
    const [waits] = await valuesOf(METRICS.rateLimitWait);
    expect(waits).toMatchObject({ attributes: { 'lalamove.operation': 'getCities' } });
    expect(Reflect.get(Object(waits?.value), 'count')).toBeGreaterThan(0);
  });
});

describe.each(PLATFORMS)('a delivery on %s', (platform) => {
  it('is worked on in traces that are linked to its booking and to its last webhook', async () => {
    await start({ platform, sandbox: { drivers: 'still' } });
    const booking = await inRequest(() => host.deliveries.book(bookingOf('A-1')));
    await host.settle();
    const [book] = telemetry.spans('lalamove.delivery.book');
    expect(book?.spanContext().traceId).toBe(booking);
    expect(book?.attributes).toEqual({ 'lalamove.delivery.reference': 'A-1' });
    const [work] = telemetry.spans('lalamove.delivery.work');
    expect(tracesLinkedTo(work)).toEqual([booking]);
    expect(work?.spanContext().traceId).not.toBe(booking);
    expect(work?.attributes).toEqual({ 'lalamove.delivery.reference': 'A-1', 'lalamove.delivery.state': 'assigning' });
    const calls = telemetry.spans().filter(({ kind, name }) => kind === SpanKind.CLIENT && !name.includes('webhook'));
    expect(calls.map(({ name }) => name)).toEqual(['POST /v3/quotations', 'POST /v3/orders']);
    for (const call of calls) expect(call.parentSpanContext?.spanId).toBe(work?.spanContext().spanId);
    // A poll long after the last webhook.
    await host.clock.advance('3h');
    const polled = telemetry.spans('lalamove.delivery.work').at(-1);
    const webhooks = telemetry.spans('lalamove.webhook.receive');
    const [first, last] = tracesLinkedTo(polled);
    expect(first).toBe(booking);
    expect(webhooks.map((span) => span.spanContext().traceId)).toContain(last);
  });

  it('is counted, and its figures are observed', async () => {
    await start({ platform, sandbox: { drivers: 'prompt' } });
    await host.deliveries.book(bookingOf('A-1'));
    await host.clock.advance('3h');
    host.sandbox.addFault({ call: 'placeOrder', work: 'skipped', answer: 'reset' });
    await host.deliveries.book(bookingOf('A-2'));
    await host.settle();
    expect(await valuesOf(METRICS.booked)).toEqual([{ attributes: {}, value: 1 }]);
    expect(await valuesOf(METRICS.ended)).toEqual([
      { attributes: { 'lalamove.delivery.state': 'completed' }, value: 1 },
    ]);
    expect(await valuesOf(METRICS.outcomesUnknown)).toEqual([{ attributes: {}, value: 1 }]);
    expect(await valuesOf(METRICS.unknownAttempts)).toEqual([{ attributes: {}, value: 1 }]);
    expect(await valuesOf(METRICS.count)).toContainEqual({
      attributes: { 'lalamove.delivery.state': 'completed' },
      value: 1,
    });
    await host.clock.advance('1h');
    expect(await valuesOf(METRICS.attentionNeeded)).toEqual([
      { attributes: { 'lalamove.delivery.reason': 'OUTCOME_UNKNOWN' }, value: 1 },
    ]);
    expect(await valuesOf(METRICS.oldestDue)).toEqual([{ attributes: {}, value: expect.any(Number) }]);
  });

  it('has its webhooks counted by type and receipt, and refusals by reason', async () => {
    await start({ platform, webhooks: false });
    const post = async (secret: string): Promise<number> => {
      const data = { order: { orderId: '1', status: 'COMPLETED' } };
      const { body, headers } = signWebhook({ path: '/webhooks/lalamove', data, secret, ...SIGNED(host) });
      return (await fetch(`${host.url}/webhooks/lalamove`, { method: 'POST', body, headers })).status;
    };
    const { apiSecret } = host.sandbox;
    expect([await post(apiSecret), await post(apiSecret), await post('sk_test_forged')]).toEqual([200, 200, 401]);
    const type = { 'lalamove.webhook.event_type': 'ORDER_STATUS_CHANGED' };
    expect(await valuesOf(METRICS.webhooksReceived)).toEqual([
      { attributes: { ...type, 'lalamove.webhook.receipt': 'new' }, value: 1 },
      { attributes: { ...type, 'lalamove.webhook.receipt': 'repeated' }, value: 1 },
    ]);
    expect(await valuesOf(METRICS.webhooksRejected)).toEqual([
      { attributes: { 'error.type': 'LALAMOVE_WEBHOOK_SIGNATURE' }, value: 1 },
    ]);
    const [, , refused] = telemetry.spans('lalamove.webhook.receive');
    expect(refused).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'LALAMOVE_WEBHOOK_SIGNATURE' },
    });
  });
});

describe('telemetry', () => {
  it('stores traces with the delivery and its webhooks, so that another process links to them', async () => {
    await start({ sandbox: { drivers: 'still' } });
    const booking = await inRequest(() => host.deliveries.book(bookingOf('A-1')));
    await host.settle();
    const { rows } = await sql<{ progress: string }>`select progress from deliveries`.execute(host.deliveries.database);
    const progress = rows[0]?.progress ?? '';
    expect(progress).toMatch(new RegExp(`"booking":"00-${booking}-[0-9a-f]{16}-01"`));
    expect(progress).toMatch(/"webhook":"00-[0-9a-f]{32}-[0-9a-f]{16}-01"/);
    const { rows: webhooks } = await sql<{ payload: string }>`
      select payload from delivery_events where source = 'webhook'`.execute(host.deliveries.database);
    expect(webhooks.length).toBeGreaterThan(0);
    for (const { payload } of webhooks) expect(payload).toMatch(/"trace":"00-[0-9a-f]{32}-/);
  });

  it('has no keys and no personal data in any attribute, event or metric', async () => {
    await start({ sandbox: { drivers: 'prompt' } }, {}, [Handlers]);
    await host.deliveries.book(bookingOf('A-1', { metadata: { note: 'gate code of Zoe' } }));
    await host.clock.advance('3h');
    await failureOf(
      host.app
        .get(LalamoveService)
        .forAccount({ ...KEYS, market: 'HK' })
        .getCities(),
    );
    const refused = host.deliveries.book(bookingOf('A-2', { recipients: [{ name: 'Grace', phone: 'not a phone' }] }));
    await failureOf(refused);
    const text = await telemetry.text();
    expect(text).toContain('lalamove.delivery.work');
    // Whole numbers, because random ids of traces and orders contain any four digits.
    expect(text).not.toMatch(/Ada|Grace|Shop|51234567|21234567|Victoria|Airport|Zoe|not a phone/);
    expect(text).not.toMatch(/pk_test|sk_test|hmac/);
  });

  it('ends with the app', async () => {
    await start({ webhooks: false });
    await host.app.close();
    const before = telemetry.spans().length;
    await host.app.get(LalamoveService).getCities();
    expect(telemetry.spans()).toHaveLength(before);
  });

  it('can leave out traces, or metrics', async () => {
    await start({ webhooks: false }, { traces: false, deliveryGauges: false });
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    expect(telemetry.spans()).toEqual([]);
    expect(await valuesOf(METRICS.requestDuration)).toHaveLength(2);
    expect(await valuesOf(METRICS.count)).toEqual([]);
    const { rows } = await sql<{ progress: string }>`select progress from deliveries`.execute(host.deliveries.database);
    expect(rows[0]?.progress).not.toContain('trace');
    await host.stop();
    await start({ webhooks: false }, { metrics: false });
    await host.app.get(LalamoveService).getCities();
    expect(telemetry.spans('GET /v3/cities')).toHaveLength(1);
  });

  it('refuses wrong options at once, with all problems', async () => {
    await start({ webhooks: false });
    const wrong: object = { traces: 'yes', meter: 1 };
    expect(() => LalamoveTelemetryModule.forRoot(wrong)).toThrow(/traces must be true or false[\s\S]*meter is not an/);
  });
});

describe('without an SDK', () => {
  it('nothing is recorded or stored, and everything works', async () => {
    await telemetry.stop();
    await start({ sandbox: { drivers: 'prompt' } });
    await host.deliveries.book(bookingOf('A-1'));
    await host.clock.advance('3h');
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'completed' });
    const { rows } = await sql<{ progress: string }>`select progress from deliveries`.execute(host.deliveries.database);
    expect(rows[0]?.progress).not.toContain('trace');
    expect(telemetry.spans()).toEqual([]);
  });
});

const KEYS = { apiKey: 'pk_test_stranger', apiSecret: 'sk_test_stranger' };

/** Signed at the time of the host's clock. */
const SIGNED = ({ sandbox, clock }: DeliveriesHost): { apiKey: string; timestamp: number; eventId: string } => ({
  apiKey: sandbox.apiKey,
  timestamp: Math.floor(clock.now() / 1000),
  eventId: '3f0c4b1e-6a55-4e55-9d0e-8d3f5a1a0001',
});
