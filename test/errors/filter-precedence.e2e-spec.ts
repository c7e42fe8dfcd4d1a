import { expect, it } from '@jest/globals';
import { HttpModule } from '@nestjs/axios';
import { Catch, Controller, Get, UseFilters } from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import { createLalamoveException, LalamoveExceptionFilter, LalamoveModule, LalamoveService } from 'nestjs-lalamove';
import { accountOn } from '../support/account.js';
import { request } from '../support/host-app.js';
import { HostFilter, OrdersController, RawController, ThrowingController, describeFilter } from './filter-host.js';

const gateway = { errors: { status: 'gateway' } } as const;

describeFilter('the precedence of LalamoveExceptionFilter', (current) => {
  it.each([
    ['synchronous', LalamoveModule.forRoot.bind(LalamoveModule)],
    [
      'asynchronous',
      (options: object) => LalamoveModule.forRootAsync({ useFactory: () => Promise.resolve(options as never) }),
    ],
  ])(
    'is off with %s options: Nest still sends the right answer, because the exception is an HttpException',
    async (_, register) => {
      const host = current();
      const options = accountOn(host.sandbox, { errors: { filter: false, status: 'gateway' } });
      const url = await host.start({ imports: [register(options)], controllers: [OrdersController] });
      host.sandbox.respondNext({ code: 'ERR_INSUFFICIENT_CREDIT', headers: { 'request-id': 'r-1' } });
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
      host.sandbox.respondNext({ code: 'ERR_ORDER_NOT_FOUND' });
      expect(await request('GET', `${url}/order`)).toMatchObject({
        status: 404,
        body: { code: 'ERR_ORDER_NOT_FOUND' },
      });
    },
  );

  it('is off: the host’s own filter handles the exceptions', async () => {
    const host = current();
    const options = accountOn(host.sandbox, { errors: { filter: false } });
    const providers = [{ provide: APP_FILTER, useClass: HostFilter }];
    const url = await host.start({
      imports: [LalamoveModule.forRoot(options)],
      controllers: [OrdersController],
      providers,
    });
    expect((await request('GET', `${url}/order`)).body).toMatchObject({
      by: 'host',
      status: 404,
      response: { code: 'ERR_ORDER_NOT_FOUND' },
    });
  });

  it('has precedence over an APP_FILTER of the host, which handles all other exceptions', async () => {
    const host = current();
    const providers = [{ provide: APP_FILTER, useClass: HostFilter }];
    const metadata = {
      imports: [LalamoveModule.forRoot(accountOn(host.sandbox))],
      controllers: [OrdersController, ThrowingController],
      providers,
    };
    const url = await host.start(metadata);
    expect((await request('GET', `${url}/order`)).body).toMatchObject({ statusCode: 404, code: 'ERR_ORDER_NOT_FOUND' });
    expect((await request('GET', `${url}/other`)).body).toMatchObject({ by: 'host', status: 418 });
  });

  it('gives way to useGlobalFilters, which gets the status of the policy', async () => {
    const host = current();
    const metadata = {
      imports: [LalamoveModule.forRoot(accountOn(host.sandbox, gateway))],
      controllers: [OrdersController],
    };
    const url = await host.start(metadata, (app) => app.useGlobalFilters(new HostFilter(app.get(HttpAdapterHost))));
    host.sandbox.respondNext({ code: 'ERR_INSUFFICIENT_CREDIT' });
    expect((await request('GET', `${url}/order`)).body).toMatchObject({ by: 'host', status: 503 });
  });

  it('gives way to a catch-all of useGlobalFilters that extends Nest’s own filter', async () => {
    const host = current();
    @Catch()
    class CatchAll extends BaseExceptionFilter {}
    const metadata = { imports: [LalamoveModule.forRoot(accountOn(host.sandbox))], controllers: [OrdersController] };
    const url = await host.start(metadata, (app) => app.useGlobalFilters(new CatchAll(app.getHttpAdapter())));
    expect(await request('GET', `${url}/order`)).toMatchObject({ status: 404, body: { code: 'ERR_ORDER_NOT_FOUND' } });
  });

  it('can be bound to one controller', async () => {
    const host = current();
    @UseFilters(LalamoveExceptionFilter)
    @Controller('bound')
    class BoundController extends OrdersController {}
    Reflect.defineMetadata('design:paramtypes', [LalamoveService], BoundController);
    const options = accountOn(host.sandbox, { errors: { filter: false, format: 'problem' } });
    const url = await host.start({
      imports: [LalamoveModule.forRoot(options)],
      controllers: [BoundController, OrdersController],
    });
    expect((await request('GET', `${url}/bound/order`)).body).toMatchObject({
      title: 'Not Found',
      code: 'ERR_ORDER_NOT_FOUND',
    });
    expect((await request('GET', `${url}/order`)).body).toMatchObject({ statusCode: 404, code: 'ERR_ORDER_NOT_FOUND' });
  });

  it('gives way to a filter on a method', async () => {
    const host = current();
    @Controller()
    class MethodController {
      @UseFilters(HostFilter)
      @Get('method')
      fail(): never {
        throw createLalamoveException('ERR_ORDER_NOT_FOUND');
      }
    }
    const url = await host.start({
      imports: [LalamoveModule.forRoot(accountOn(host.sandbox))],
      controllers: [MethodController],
    });
    expect((await request('GET', `${url}/method`)).body).toMatchObject({ by: 'host', status: 404 });
  });

  it('can be bound to the whole app by the host', async () => {
    const host = current();
    const options = accountOn(host.sandbox, { errors: { filter: false, format: 'problem' } });
    const metadata = {
      imports: [LalamoveModule.forRoot(options), HttpModule],
      controllers: [OrdersController, RawController],
    };
    const url = await host.start(metadata, (app) => app.useGlobalFilters(app.get(LalamoveExceptionFilter)));
    expect((await request('GET', `${url}/order`)).body).toMatchObject({
      title: 'Not Found',
      code: 'ERR_ORDER_NOT_FOUND',
    });
    host.sandbox.respondNext({ code: 'ERR_ORDER_NOT_FOUND' });
    const raw = new URLSearchParams({ url: `${host.sandbox.url}/v3/orders/1` }).toString();
    expect((await request('GET', `${url}/raw?${raw}`)).body).toMatchObject({
      title: 'Not Found',
      code: 'ERR_ORDER_NOT_FOUND',
    });
  });
});
