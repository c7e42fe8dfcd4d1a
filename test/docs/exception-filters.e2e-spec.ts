import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, HttpAdapterHost } from '@nestjs/core';
import {
  InjectLalamove,
  LalamoveExceptionFilter,
  LalamoveModule,
  LalamoveService,
  type LalamoveModuleOptions,
  type Order,
} from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { PLATFORMS, request, startHost } from '../support/host-app.js';
import { CountingFilter } from './examples/filters/counting.filter.js';
import { DomainErrorsInterceptor } from './examples/filters/domain-errors.interceptor.js';
import { EnvelopeFilter } from './examples/filters/envelope.filter.js';
import { EverythingFilter } from './examples/filters/everything.filter.js';
import { GlobalEverythingFilter } from './examples/filters/global-everything.filter.js';

@Controller()
class OrdersController {
  constructor(private readonly lalamove: LalamoveService) {}

  @Get('order')
  order(): Promise<Order> {
    return this.lalamove.getOrder('1');
  }

  @Get('bug')
  bug(): never {
    throw new Error('a bug');
  }
}

@Controller()
class PartnersController {
  constructor(@InjectLalamove('partner') private readonly lalamove: LalamoveService) {}

  @Get('partner')
  order(): Promise<Order> {
    return this.lalamove.getOrder('1');
  }
}

const NOT_FOUND = { statusCode: 404, code: 'ERR_ORDER_NOT_FOUND' };

describe.each(PLATFORMS)('docs/guides/exception-filters.md on %s', (platform) => {
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

  async function started(
    providers: NonNullable<ModuleMetadata['providers']>,
    options: Partial<LalamoveModuleOptions> = {},
    prepare?: (app: INestApplication) => void,
  ): Promise<(path: string) => Promise<Awaited<ReturnType<typeof request>>>> {
    const imports = [
      LalamoveModule.forRoot(accountOn(sandbox, options)),
      LalamoveModule.forRoot(accountOn(sandbox, { name: 'partner' })),
    ];
    const controllers = [OrdersController, PartnersController];
    const host = await startHost(platform, { imports, controllers, providers }, prepare);
    app = host.app;
    return (path) => request('GET', host.url + path);
  }

  it('the package answers before an APP_FILTER, which gets the rest', async () => {
    const providers = [EverythingFilter, { provide: APP_FILTER, useExisting: EverythingFilter }];
    const get = await started(providers);
    expect((await get('/order')).body).toMatchObject(NOT_FOUND);
    expect((await get('/bug')).status).toBe(500);
    expect(app?.get(EverythingFilter).reported).toEqual([expect.objectContaining({ message: 'a bug' })]);
  });

  it('a catch-all of useGlobalFilters passes on what is Lalamove’s', async () => {
    const get = await started([], { errors: { status: 'gateway' } }, (app) => {
      const { httpAdapter } = app.get(HttpAdapterHost);
      app.useGlobalFilters(new GlobalEverythingFilter(httpAdapter, app.get(LalamoveExceptionFilter)));
    });
    sandbox.respondNext({ code: 'ERR_INSUFFICIENT_CREDIT' });
    expect((await get('/order')).body).toMatchObject({ statusCode: 503, code: 'LALAMOVE_UNAVAILABLE' });
    expect((await get('/order')).body).toMatchObject(NOT_FOUND);
    expect((await get('/bug')).status).toBe(500);
  });

  it('a filter of the host answers in its own format, for the account that is switched off', async () => {
    const providers = [{ provide: APP_FILTER, useClass: EnvelopeFilter }];
    const get = await started(providers, { errors: { filter: false, status: 'gateway' } });
    const { status, body } = await get('/order');
    expect([status, body]).toEqual([
      404,
      {
        ok: false,
        code: 'ERR_ORDER_NOT_FOUND',
        message: expect.any(String),
        fields: [{ message: expect.any(String) }],
        requestId: expect.any(String),
      },
    ]);
    sandbox.respondNext({ code: 'ERR_INSUFFICIENT_CREDIT' });
    expect(await get('/order')).toMatchObject({ status: 503, body: { ok: false, code: 'DELIVERY_UNAVAILABLE' } });
    expect((await get('/partner')).body).toMatchObject(NOT_FOUND);
  });

  it('a filter that extends the package’s answers like it', async () => {
    const providers = [CountingFilter, { provide: APP_FILTER, useExisting: CountingFilter }];
    const get = await started(providers, { errors: { filter: false, format: 'problem' } });
    const { headers, body } = await get('/order');
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body).toMatchObject({ status: 404, code: 'ERR_ORDER_NOT_FOUND' });
    await get('/bug');
    expect([...(app?.get(CountingFilter).counts ?? [])]).toEqual([['ERR_ORDER_NOT_FOUND', 1]]);
  });

  it('an interceptor maps an exception before all filters', async () => {
    const get = await started([{ provide: APP_INTERCEPTOR, useClass: DomainErrorsInterceptor }]);
    expect(await get('/order')).toMatchObject({
      status: 410,
      body: { message: 'This parcel is not tracked any more.' },
    });
    sandbox.respondNext({ code: 'LALAMOVE_FORBIDDEN' });
    expect(await get('/order')).toMatchObject({ status: 403, body: { code: 'LALAMOVE_FORBIDDEN' } });
  });
});
