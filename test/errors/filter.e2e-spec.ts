import { expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Module,
  Query,
  Res,
  type CanActivate,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { type ServerResponse } from 'node:http';
import {
  createLalamoveException,
  InjectLalamove,
  LalamoveException,
  LalamoveModule,
  LalamoveService,
} from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { request } from '../support/host-app.js';
import { HostFilter, OrdersController, ThrowingController, describeFilter, recordingLogger } from './filter-host.js';

const gateway = { errors: { status: 'gateway' } } as const;

describeFilter('LalamoveExceptionFilter', (current) => {
  it('does not handle other exceptions', async () => {
    const host = current();
    const url = await host.start({
      imports: [LalamoveModule.forRoot(accountOn(host.sandbox))],
      controllers: [ThrowingController],
    });
    expect((await request('GET', `${url}/other`)).body).toEqual({ statusCode: 418, message: 'a host’s own' });
  });

  it('ends an answer that has already begun', async () => {
    const host = current();
    @Controller()
    class HalfController {
      @Get('half')
      half(@Res() response: ServerResponse & { raw?: ServerResponse }): never {
        (response.raw ?? response).write('half');
        throw createLalamoveException('ERR_ORDER_NOT_FOUND');
      }
    }
    const url = await host.start({
      imports: [LalamoveModule.forRoot(accountOn(host.sandbox))],
      controllers: [HalfController],
    });
    const answer = await fetch(`${url}/half`, { signal: AbortSignal.timeout(2000) });
    expect(await answer.text()).toBe('half');
  });

  it('logs the code of the network error and the host, which the consumer does not get', async () => {
    const host = current();
    const { logger, logged } = recordingLogger();
    const url = await host.start({
      imports: [LalamoveModule.forRoot(accountOn(host.sandbox, { logger }))],
      controllers: [OrdersController],
    });
    const called = new URL(host.sandbox.url).host;
    await host.sandbox.stop();
    const { body } = await request('GET', `${url}/order`);
    expect(body).toMatchObject({ statusCode: 502, code: 'LALAMOVE_CONNECTION' });
    expect(JSON.stringify(body)).not.toContain(called);
    expect(logged).toEqual([expect.stringContaining(`(code=LALAMOVE_CONNECTION cause=ECONNREFUSED host=${called})`)]);
    host.sandbox = await LalamoveSandbox.start();
  });

  it('answers a refused edit that Lalamove reports by text alone', async () => {
    const host = current();
    const url = await host.start({
      imports: [LalamoveModule.forRoot(accountOn(host.sandbox))],
      controllers: [OrdersController],
    });
    host.sandbox.respondNext({ status: 422, body: '{"errors":[{"message":"Cannot edit order in status COMPLETED"}]}' });
    expect(await request('GET', `${url}/order`)).toMatchObject({
      status: 422,
      body: {
        code: 'ERR_ORDER_EDIT',
        errors: [{ code: 'ERR_ORDER_EDIT', message: 'Cannot edit order in status COMPLETED' }],
      },
    });
  });

  it('logs one line without personal data for any text of Lalamove’s', async () => {
    const host = current();
    const { logger, logged } = recordingLogger();
    const url = await host.start({
      imports: [LalamoveModule.forRoot(accountOn(host.sandbox, { logger }))],
      controllers: [OrdersController],
    });
    const body = JSON.stringify({
      errors: [{ id: 'ERR_NEW', message: 'Mrs Wong\n+85290000001' }],
      meta: { requestId: 'x\nERROR forged' },
    });
    host.sandbox.respondNext({ status: 422, body });
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

  it('answers each account by its own options, with one registered filter', async () => {
    const host = current();
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
    const url = await host.start({
      imports: [
        LalamoveModule.forRoot(accountOn(host.sandbox, { ...gateway, logger })),
        LalamoveModule.forRootAsync({
          name: 'thai',
          useFactory: () => accountOn(host.sandbox, { market: 'TH', logger, errors: { format: 'problem' } }),
        }),
        LalamoveModule.forRoot(accountOn(host.sandbox, { name: 'off', logger, errors: { filter: false } })),
      ],
      controllers: [TwoAccountsController],
      providers: [{ provide: APP_FILTER, useClass: HostFilter }],
    });
    host.sandbox.respondNext({ code: 'LALAMOVE_UNAUTHORIZED' }, { times: 3 });
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

  it('applies a status function, and mirrors if its result is no error status', async () => {
    const host = current();
    const decisions: unknown[] = [429, 200, Number.NaN, 'x'];
    const status = (exception: LalamoveException): number => {
      expect(exception.getStatus()).toBe(404);
      const decision = decisions.shift();
      if (decision === undefined) throw new Error('undecided');
      return decision as number;
    };
    const { logger, logged } = recordingLogger();
    const url = await host.start({
      imports: [LalamoveModule.forRoot(accountOn(host.sandbox, { logger, errors: { status } }))],
      controllers: [OrdersController],
    });
    for (const expected of [429, 404, 404, 404, 404])
      expect((await request('GET', `${url}/order`)).status).toBe(expected);
    expect(logged).toEqual(Array(4).fill(expect.stringMatching(/^errors.status threw, or returned no status/)));
  });

  it.each([
    ['mirror', 'LALAMOVE_RATE_LIMITED', 429],
    ['gateway', 'LALAMOVE_RATE_LIMITED', 503],
  ] as const)('sends Retry-After under %s', async (status, code, expected) => {
    const host = current();
    const url = await host.start({
      imports: [LalamoveModule.forRoot(accountOn(host.sandbox, { errors: { status } }))],
      controllers: [OrdersController],
    });
    host.sandbox.respondNext({ code, headers: { 'retry-after': '12' } });
    const answer = await request('GET', `${url}/order`);
    expect(answer.status).toBe(expected);
    expect(answer.headers.get('retry-after')).toBe('12');
  });

  it('handles exceptions of guards and middleware', async () => {
    const host = current();
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
    const guarded = await host.start(
      { imports: [LalamoveModule.forRoot(accountOn(host.sandbox))], controllers: [OrdersController], providers: [] },
      (app) => app.useGlobalGuards(new CreditGuard()),
    );
    expect(await request('GET', `${guarded}/order`)).toMatchObject({
      status: 402,
      body: { code: 'ERR_INSUFFICIENT_CREDIT' },
    });
    await host.close();
    const options = accountOn(host.sandbox, { errors: { format: 'problem' } });
    const url = await host.start({ imports: [LalamoveModule.forRoot(options), HostModule] });
    const answer = await request('GET', `${url}/order`);
    expect(answer).toMatchObject({ status: 402, body: { code: 'ERR_INSUFFICIENT_CREDIT' } });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it('recognises exceptions of another copy of the package', async () => {
    const host = current();
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
    const url = await host.start({
      imports: [LalamoveModule.forRoot(accountOn(host.sandbox))],
      controllers: [ForeignController],
    });
    expect(await request('GET', `${url}/foreign`)).toMatchObject({
      status: 404,
      body: { code: 'ERR_ORDER_NOT_FOUND' },
    });
  });
});
