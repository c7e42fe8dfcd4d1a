import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  getLalamoveToken,
  LalamoveModule,
  LalamoveService,
  OnLalamoveEvent,
  type OrderStatusChangedEvent,
} from 'nestjs-lalamove';
import { DeliveriesModule, DeliveriesService, OnDelivery } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox, SandboxClock } from 'nestjs-lalamove/sandbox';
import { buildEvent, buildWebhook, LalamoveTestingModule, untilState } from 'nestjs-lalamove/testing';
import { PLATFORMS, type Platform } from '../support/host-app.js';
import { booked, QUOTATION } from '../support/inputs.js';
import { bookingOf } from '../support/sample-booking.js';
import { until } from '../support/until.js';

@Injectable()
class Tracking {
  readonly statuses: string[] = [];
  readonly ended: string[] = [];

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  onStatus({ status }: OrderStatusChangedEvent): void {
    this.statuses.push(status);
  }

  @OnDelivery('completed')
  onEnd({ reference }: { reference: string }): void {
    this.ended.push(reference);
  }
}

const BANGKOK = [
  { coordinates: { lat: '13.7466', lng: '100.5393' }, address: 'Siam' },
  { coordinates: { lat: '13.7563', lng: '100.5018' }, address: 'Phra Nakhon' },
];

const SAMPLE = bookingOf('A-1');

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

describe('LalamoveTestingModule.forRoot', () => {
  it('gives a class its LalamoveService, the sandbox behind it, and the clock of both', async () => {
    const module = await compiled([LalamoveTestingModule.forRoot({ drivers: 'prompt' })]);
    const lalamove = module.get(LalamoveService);
    const sandbox = module.get(LalamoveSandbox);
    const { orderId } = await booked(lalamove);
    await module.get(SandboxClock).advance('2h');
    expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'COMPLETED' });
    expect(sandbox.clock).toBe(module.get(SandboxClock));
    expect(sandbox.requests.map(({ verdict }) => verdict)).toEqual(['right', 'right', 'right']);
  });

  it('stops the sandbox when the module closes, also if it was never initialized', async () => {
    const module = await Test.createTestingModule({ imports: [LalamoveTestingModule.forRoot()] }).compile();
    const { url } = module.get(LalamoveSandbox);
    expect((await fetch(`${url}/v3/cities`)).status).toBe(401);
    await module.close();
    await expect(fetch(`${url}/v3/cities`)).rejects.toThrow();
  });

  it('has no rate limits unless they are asked for', async () => {
    const free = await compiled([LalamoveTestingModule.forRoot()]);
    expect(await free.get(LalamoveSandbox).control.info()).toMatchObject({ rateLimits: false });
    // More than 30 a minute: the client has no limit either.
    const quoted = Array.from({ length: 40 }, () => free.get(LalamoveService).createQuotation(QUOTATION));
    expect(await Promise.all(quoted)).toHaveLength(40);
    const limited = await compiled([LalamoveTestingModule.forRoot({ rateLimits: 'sandbox' })]);
    expect(await limited.get(LalamoveSandbox).control.info()).toMatchObject({ rateLimits: 'sandbox' });
    const started = performance.now();
    for (let order = 0; order < 4; order += 1) await booked(limited.get(LalamoveService));
    expect(performance.now() - started).toBeGreaterThan(900);
  });

  it('takes options of the sandbox and of the account, and a clock that stands still', async () => {
    const clock = new SandboxClock({ speed: 0, startAt: '2026-12-01T08:00:00Z' });
    const options = {
      clock,
      seed: 7,
      market: 'TH',
      account: { name: 'thailand', errors: { status: 'gateway' as const } },
    };
    const module = await compiled([LalamoveTestingModule.forRoot(options)]);
    const lalamove = module.get<LalamoveService>(getLalamoveToken('thailand'));
    expect((await lalamove.getCities()).map(({ locode }) => locode.slice(0, 2))).toContain('TH');
    expect(module.get(LalamoveSandbox).requests).toMatchObject([
      { headers: { market: 'TH' }, apiKey: 'pk_test_sandbox' },
    ]);
    expect(await module.get(LalamoveSandbox).control.info()).toMatchObject({ seed: 7 });
    expect(clock.now()).toBe(Date.parse('2026-12-01T08:00:00Z'));
  });

  it('reports a wrong option of the sandbox', async () => {
    const options = { maxRejections: -1 };
    await expect(compiled([LalamoveTestingModule.forRoot(options)])).rejects.toThrow('maxRejections');
  });
});

describe.each(PLATFORMS)('webhooks of the sandbox on %s', (platform) => {
  it('reach the app once it listens, below its global prefix', async () => {
    const testing = LalamoveTestingModule.forRoot({ drivers: 'prompt', webhook: { path: 'webhooks/lalamove' } });
    const app = await listening(platform, [testing], (it) => it.setGlobalPrefix('api'));
    await booked(app.get(LalamoveService));
    await app.get(LalamoveSandbox).advance('2h');
    expect(app.get(Tracking).statuses).toEqual(['ASSIGNING_DRIVER', 'ON_GOING', 'PICKED_UP', 'COMPLETED']);
  });

  it('reach the app by the address on which it listens', async () => {
    const testing = LalamoveTestingModule.forRoot({ webhook: { path: 'hooks' } });
    const app = await listening(platform, [testing], undefined, '0.0.0.0');
    await booked(app.get(LalamoveService));
    await app.get(LalamoveSandbox).advance(0);
    expect(app.get(Tracking).statuses).toEqual(['ASSIGNING_DRIVER']);
  });

  it('move deliveries to their end', async () => {
    const webhook = { path: 'webhooks/lalamove' };
    const testing = LalamoveTestingModule.forRoot({ drivers: 'prompt', webhook, deliveries: true });
    const app = await listening(platform, [testing]);
    const deliveries = app.get(DeliveriesService);
    await deliveries.book(SAMPLE);
    const { orderId } = await untilState(deliveries, SAMPLE.reference, 'assigning');
    await app.get(LalamoveSandbox).advance('2h');
    expect(await untilState(deliveries, SAMPLE.reference, 'completed')).toMatchObject({ orderId });
    await until(() => app.get(Tracking).ended.length > 0);
    expect(app.get(Tracking).ended).toEqual([SAMPLE.reference]);
  });

  it('can be built by hand', async () => {
    const webhook = { path: 'webhooks/lalamove' };
    const app = await listening(platform, [LalamoveTestingModule.forRoot({ webhook })]);
    const { body, headers } = buildWebhook(buildEvent('ORDER_STATUS_CHANGED', { status: 'EXPIRED' }), webhook);
    const answer = await fetch(`${await app.getUrl()}/webhooks/lalamove`, { method: 'POST', body, headers });
    expect(answer.status).toBe(200);
    expect(app.get(Tracking).statuses).toEqual(['EXPIRED']);
  });
});

describe('modules beside LalamoveTestingModule', () => {
  it('use its sandbox, its clock and a database in memory, with options of their own', async () => {
    const account = { name: 'thailand', apiKey: 'pk_prod_real', apiSecret: 'sk_prod_real', market: 'TH' };
    const webhook = { path: 'webhooks/thailand' };
    const app = await listening('express', [
      LalamoveTestingModule.forRoot({ drivers: 'prompt', webhook: { path: 'webhooks/lalamove' } }),
      LalamoveModule.forRoot({ ...account, webhook }),
      DeliveriesModule.forRoot({ policy: { requote: false } }),
    ]);
    const deliveries = app.get(DeliveriesService);
    const bangkok = { serviceType: 'MOTORCYCLE', language: 'en_TH', stops: BANGKOK };
    const sender = { name: 'Shop', phone: '+6621234567' };
    const recipients = [{ name: 'Ada', phone: '+66812345678' }];
    await deliveries.book({ ...SAMPLE, account: 'thailand', quotation: bangkok, sender, recipients });
    await deliveries.book(SAMPLE);
    await untilState(deliveries, SAMPLE.reference, 'assigning', { account: 'thailand' });
    await untilState(deliveries, SAMPLE.reference, 'assigning');
    await app.get(LalamoveSandbox).advance('2h');
    await untilState(deliveries, SAMPLE.reference, 'completed', { account: 'thailand' });
    await untilState(deliveries, SAMPLE.reference, 'completed');
    const posted = app.get(LalamoveSandbox).requests.filter(({ operation }) => operation === 'placeOrder');
    expect(posted.map(({ headers, apiKey }) => `${headers.market} ${apiKey}`).sort()).toEqual([
      'HK pk_test_sandbox',
      'TH pk_test_sandbox_2',
    ]);
  });
});

async function compiled(
  imports: NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']>,
): Promise<TestingModule> {
  const module = await Test.createTestingModule({ imports }).compile();
  ends.push(() => module.close());
  return module;
}

async function listening(
  platform: Platform,
  imports: NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']>,
  prepare?: (app: INestApplication) => unknown,
  host = '127.0.0.1',
): Promise<INestApplication> {
  const module = await Test.createTestingModule({ imports, providers: [Tracking] }).compile();
  const app =
    platform === 'fastify' ? module.createNestApplication(new FastifyAdapter()) : module.createNestApplication();
  app.useLogger(false);
  prepare?.(app);
  await app.listen(0, host);
  ends.push(() => app.close());
  return app;
}
