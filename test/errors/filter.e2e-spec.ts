import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HttpModule, HttpService } from '@nestjs/axios';
import {
  Catch,
  Controller,
  Get,
  HttpException,
  Injectable,
  Module,
  Query,
  Res,
  UseFilters,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type INestApplication,
  type LoggerService,
  type MiddlewareConsumer,
  type ModuleMetadata,
  type NestModule,
} from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import type { ServerResponse } from 'node:http';
import { firstValueFrom } from 'rxjs';
import {
  createLalamoveException,
  InjectLalamove,
  LalamoveException,
  LalamoveExceptionFilter,
  LalamoveModule,
  LalamoveService,
  type LalamoveErrorCode,
} from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { PLATFORMS, request, startHost } from '../support/host-app.js';

/** A consumer's view of any code. */
@Controller()
class ThrowingController {
  @Get('throw')
  fail(@Query('code') code: LalamoveErrorCode): never {
    throw createLalamoveException(code, { requestId: 'r-1' });
  }

  @Get('other')
  other(): never {
    throw new HttpException('a host’s own', 418);
  }
}

@Controller()
class OrdersController {
  constructor(private readonly lalamove: LalamoveService) {}

  @Get('order')
  order(): Promise<unknown> {
    return this.lalamove.getOrder('1');
  }
}

/** A host's own calls, past LalamoveService. */
@Controller()
class RawController {
  constructor(private readonly http: HttpService) {}

  @Get('raw')
  async raw(@Query() { url, method = 'get', timeout = '1000' }: Record<string, string>): Promise<unknown> {
    const headers = { Authorization: 'hmac pk_test_raw:1655319070446:abcdef' };
    return (await firstValueFrom(this.http.request({ url, method, headers, timeout: Number(timeout) }))).data;
  }
}

/** Answers everything it catches with a mark of its own. */
@Catch(HttpException)
class HostFilter implements ExceptionFilter {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: HttpException, host: ArgumentsHost): void {
    const body = { by: 'host', status: error.getStatus(), response: error.getResponse() };
    this.adapterHost.httpAdapter.reply(host.switchToHttp().getResponse(), body, error.getStatus());
  }
}

/** A logger that keeps what it is told at error level. */
function recordingLogger(): { logger: LoggerService; logged: unknown[] } {
  const logged: unknown[] = [];
  const logger = { error: (line: unknown) => logged.push(line), log: () => undefined, warn: () => undefined };
  return { logger, logged };
}

describe.each(PLATFORMS)('LalamoveExceptionFilter on %s', (platform) => {
  let sandbox: LalamoveSandbox;
  let app: INestApplication | undefined;

  beforeEach(async () => {
    sandbox = await LalamoveSandbox.start();
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    await sandbox.stop();
  });

  async function start(metadata: ModuleMetadata, prepare?: (app: INestApplication) => void): Promise<string> {
    const host = await startHost(platform, metadata, prepare);
    app = host.app;
    return host.url;
  }

  const gateway = { errors: { status: 'gateway' } } as const;

  it('leaves other exceptions to Nest', async () => {
    const url = await start({
      imports: [LalamoveModule.forRoot(accountOn(sandbox))],
      controllers: [ThrowingController],
    });
    expect((await request('GET', `${url}/other`)).body).toEqual({ statusCode: 418, message: 'a host’s own' });
  });

  it.each([
    ['synchronous', LalamoveModule.forRoot.bind(LalamoveModule)],
    [
      'asynchronous',
      (options: object) => LalamoveModule.forRootAsync({ useFactory: () => Promise.resolve(options as never) }),
    ],
  ])('switched off under %s options, still answers right by being an HttpException', async (_, register) => {
    const options = accountOn(sandbox, { errors: { filter: false, status: 'gateway' } });
    const url = await start({ imports: [register(options)], controllers: [OrdersController] });
    sandbox.respondNext({ code: 'ERR_INSUFFICIENT_CREDIT', headers: { 'request-id': 'r-1' } });
    expect(await request('GET', `${url}/order`)).toMatchObject({
      status: 503,
      body: {
        statusCode: 503,
        error: 'Service Unavailable',
        code: 'LALAMOVE_UNAVAILABLE',
        errors: [],
        requestId: 'r-1',
      },
    });
    sandbox.respondNext({ code: 'ERR_ORDER_NOT_FOUND' });
    expect(await request('GET', `${url}/order`)).toMatchObject({ status: 404, body: { code: 'ERR_ORDER_NOT_FOUND' } });
  });

  it('switched off, leaves its exceptions to the host’s own filter', async () => {
    const options = accountOn(sandbox, { errors: { filter: false } });
    const providers = [{ provide: APP_FILTER, useClass: HostFilter }];
    const url = await start({ imports: [LalamoveModule.forRoot(options)], controllers: [OrdersController], providers });
    expect((await request('GET', `${url}/order`)).body).toMatchObject({
      by: 'host',
      status: 404,
      response: { code: 'ERR_ORDER_NOT_FOUND' },
    });
  });

  it('wins over an APP_FILTER of the host, which keeps everything else', async () => {
    const providers = [{ provide: APP_FILTER, useClass: HostFilter }];
    const metadata = {
      imports: [LalamoveModule.forRoot(accountOn(sandbox))],
      controllers: [OrdersController, ThrowingController],
      providers,
    };
    const url = await start(metadata);
    expect((await request('GET', `${url}/order`)).body).toMatchObject({ statusCode: 404, code: 'ERR_ORDER_NOT_FOUND' });
    expect((await request('GET', `${url}/other`)).body).toMatchObject({ by: 'host', status: 418 });
  });

  it('loses to useGlobalFilters, which gets the status that the policy says', async () => {
    const metadata = {
      imports: [LalamoveModule.forRoot(accountOn(sandbox, gateway))],
      controllers: [OrdersController],
    };
    const url = await start(metadata, (host) => host.useGlobalFilters(new HostFilter(host.get(HttpAdapterHost))));
    sandbox.respondNext({ code: 'ERR_INSUFFICIENT_CREDIT' });
    expect((await request('GET', `${url}/order`)).body).toMatchObject({ by: 'host', status: 503 });
  });

  it('loses to a catch-all of useGlobalFilters, which extends Nest’s own', async () => {
    @Catch()
    class CatchAll extends BaseExceptionFilter {}
    const metadata = { imports: [LalamoveModule.forRoot(accountOn(sandbox))], controllers: [OrdersController] };
    const url = await start(metadata, (host) => host.useGlobalFilters(new CatchAll(host.getHttpAdapter())));
    expect(await request('GET', `${url}/order`)).toMatchObject({ status: 404, body: { code: 'ERR_ORDER_NOT_FOUND' } });
  });

  it('can be bound where the host likes', async () => {
    @UseFilters(LalamoveExceptionFilter)
    @Controller('bound')
    class BoundController extends OrdersController {}
    Reflect.defineMetadata('design:paramtypes', [LalamoveService], BoundController);
    const options = accountOn(sandbox, { errors: { filter: false, format: 'problem' } });
    const url = await start({
      imports: [LalamoveModule.forRoot(options)],
      controllers: [BoundController, OrdersController],
    });
    expect((await request('GET', `${url}/bound/order`)).body).toMatchObject({
      title: 'Not Found',
      code: 'ERR_ORDER_NOT_FOUND',
    });
    expect((await request('GET', `${url}/order`)).body).toMatchObject({ statusCode: 404, code: 'ERR_ORDER_NOT_FOUND' });
  });

  it('loses to a filter on a method', async () => {
    @Controller()
    class MethodController {
      @UseFilters(HostFilter)
      @Get('method')
      fail(): never {
        throw createLalamoveException('ERR_ORDER_NOT_FOUND');
      }
    }
    const url = await start({ imports: [LalamoveModule.forRoot(accountOn(sandbox))], controllers: [MethodController] });
    expect((await request('GET', `${url}/method`)).body).toMatchObject({ by: 'host', status: 404 });
  });

  it('ends an answer that has begun', async () => {
    @Controller()
    class HalfController {
      @Get('half')
      half(@Res() response: ServerResponse & { raw?: ServerResponse }): never {
        (response.raw ?? response).write('half');
        throw createLalamoveException('ERR_ORDER_NOT_FOUND');
      }
    }
    const url = await start({ imports: [LalamoveModule.forRoot(accountOn(sandbox))], controllers: [HalfController] });
    const answer = await fetch(`${url}/half`, { signal: AbortSignal.timeout(2000) });
    expect(await answer.text()).toBe('half');
  });

  it('logs what the wire said', async () => {
    const { logger, logged } = recordingLogger();
    const url = await start({
      imports: [LalamoveModule.forRoot(accountOn(sandbox, { logger }))],
      controllers: [OrdersController],
    });
    await sandbox.stop();
    expect((await request('GET', `${url}/order`)).body).toMatchObject({ statusCode: 502, code: 'LALAMOVE_CONNECTION' });
    expect(logged).toEqual([expect.stringContaining('(code=LALAMOVE_CONNECTION cause=ECONNREFUSED)')]);
    sandbox = await LalamoveSandbox.start();
  });

  it('recognises an edit that is refused by text alone, all the way', async () => {
    const url = await start({ imports: [LalamoveModule.forRoot(accountOn(sandbox))], controllers: [OrdersController] });
    sandbox.respondNext({ status: 422, body: '{"errors":[{"message":"Cannot edit order in status COMPLETED"}]}' });
    expect(await request('GET', `${url}/order`)).toMatchObject({
      status: 422,
      body: {
        code: 'ERR_ORDER_EDIT',
        errors: [{ code: 'ERR_ORDER_EDIT', message: 'Cannot edit order in status COMPLETED' }],
      },
    });
  });

  it('can be bound to the whole app by the host', async () => {
    const options = accountOn(sandbox, { errors: { filter: false, format: 'problem' } });
    const metadata = {
      imports: [LalamoveModule.forRoot(options), HttpModule],
      controllers: [OrdersController, RawController],
    };
    const url = await start(metadata, (host) => host.useGlobalFilters(host.get(LalamoveExceptionFilter)));
    expect((await request('GET', `${url}/order`)).body).toMatchObject({
      title: 'Not Found',
      code: 'ERR_ORDER_NOT_FOUND',
    });
    sandbox.respondNext({ code: 'ERR_ORDER_NOT_FOUND' });
    const raw = new URLSearchParams({ url: `${sandbox.url}/v3/orders/1` }).toString();
    expect((await request('GET', `${url}/raw?${raw}`)).body).toMatchObject({
      title: 'Not Found',
      code: 'ERR_ORDER_NOT_FOUND',
    });
  });

  it('logs one line, whatever Lalamove wrote', async () => {
    const { logger, logged } = recordingLogger();
    const url = await start({
      imports: [LalamoveModule.forRoot(accountOn(sandbox, { logger }))],
      controllers: [OrdersController],
    });
    const body = JSON.stringify({
      errors: [{ id: 'ERR_NEW', message: 'Mrs Wong\n+85290000001' }],
      meta: { requestId: 'x\nERROR forged' },
    });
    sandbox.respondNext({ status: 422, body });
    expect((await request('GET', `${url}/order`)).body).toMatchObject({
      code: 'ERR_NEW',
      message: 'Mrs Wong\n+85290000001',
    });
    expect(logged).toEqual([
      expect.stringMatching(
        /^getOrder failed: .*\(code=ERR_NEW upstreamStatus=422 requestId=x ERROR forged sentRequestId=\S+\)$/,
      ),
    ]);
    expect(String(logged[0])).not.toMatch(/\n|Wong/);
  });

  it('answers each account under its own options, registered once for all', async () => {
    @Controller()
    class TwoAccountsController {
      constructor(
        private readonly standard: LalamoveService,
        @InjectLalamove('thai') private readonly thai: LalamoveService,
        @InjectLalamove('off') private readonly off: LalamoveService,
      ) {}

      @Get('call')
      call(@Query('account') account: 'standard' | 'thai' | 'off'): Promise<unknown> {
        return this[account].getCities();
      }
    }
    const { logger, logged } = recordingLogger();
    const url = await start({
      imports: [
        LalamoveModule.forRoot(accountOn(sandbox, { ...gateway, logger })),
        LalamoveModule.forRootAsync({
          name: 'thai',
          useFactory: () => accountOn(sandbox, { market: 'TH', logger, errors: { format: 'problem' } }),
        }),
        LalamoveModule.forRoot(accountOn(sandbox, { name: 'off', logger, errors: { filter: false } })),
      ],
      controllers: [TwoAccountsController],
      providers: [{ provide: APP_FILTER, useClass: HostFilter }],
    });
    sandbox.respondNext({ code: 'LALAMOVE_UNAUTHORIZED' }, { times: 3 });
    expect((await request('GET', `${url}/call?account=standard`)).body).toMatchObject({ statusCode: 503 });
    expect((await request('GET', `${url}/call?account=thai`)).body).toMatchObject({
      title: 'Unauthorized',
      status: 401,
    });
    expect((await request('GET', `${url}/call?account=off`)).body).toMatchObject({ by: 'host', status: 401 });
    expect(logged).toEqual([
      expect.stringMatching(
        /^getCities failed: .*\(code=LALAMOVE_UNAUTHORIZED upstreamStatus=401 requestId=\S+ sentRequestId=\S+\)$/,
      ),
      expect.stringMatching(/account=thai/),
    ]);
  });

  it('lets a function decide, and falls back to the mirror where it decides nothing that can be sent', async () => {
    const decisions: unknown[] = [429, 200, Number.NaN, 'x'];
    const status = (exception: LalamoveException): number => {
      expect(exception.getStatus()).toBe(404);
      const decision = decisions.shift();
      if (decision === undefined) throw new Error('undecided');
      return decision as number;
    };
    const { logger, logged } = recordingLogger();
    const url = await start({
      imports: [LalamoveModule.forRoot(accountOn(sandbox, { logger, errors: { status } }))],
      controllers: [OrdersController],
    });
    for (const expected of [429, 404, 404, 404, 404])
      expect((await request('GET', `${url}/order`)).status).toBe(expected);
    expect(logged).toEqual(Array(4).fill(expect.stringMatching(/^errors.status returned no status/)));
  });

  it.each([
    ['mirror', 'LALAMOVE_RATE_LIMITED', 429],
    ['gateway', 'LALAMOVE_RATE_LIMITED', 503],
  ] as const)('says when to come back, under %s', async (status, code, expected) => {
    const url = await start({
      imports: [LalamoveModule.forRoot(accountOn(sandbox, { errors: { status } }))],
      controllers: [OrdersController],
    });
    sandbox.respondNext({ code, headers: { 'retry-after': '12' } });
    const answer = await request('GET', `${url}/order`);
    expect(answer.status).toBe(expected);
    expect(answer.headers.get('retry-after')).toBe('12');
  });

  it('catches what guards and middleware throw', async () => {
    const fail = (): never => {
      throw createLalamoveException('ERR_INSUFFICIENT_CREDIT');
    };
    @Injectable()
    class CreditGuard implements CanActivate {
      canActivate(): boolean {
        return fail();
      }
    }
    @Module({ controllers: [OrdersController] })
    class HostModule implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer.apply(fail).forRoutes('order');
      }
    }
    const guarded = await start(
      { imports: [LalamoveModule.forRoot(accountOn(sandbox))], controllers: [OrdersController], providers: [] },
      (host) => host.useGlobalGuards(new CreditGuard()),
    );
    expect(await request('GET', `${guarded}/order`)).toMatchObject({
      status: 402,
      body: { code: 'ERR_INSUFFICIENT_CREDIT' },
    });
    await app?.close();
    const options = accountOn(sandbox, { errors: { format: 'problem' } });
    const url = await start({ imports: [LalamoveModule.forRoot(options), HostModule] });
    const answer = await request('GET', `${url}/order`);
    expect(answer).toMatchObject({ status: 402, body: { code: 'ERR_INSUFFICIENT_CREDIT' } });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it('knows the exceptions of another copy of the package', async () => {
    const foreign = Object.assign(new Error('The order could not be found.'), {
      [Symbol.for('nestjs-lalamove:exception')]: true,
      code: 'ERR_ORDER_NOT_FOUND',
      errors: [],
      mirrorStatus: 404,
      fixableBy: 'consumer',
    });
    @Controller()
    class ForeignController {
      @Get('foreign')
      fail(): never {
        throw foreign;
      }
    }
    expect(LalamoveException.is(foreign)).toBe(true);
    const url = await start({
      imports: [LalamoveModule.forRoot(accountOn(sandbox))],
      controllers: [ForeignController],
    });
    expect(await request('GET', `${url}/foreign`)).toMatchObject({
      status: 404,
      body: { code: 'ERR_ORDER_NOT_FOUND' },
    });
  });

  describe('raw axios errors of the host’s own calls', () => {
    const call = async (url: string, query: Record<string, string>): ReturnType<typeof request> =>
      request('GET', `${url}/raw?${new URLSearchParams(query).toString()}`);

    it('to Lalamove are translated', async () => {
      const imports = [HttpModule, LalamoveModule.forRoot(accountOn(sandbox))];
      const url = await start({ imports, controllers: [RawController] });
      sandbox.respondNext({ code: 'ERR_ORDER_NOT_FOUND', headers: { 'request-id': 'r-2' } });
      const target = `${sandbox.url}/v3/orders/1`;
      expect(await call(url, { url: target })).toMatchObject({
        status: 404,
        body: { code: 'ERR_ORDER_NOT_FOUND', requestId: 'r-2' },
      });
      sandbox.respondNext({ status: 500, headers: {}, body: '{"message":"hmac pk_test_raw:1655319070446:abcdef"}' });
      const echoed = await call(url, { url: target });
      expect(echoed).toMatchObject({ status: 500, body: { code: 'LALAMOVE_SERVER_ERROR' } });
      expect(JSON.stringify(echoed.body)).not.toMatch(/pk_test_raw|abcdef/);
      sandbox.respondNext('hang');
      expect(await call(url, { url: target, timeout: '60' })).toMatchObject({
        status: 504,
        body: { code: 'LALAMOVE_TIMEOUT' },
      });
      sandbox.respondNext('reset');
      expect(await call(url, { url: target })).toMatchObject({ status: 502, body: { code: 'LALAMOVE_CONNECTION' } });
    });

    it('to Lalamove beneath the base URL alone', async () => {
      const imports = [HttpModule, LalamoveModule.forRoot(accountOn(sandbox, { baseUrl: `${sandbox.url}/lalamove` }))];
      const url = await start({ imports, controllers: [RawController] });
      sandbox.respondNext({ code: 'ERR_INSUFFICIENT_CREDIT' }, { times: 2 });
      expect(await call(url, { url: `${sandbox.url}/billing` })).toMatchObject({ status: 500 });
      expect(await call(url, { url: `${sandbox.url}/lalamove/v3/orders/1` })).toMatchObject({ status: 402 });
    });

    it('to Lalamove are answered by the default account, where several have the host', async () => {
      const imports = [
        HttpModule,
        LalamoveModule.forRoot(accountOn(sandbox, { name: 'thai', ...gateway })),
        LalamoveModule.forRoot(accountOn(sandbox)),
      ];
      const url = await start({ imports, controllers: [RawController] });
      sandbox.respondNext({ code: 'ERR_INSUFFICIENT_CREDIT' });
      expect(await call(url, { url: `${sandbox.url}/v3/cities` })).toMatchObject({ status: 402 });
    });

    it('to Lalamove may be repeated where the call may, or where it never left', async () => {
      const imports = [HttpModule, LalamoveModule.forRoot(accountOn(sandbox))];
      const url = await start({ imports, controllers: [RawController] });
      sandbox.respondNext('reset', { times: 3 });
      const base = sandbox.url;
      const code = async (method: string, path: string): Promise<unknown> =>
        (await call(url, { url: base + path, method })).body.code;
      expect(await code('post', '/v3/quotations')).toBe('LALAMOVE_CONNECTION');
      expect(await code('delete', '/v3/orders/1')).toBe('LALAMOVE_CONNECTION');
      expect(await code('patch', '/v3/orders/1')).toBe('LALAMOVE_OUTCOME_UNKNOWN');
      await sandbox.stop();
      expect(await code('post', '/v3/orders')).toBe('LALAMOVE_CONNECTION');
      sandbox = await LalamoveSandbox.start();
    });

    it('to Lalamove never invite a repeat of what may have spent', async () => {
      const imports = [HttpModule, LalamoveModule.forRoot(accountOn(sandbox))];
      const url = await start({ imports, controllers: [RawController] });
      sandbox.respondNext({ status: 503, headers: { 'retry-after': '1' }, body: '' });
      const answer = await call(url, { url: `${sandbox.url}/v3/orders`, method: 'post' });
      expect(answer).toMatchObject({ status: 503, body: { code: 'LALAMOVE_OUTCOME_UNKNOWN' } });
      expect(answer.headers.has('retry-after')).toBe(false);
    });

    it('to anywhere else are left alone', async () => {
      const elsewhere = await LalamoveSandbox.start();
      const imports = [HttpModule, LalamoveModule.forRoot(accountOn(sandbox))];
      const url = await start({ imports, controllers: [RawController] });
      expect(await call(url, { url: `${elsewhere.url}/v3/orders/1` })).toMatchObject({
        status: 500,
        body: { message: 'Internal server error' },
      });
      await elsewhere.stop();
    });

    it('to Lalamove’s own hosts are known by name', () => {
      const failure = { isAxiosError: true, config: { baseURL: 'https://rest.lalamove.com/', url: '/v3/orders/1' } };
      const caught = Reflect.getMetadata('__filterCatchExceptions__', LalamoveExceptionFilter) as {
        [Symbol.hasInstance](error: unknown): boolean;
      }[];
      const catches = (error: unknown): boolean => caught.some((type) => type[Symbol.hasInstance](error));
      expect(catches(failure)).toBe(true);
      expect(catches({ ...failure, config: { url: 'https://rest.lalamove.com.evil.example/v3' } })).toBe(false);
      expect(catches({ ...failure, config: undefined })).toBe(false);
      expect(catches(createLalamoveException('LALAMOVE_TIMEOUT'))).toBe(true);
      expect(catches(new HttpException('x', 400))).toBe(false);
      expect(catches(null)).toBe(false);
    });
  });
});
