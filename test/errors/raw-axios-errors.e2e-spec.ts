import { expect, it } from '@jest/globals';
import { HttpModule } from '@nestjs/axios';
import { HttpException } from '@nestjs/common';
import { createLalamoveException, LalamoveExceptionFilter, LalamoveModule } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { request } from '../support/host-app.js';
import { RawController, describeFilter } from './filter-host.js';

const gateway = { errors: { status: 'gateway' } } as const;

describeFilter('LalamoveExceptionFilter and raw axios errors', (current) => {
  const call = async (url: string, query: Record<string, string>): ReturnType<typeof request> =>
    request('GET', `${url}/raw?${new URLSearchParams(query).toString()}`);

  it('translates those of calls to Lalamove', async () => {
    const host = current();
    const imports = [HttpModule, LalamoveModule.forRoot(accountOn(host.sandbox))];
    const url = await host.start({ imports, controllers: [RawController] });
    host.sandbox.respondNext({ code: 'ERR_ORDER_NOT_FOUND', headers: { 'request-id': 'r-2' } });
    const target = `${host.sandbox.url}/v3/orders/1`;
    expect(await call(url, { url: target })).toMatchObject({
      status: 404,
      body: { code: 'ERR_ORDER_NOT_FOUND', requestId: 'r-2' },
    });
    host.sandbox.respondNext({ status: 500, headers: {}, body: '{"message":"hmac pk_test_raw:1655319070446:abcdef"}' });
    const echoed = await call(url, { url: target });
    expect(echoed).toMatchObject({ status: 500, body: { code: 'LALAMOVE_SERVER_ERROR' } });
    expect(JSON.stringify(echoed.body)).not.toMatch(/pk_test_raw|abcdef/);
    host.sandbox.respondNext('hang');
    expect(await call(url, { url: target, timeout: '60' })).toMatchObject({
      status: 504,
      body: { code: 'LALAMOVE_TIMEOUT' },
    });
    host.sandbox.respondNext('reset');
    expect(await call(url, { url: target })).toMatchObject({ status: 502, body: { code: 'LALAMOVE_CONNECTION' } });
  });

  it('translates only those below the base URL', async () => {
    const host = current();
    const imports = [
      HttpModule,
      LalamoveModule.forRoot(accountOn(host.sandbox, { baseUrl: `${host.sandbox.url}/lalamove` })),
    ];
    const url = await host.start({ imports, controllers: [RawController] });
    host.sandbox.respondNext({ code: 'ERR_INSUFFICIENT_CREDIT' }, { times: 2 });
    expect(await call(url, { url: `${host.sandbox.url}/billing` })).toMatchObject({ status: 500 });
    expect(await call(url, { url: `${host.sandbox.url}/lalamove/v3/orders/1` })).toMatchObject({ status: 402 });
  });

  it('applies the policy of the default account if several accounts have the same base URL', async () => {
    const host = current();
    const imports = [
      HttpModule,
      LalamoveModule.forRoot(accountOn(host.sandbox, { name: 'thai', ...gateway })),
      LalamoveModule.forRoot(accountOn(host.sandbox)),
    ];
    const url = await host.start({ imports, controllers: [RawController] });
    host.sandbox.respondNext({ code: 'ERR_INSUFFICIENT_CREDIT' });
    expect(await call(url, { url: `${host.sandbox.url}/v3/cities` })).toMatchObject({ status: 402 });
  });

  it('reports an unknown outcome only if the call was sent and must not be repeated', async () => {
    const host = current();
    const imports = [HttpModule, LalamoveModule.forRoot(accountOn(host.sandbox))];
    const url = await host.start({ imports, controllers: [RawController] });
    host.sandbox.respondNext('reset', { times: 3 });
    const base = host.sandbox.url;
    const code = async (method: string, path: string): Promise<unknown> =>
      (await call(url, { url: base + path, method })).body.code;
    expect(await code('post', '/v3/quotations')).toBe('LALAMOVE_CONNECTION');
    expect(await code('delete', '/v3/orders/1')).toBe('LALAMOVE_CONNECTION');
    expect(await code('patch', '/v3/orders/1')).toBe('LALAMOVE_OUTCOME_UNKNOWN');
    await host.sandbox.stop();
    expect(await code('post', '/v3/orders')).toBe('LALAMOVE_CONNECTION');
    host.sandbox = await LalamoveSandbox.start();
  });

  it('sends no Retry-After for a call that may have spent money', async () => {
    const host = current();
    const imports = [HttpModule, LalamoveModule.forRoot(accountOn(host.sandbox))];
    const url = await host.start({ imports, controllers: [RawController] });
    host.sandbox.respondNext({ status: 503, headers: { 'retry-after': '1' }, body: '' });
    const answer = await call(url, { url: `${host.sandbox.url}/v3/orders`, method: 'post' });
    expect(answer).toMatchObject({ status: 503, body: { code: 'LALAMOVE_OUTCOME_UNKNOWN' } });
    expect(answer.headers.has('retry-after')).toBe(false);
  });

  it('does not handle those of calls to other hosts', async () => {
    const host = current();
    const elsewhere = await LalamoveSandbox.start();
    const imports = [HttpModule, LalamoveModule.forRoot(accountOn(host.sandbox))];
    const url = await host.start({ imports, controllers: [RawController] });
    expect(await call(url, { url: `${elsewhere.url}/v3/orders/1` })).toMatchObject({
      status: 500,
      body: { message: 'Internal server error' },
    });
    await elsewhere.stop();
  });

  it('recognises Lalamove’s own hosts', () => {
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
