import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Body,
  Catch,
  Controller,
  Get,
  HttpCode,
  Injectable,
  Post,
  Req,
  RequestMethod,
  VersioningType,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type INestApplication,
  type ModuleMetadata,
  type MiddlewareConsumer,
  type NestInterceptor,
  type NestMiddleware,
  type NestModule,
  type PipeTransform,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, LazyModuleLoader, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { LalamoveModule, OnLalamoveEvent, signWebhook, type LalamoveEvent } from 'nestjs-lalamove';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PLATFORMS, type Platform } from '../support/host-app.js';
import { KEYS } from '../support/lalamove.js';
import { until } from '../support/until.js';
import { consuming } from './consuming-middleware.js';
import {
  Ledger,
  LineLogger,
  MAKERS,
  oneAccount,
  send,
  startWebhookHost,
  STATUS_DATA,
  type WebhookHostOptions,
} from './webhook-host.js';

const THAI = { apiKey: 'pk_test_thai', apiSecret: 'sk_test_thai', market: 'TH', name: 'th' };
const JSON_TYPE = { 'content-type': 'application/json' };

/** A route of the host, beside the endpoint. */
@Controller({ path: 'echo', version: '1' })
class Echo {
  @Post()
  @HttpCode(200)
  echo(@Body() body: unknown, @Req() request: { rawBody?: Uint8Array }): unknown {
    return { body, raw: request.rawBody && Buffer.from(request.rawBody).toString() };
  }
}

@Injectable()
class TwoLedgers {
  readonly home: LalamoveEvent[] = [];
  readonly thai: LalamoveEvent[] = [];

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  onAll(event: LalamoveEvent): void {
    if (event.account === undefined) this.home.push(event);
  }

  @OnLalamoveEvent('*', { account: 'th' })
  onThai(event: LalamoveEvent): void {
    this.thai.push(event);
  }
}

interface Prefix {
  readonly name: string;
  readonly set: (app: INestApplication) => void;
  readonly home: string;
  readonly thai: string;
  readonly own: string;
}

const PREFIXES: readonly Prefix[] = [
  { name: 'no prefix', set: () => undefined, home: '/hooks/home', thai: '/hooks/th', own: '/' },
  {
    name: 'a global prefix',
    set: (app) => app.setGlobalPrefix('/api/shop/'),
    home: '/api/shop/hooks/home',
    thai: '/api/shop/hooks/th',
    own: '/api/shop/',
  },
  {
    name: 'a prefix that excludes one endpoint, and routes of other methods',
    set: (app) =>
      app.setGlobalPrefix('api', { exclude: ['hooks/th', { path: 'hooks/home', method: RequestMethod.GET }] }),
    home: '/api/hooks/home',
    thai: '/hooks/th',
    own: '/api/',
  },
];

interface Versioning {
  readonly name: string;
  readonly set: (app: INestApplication) => void;
  readonly own: string;
  readonly headers: Record<string, string>;
}

const VERSIONINGS: readonly Versioning[] = [
  { name: 'no versions', set: () => undefined, own: 'echo', headers: {} },
  {
    name: 'versions in URLs',
    set: (app) => app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
    own: 'v1/echo',
    headers: {},
  },
  {
    name: 'versions in a header',
    set: (app) => app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' }),
    own: 'echo',
    headers: { 'x-version': '1' },
  },
];

/** All combinations. The ways to create an app alternate. */
const GRID = PLATFORMS.flatMap((platform) =>
  [true, false].flatMap((rawBody) =>
    PREFIXES.flatMap((prefix) => VERSIONINGS.map((versioning) => ({ platform, rawBody, prefix, versioning }))),
  ),
).map((row, index) => ({ ...row, maker: MAKERS[index % MAKERS.length] }));

let app: INestApplication;
let url: string;

/** Starts the host of the test. */
async function start(...given: Parameters<typeof startWebhookHost>): Promise<void> {
  ({ app, url } = await startWebhookHost(...given));
}

afterEach(() => app.close());

describe('the endpoints of two accounts in one app', () => {
  it.each(GRID.map((row) => ({ ...row, by: row.prefix.name, of: row.versioning.name })))(
    'receive on $platform by $maker with rawBody $rawBody, $by and $of',
    async ({ platform, maker, rawBody, prefix, versioning }) => {
      const imports = [
        LalamoveModule.forRoot({ ...KEYS, webhook: { path: 'hooks/home' } }),
        LalamoveModule.forRoot({ ...THAI, webhook: { path: '/hooks/th/' } }),
      ];
      const prepare = (made: INestApplication): void => {
        prefix.set(made);
        versioning.set(made);
      };
      await start(platform, { imports, providers: [TwoLedgers], controllers: [Echo] }, { maker, rawBody, prepare });
      for (const [path, own, other] of [
        [prefix.home, KEYS, THAI],
        [prefix.thai, THAI, KEYS],
      ] as const) {
        const event = signWebhook({ secret: own.apiSecret, path, data: STATUS_DATA });
        const foreign = signWebhook({ secret: other.apiSecret, path, data: STATUS_DATA });
        for (const [webhook, status] of [
          [event, 200],
          [event, 200],
          [foreign, 401],
        ] as const) {
          expect((await send(url + path, webhook.body, { headers: webhook.headers })).status).toBe(status);
        }
        expect(await send(url + path, '', { headers: JSON_TYPE })).toMatchObject({ status: 200 });
        expect(await send(url + path, '')).toMatchObject({ status: 200 });
      }
      const ledger = app.get(TwoLedgers);
      await until(() => ledger.home.length > 0 && ledger.thai.length > 0);
      expect([ledger.home.length, ledger.thai.length]).toEqual([1, 1]);
      const text = '{ "a" : [1] }';
      const headers = { ...JSON_TYPE, ...versioning.headers };
      const own = await send(`${url}${prefix.own}${versioning.own}`, text, { headers });
      expect(JSON.parse(own.text)).toEqual({ body: { a: [1] }, ...(rawBody && { raw: text }) });
    },
  );
});

@Injectable()
class DenyingGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Injectable()
class ThrowingInterceptor implements NestInterceptor {
  intercept(): never {
    throw new Error('This interceptor throws.');
  }
}

@Injectable()
class ThrowingPipe implements PipeTransform {
  transform(): never {
    throw new Error('This pipe throws.');
  }
}

@Catch()
class FiveHundredFilter implements ExceptionFilter {
  catch(_: unknown, host: ArgumentsHost): void {
    const response: ServerResponse | { raw: ServerResponse } = host.switchToHttp().getResponse();
    const raw = 'raw' in response ? response.raw : response;
    raw.writeHead(500).end('{}');
  }
}

class ConsumingMiddleware implements NestMiddleware {
  use = consuming();
}

class ConsumingModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(ConsumingMiddleware).forRoutes('{*path}');
  }
}

class RefusingMiddleware implements NestMiddleware {
  use(_: IncomingMessage, response: ServerResponse): void {
    response.writeHead(403).end();
  }
}

class RefusingModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(RefusingMiddleware).forRoutes('{*path}');
  }
}

@Controller()
class Everything {
  @Get('*')
  get(): string {
    return 'everything';
  }

  @Post('*')
  @HttpCode(418)
  post(): string {
    return 'everything';
  }
}

const INTERFERING: readonly [string, ModuleMetadata, WebhookHostOptions][] = [
  ['guard that refuses', { providers: [{ provide: APP_GUARD, useClass: DenyingGuard }] }, {}],
  ['interceptor that throws', { providers: [{ provide: APP_INTERCEPTOR, useClass: ThrowingInterceptor }] }, {}],
  ['pipe that throws', { providers: [{ provide: APP_PIPE, useClass: ThrowingPipe }] }, {}],
  ['filter that answers 500', { providers: [{ provide: APP_FILTER, useClass: FiveHundredFilter }] }, {}],
  [
    'guard, interceptor, pipe and filter of the app itself',
    {},
    {
      prepare: (made) => {
        made.useGlobalGuards(new DenyingGuard());
        made.useGlobalInterceptors(new ThrowingInterceptor());
        made.useGlobalPipes(new ThrowingPipe());
        made.useGlobalFilters(new FiveHundredFilter());
      },
    },
  ],
  ['middleware of a module that reads the body', { imports: [ConsumingModule] }, {}],
  ['middleware of a module that refuses everything', { imports: [RefusingModule] }, {}],
  ['middleware of the app that reads the body', {}, { prepare: (made) => made.use(consuming()) }],
  ['route for all paths', { controllers: [Everything] }, {}],
  [
    'CORS for another origin',
    {},
    {
      prepare: (made) => {
        made.enableCors({ origin: 'https://shop.example' });
      },
    },
  ],
];

/** Content types that a sender may use. */
const TYPES: readonly Record<string, string>[] = [
  {},
  JSON_TYPE,
  { 'content-type': 'application/json; charset=utf-8' },
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/xml' },
  { 'content-type': 'application/x-www-form-urlencoded' },
  { 'content-type': 'multipart/form-data; boundary=x' },
  { 'content-type': 'multipart/form-data' },
  { 'content-type': 'application/octet-stream' },
  { 'content-type': 'no type at all' },
];

/** Sends an event and a probe with each content type. Each event must reach its handler once. */
async function expectReceived(types: readonly Record<string, string>[]): Promise<void> {
  const path = '/hooks';
  const { events } = app.get(Ledger);
  for (const [index, headers] of types.entries()) {
    const { body } = signWebhook({ secret: KEYS.apiSecret, path, data: { ...STATUS_DATA, index } });
    expect([headers, (await send(url + path, body, { headers })).status]).toEqual([headers, 200]);
    expect([headers, (await send(url + path, '', { headers })).status]).toEqual([headers, 200]);
  }
  await until(() => events.length >= types.length);
  expect(events.map(({ raw }) => raw.index).sort()).toEqual([...types.keys()]);
}

describe.each(PLATFORMS)('the endpoint on %s', (platform: Platform) => {
  it.each(INTERFERING.flatMap(([name, ...rest]) => MAKERS.map((maker) => [name, maker, ...rest] as const)))(
    'receives despite a %s, created by %s',
    async (_, maker, metadata, options) => {
      const { imports = [], providers = [] } = oneAccount();
      const all = {
        controllers: metadata.controllers ?? [],
        imports: [...imports, ...(metadata.imports ?? [])],
        providers: [...providers, ...(metadata.providers ?? [])],
      };
      await start(platform, all, { ...options, maker });
      await expectReceived([{}, JSON_TYPE]);
    },
  );

  it('receives while other body parsers of the app read the requests for their routes', async () => {
    const prepare = (made: INestApplication): void => {
      made.use(consuming((request, bytes) => Reflect.set(request, 'own', bytes.toString())));
      if (isExpress(made)) made.useBodyParser('text', { type: '*/*' });
    };
    await start(platform, oneAccount(), { prepare, rawBody: true });
    await expectReceived(TYPES);
  });

  it('does not answer on a path that only starts like its own', async () => {
    await start(platform, { ...oneAccount(), controllers: [Echo] });
    for (const path of ['/', '/hook', '/hooksy', '/hooks/more', '/other/hooks', '//hooks', '/hooks//']) {
      expect([path, (await send(url + path, '')).status]).toEqual([path, 404]);
    }
    expect(JSON.parse((await send(`${url}/echo`, '{"a":1}', { headers: JSON_TYPE })).text)).toEqual({ body: { a: 1 } });
  });

  it('answers with a trailing slash and with a query, whichever path was signed', async () => {
    await start(platform, oneAccount());
    const ledger = app.get(Ledger);
    for (const signed of ['/hooks', '/hooks/']) {
      for (const sent of ['/hooks', '/hooks/', '/hooks?a=1', '/hooks/?b']) {
        const { body } = signWebhook({ secret: KEYS.apiSecret, path: signed, data: { ...STATUS_DATA, signed, sent } });
        expect([signed, sent, (await send(url + sent, body)).status]).toEqual([signed, sent, 200]);
      }
    }
    await until(() => ledger.events.length >= 8);
    expect(ledger.events).toHaveLength(8);
  });

  it('reads a body that arrives in many chunks', async () => {
    await start(platform, oneAccount());
    const { body } = signWebhook({ secret: KEYS.apiSecret, path: '/hooks', data: { ...STATUS_DATA, word: '茶 🍵' } });
    const pieces = Array.from(Buffer.from(body), (byte) => Uint8Array.of(byte));
    expect((await send(`${url}/hooks`, pieces, { headers: JSON_TYPE })).status).toBe(200);
    const { events } = app.get(Ledger);
    await until(() => events.length > 0);
    expect(events[0]?.raw.word).toBe('茶 🍵');
  });
});

@Controller('hooks')
class OwnGet {
  @Get()
  get(): string {
    return 'mine';
  }
}

describe.each(PLATFORMS.flatMap((platform) => MAKERS.map((maker) => [platform, maker] as const)))(
  "the endpoint beside the host's own routes on %s by %s",
  (platform, maker) => {
    it('lets a route on the same path answer GET, and receives', async () => {
      await start(platform, { ...oneAccount(), controllers: [OwnGet] }, { maker });
      expect(await send(`${url}/hooks`, '', { method: 'GET' })).toMatchObject({ status: 200, text: 'mine' });
      expect(await send(`${url}/hooks`, '', { method: 'HEAD' })).toMatchObject({ status: 200 });
      await expectReceived([JSON_TYPE]);
    });

    it('lets a route for all paths answer GET', async () => {
      await start(platform, { ...oneAccount(), controllers: [Everything] }, { maker });
      expect(await send(`${url}/hooks`, '', { method: 'GET' })).toMatchObject({ status: 200, text: 'everything' });
    });

    it('lets the CORS of the app answer a preflight request', async () => {
      const headers = { origin: 'https://shop.example', 'access-control-request-method': 'POST' };
      const preflight = () => send(`${url}/hooks`, '', { method: 'OPTIONS', headers });
      await start(platform, oneAccount(), { maker });
      expect(await preflight()).toMatchObject({ status: 404 });
      await app.close();
      const prepare = (made: INestApplication): void => {
        made.enableCors({ origin: 'https://shop.example' });
      };
      await start(platform, oneAccount(), { maker, prepare });
      expect(await preflight()).toMatchObject({
        status: 204,
        headers: { 'access-control-allow-origin': 'https://shop.example' },
      });
    });
  },
);

describe.each(PLATFORMS)('an endpoint that cannot be mounted, on %s', (platform) => {
  it('is reported in an app without an HTTP adapter', async () => {
    const logger = new LineLogger();
    await start(platform, {});
    const context = await NestFactory.createApplicationContext(
      LalamoveModule.forRoot({ ...KEYS, webhook: { path: 'hooks' } }),
      { logger },
    );
    await context.close();
    expect(logger.of('warn')).toEqual([expect.stringMatching(/no HTTP adapter.*path=hooks\)/)]);
  });

  it('is reported if the module is loaded lazily', async () => {
    const logger = new LineLogger();
    await start(platform, {}, { logger });
    const lalamove = LalamoveModule.forRoot({ ...KEYS, webhook: { path: 'hooks' } });
    await app.get(LazyModuleLoader).load(() => lalamove);
    expect(logger.of('warn')).toEqual([expect.stringMatching(/loaded after the app had started.*path=hooks\)/)]);
  });
});

function isExpress(made: INestApplication): made is NestExpressApplication {
  return made.getHttpAdapter().getType() === 'express';
}
