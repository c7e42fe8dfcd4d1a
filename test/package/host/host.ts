import 'reflect-metadata';
import {
  Body,
  Controller,
  Get,
  Injectable,
  Module,
  Param,
  Post,
  Res,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type INestApplication,
  type MiddlewareConsumer,
  type NestInterceptor,
  type NestModule,
} from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  createLalamoveException,
  CreateQuotationDto,
  LalamoveModule,
  LalamoveService,
  OnLalamoveEvent,
  PlaceOrderDto,
  signWebhook,
  type Order,
  type OrderStatusChangedEvent,
  type Quotation,
} from 'nestjs-lalamove';
import * as core from 'nestjs-lalamove';
import * as deliveries from 'nestjs-lalamove/deliveries';
import { DeliveriesModule, DeliveriesService } from 'nestjs-lalamove/deliveries';
import * as redis from 'nestjs-lalamove/redis';
import * as sandbox from 'nestjs-lalamove/sandbox';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import type { Observable } from 'rxjs';

/** A host as a user would write it, built from the packed tarball by the host's own compiler. */
@Controller()
class HostController {
  constructor(private readonly lalamove: LalamoveService) {}

  @Post('quotes')
  quote(@Body() quotation: CreateQuotationDto): Promise<Quotation> {
    return this.lalamove.createQuotation(quotation);
  }

  @Post('orders')
  order(@Body() order: PlaceOrderDto): Promise<Order> {
    return this.lalamove.placeOrder(order);
  }

  @Get('orders/:orderId')
  track(@Param('orderId') orderId: string): Promise<Order> {
    return this.lalamove.getOrder(orderId);
  }

  @Get('half')
  half(@Res() response: ServerResponse & { raw?: ServerResponse }): never {
    (response.raw ?? response).write('half an answer');
    throw createLalamoveException('ERR_ORDER_NOT_FOUND');
  }

  @Get('limited')
  limited(): string {
    return 'never reached';
  }
}

/** Has what it needs injected, as an enhancer of Nest's. */
@Injectable()
class Witness implements NestInterceptor {
  constructor(private readonly lalamove: LalamoveService) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    assert.ok(this.lalamove instanceof LalamoveService);
    Tracking.contexts.push(context.getType<string>());
    return next.handle();
  }
}

@Injectable()
class Tracking {
  /** Of all hosts of this process. */
  static readonly contexts: string[] = [];
  static readonly statuses: string[] = [];

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  @UseInterceptors(Witness)
  onStatus({ orderId, status, occurredAt }: OrderStatusChangedEvent): void {
    Tracking.statuses.push(`${orderId} ${status} ${occurredAt}`);
  }
}

@Module({})
class HostModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply(() => {
        throw createLalamoveException('LALAMOVE_RATE_LIMITED', { retryAfterSeconds: 7 });
      })
      .forRoutes('limited');
  }
}

const QUOTATION: CreateQuotationDto = {
  serviceType: 'MOTORCYCLE',
  language: 'en_HK',
  stops: [{ address: 'Victoria Peak' }, { address: 'Airport' }],
};

/** Runs the host on both platforms, in both formats; throws where an answer is not as documented. */
export async function checkHost(): Promise<void> {
  checkNames();
  for (const platform of ['express', 'fastify'] as const) {
    await checkTestingModule(platform);
    for (const format of ['nest', 'problem'] as const) {
      const sandbox = await LalamoveSandbox.start();
      const app = await startHost(platform, format, sandbox);
      try {
        checkNamesInNest(app.get(ModulesContainer));
        await checkDelivery(await app.getUrl());
        await checkErrors(await app.getUrl(), format);
        await checkWebhooks(await app.getUrl(), sandbox);
        await checkBooking(app.get(DeliveriesService), sandbox);
      } finally {
        await app.close();
        await sandbox.stop();
      }
    }
  }
}

/** Nest's logs and Swagger's schemas show the names of classes. */
function checkNames(): void {
  for (const [name, exported] of [core, deliveries, redis, sandbox].flatMap((entry) =>
    Object.entries<unknown>(entry),
  )) {
    if (typeof exported === 'function') assert.equal(exported.name, name);
  }
}

/** A bundler that renames a class appends `$1` or a digit, or prepends `_`. */
function checkNamesInNest(modules: ModulesContainer): void {
  const classes = [...modules.values()].flatMap(({ metatype, providers, controllers }) => [
    metatype,
    ...[...providers.keys(), ...controllers.keys()].filter((token) => typeof token === 'function'),
  ]);
  for (const { name } of classes) assert.match(name, /^[A-Z][A-Za-z]+$/);
}

async function startHost(
  platform: 'express' | 'fastify',
  format: 'nest' | 'problem',
  sandbox: LalamoveSandbox,
): Promise<INestApplication> {
  const { apiKey, apiSecret, url: baseUrl } = sandbox;
  const webhook = { path: 'webhooks/lalamove' };
  const lalamove = LalamoveModule.forRoot({ apiKey, apiSecret, market: 'HK', baseUrl, errors: { format }, webhook });
  const deliveries = DeliveriesModule.forRoot({ database: { file: ':memory:' } });
  const host = {
    module: HostModule,
    imports: [lalamove, deliveries],
    controllers: [HostController],
    providers: [Tracking],
  };
  const app =
    platform === 'fastify'
      ? await NestFactory.create(host, new FastifyAdapter(), { logger: false })
      : await NestFactory.create(host, { logger: false });
  await app.listen(0, '127.0.0.1');
  return app;
}

/** The testing module of early versions of Nest 11 gets its adapter late. */
async function checkTestingModule(platform: 'express' | 'fastify'): Promise<void> {
  const sandbox = await LalamoveSandbox.start();
  const { apiKey, apiSecret, url: baseUrl } = sandbox;
  const webhook = { path: 'webhooks/lalamove' };
  const lalamove = LalamoveModule.forRoot({ apiKey, apiSecret, market: 'HK', baseUrl, webhook });
  const compiled = await Test.createTestingModule({ imports: [lalamove], providers: [Tracking] }).compile();
  const app =
    platform === 'fastify'
      ? compiled.createNestApplication(new FastifyAdapter(), { logger: false })
      : compiled.createNestApplication({ logger: false });
  try {
    await app.listen(0, '127.0.0.1');
    await checkWebhooks(await app.getUrl(), sandbox);
  } finally {
    await app.close();
    await sandbox.stop();
  }
}

async function checkDelivery(url: string): Promise<void> {
  const quotation = (await post(`${url}/quotes`, QUOTATION)) as Quotation;
  const [from, to] = quotation.stops.map(({ stopId }) => stopId);
  const order = (await post(`${url}/orders`, {
    quotationId: quotation.quotationId,
    sender: { stopId: from, name: 'Shop', phone: '+85221234567' },
    recipients: [{ stopId: to, name: 'Ada', phone: '+85251234567' }],
  })) as Order;
  const tracked = (await (await fetch(`${url}/orders/${order.orderId}`)).json()) as Order;
  assert.equal(tracked.status, 'ASSIGNING_DRIVER');
}

async function checkBooking(deliveries: DeliveriesService, sandbox: LalamoveSandbox): Promise<void> {
  const delivery = {
    reference: 'A-1',
    quotation: QUOTATION,
    sender: { name: 'Shop', phone: '+85221234567' },
    recipients: [{ name: 'Ada', phone: '+85251234567' }],
    metadata: { reference: 'A-1' },
  };
  await Promise.all([deliveries.book(delivery), deliveries.book(delivery)]);
  for (let tries = 0; (await deliveries.get('A-1')).state !== 'assigning'; tries += 1) {
    assert.ok(tries < 500, 'the delivery is not booked');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal(sandbox.ledgerFor({ reference: 'A-1' }).orderIds.length, 1);
}

async function checkErrors(url: string, format: 'nest' | 'problem'): Promise<void> {
  const missing = await fetch(`${url}/orders/1`);
  assert.equal(missing.status, 404);
  assert.match(
    missing.headers.get('content-type') ?? '',
    format === 'problem' ? /^application\/problem\+json/ : /^application\/json/,
  );
  assert.equal(((await missing.json()) as { code: string }).code, 'ERR_ORDER_NOT_FOUND');

  const limited = await fetch(`${url}/limited`);
  assert.equal(limited.status, 429);
  assert.equal(limited.headers.get('retry-after'), '7');

  const invalid = await fetch(`${url}/quotes`, { method: 'POST' });
  assert.equal(invalid.status, 422);

  const half = await fetch(`${url}/half`, { signal: AbortSignal.timeout(2000) });
  assert.equal(await half.text(), 'half an answer');
}

/** The handler runs after the answer, once. */
async function checkWebhooks(url: string, { apiSecret: secret }: LalamoveSandbox): Promise<void> {
  const path = '/webhooks/lalamove';
  const order = { orderId: '1971050128063414342', status: 'COMPLETED', previousStatus: 'PICKED_UP' };
  const timestamp = Math.floor(Date.now() / 1000);
  const { body, headers } = signWebhook({ secret, path, data: { order }, timestamp });
  Tracking.statuses.length = 0;
  Tracking.contexts.length = 0;
  const send = async (text: string) => (await fetch(url + path, { method: 'POST', body: text, headers })).status;
  assert.deepEqual([await send(body), await send(body), await send('')], [200, 200, 200]);
  assert.equal(await send(body.replace('COMPLETED', 'CANCELED')), 401);
  assert.equal((await fetch(url + path)).status, 200);
  assert.equal((await fetch(url + path, { method: 'PUT' })).status, 405);
  while (Tracking.statuses.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const occurredAt = new Date(timestamp * 1000).toISOString();
  assert.deepEqual(Tracking.statuses, [`1971050128063414342 COMPLETED ${occurredAt}`]);
  assert.deepEqual(Tracking.contexts, ['lalamove']);
}

async function post(url: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.equal(response.status, 201);
  return response.json();
}
