import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { LazyModuleLoader, NestFactory, REQUEST } from '@nestjs/core';
import { LalamoveModule, lalamoveOptionsFromEnv, LalamoveService, type LalamoveModuleOptions } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import type { Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { accountOn } from '../support/account.js';
import { freePort } from '../../examples/storefront/free-port.js';
import { PLATFORMS, startHost, type HostApp } from '../support/host-app.js';
import { failureOf, KEYS } from '../support/lalamove.js';
import { http, RawServer } from '../support/raw-server.js';
import { until } from '../support/until.js';
import { LineLogger, send, startWebhookHost } from './webhook-host.js';

const PATH = 'webhooks/lalamove';

describe.each(PLATFORMS)('webhook.url on %s', (platform) => {
  let sandbox: LalamoveSandbox;
  let lines: string[];
  const open: HostApp[] = [];

  const start = async (options: LalamoveModuleOptions): Promise<HostApp> => {
    const write = (line: unknown): void => void lines.push(String(line));
    const logger = { log: write, error: write, warn: write };
    const host = await startHost(platform, { imports: [LalamoveModule.forRoot({ ...options, logger })] });
    open.push(host);
    return host;
  };

  beforeEach(async () => {
    lines = [];
    sandbox = await LalamoveSandbox.start();
  });

  afterEach(async () => {
    for (const { app } of open.splice(0)) await app.close();
    await sandbox.stop();
  });

  it('is registered once the app listens, so that Lalamove can probe it', async () => {
    const server = await freePort();
    const url = `http://127.0.0.1:${server}/${PATH}?token=secret`;
    const options = accountOn(sandbox, { webhook: { path: PATH, url } });
    const host = await startHost(
      platform,
      { imports: [LalamoveModule.forRoot({ ...options, logger: logTo(lines) })] },
      (app) => {
        const listen = app.listen.bind(app);
        app.listen = () => listen(server, '127.0.0.1');
      },
    );
    open.push(host);
    await until(() => lines.length > 0);
    expect(lines).toEqual([
      expect.stringMatching(/^Lalamove sends webhooks here from now on \(url=http:\S+lalamove\)$/),
    ]);
    expect(sandbox.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['PATCH /v3/webhook']);
  });

  it('is retried until it succeeds, with a log line for each failure', async () => {
    let tries = 0;
    const server = await RawServer.start((socket) => {
      tries += 1;
      socket.write(tries === 1 ? http(422, '{"message":"ERR_INVALID_RESPONSE"}') : http(200, '{"data":{"url":"u"}}'));
    });
    const url = 'https://shop.example/hook';
    await start({ ...KEYS, baseUrl: server.url, webhook: { path: PATH, url } });
    await until(() => lines.length > 1, 4000);
    expect(lines).toEqual([
      expect.stringMatching(
        /^The webhook URL could not be registered .*code=ERR_INVALID_RESPONSE .*retryInSeconds=1\)$/,
      ),
      expect.stringMatching(/^Lalamove sends webhooks here from now on/),
    ]);
    await server.stop();
  });

  it('is not retried after the app was closed, and a running call is aborted', async () => {
    const server = await RawServer.start(() => undefined);
    const host = await start({ ...KEYS, baseUrl: server.url, webhook: { url: 'https://shop.example/hook' } });
    await until(() => server.requests.length === 1);
    await host.app.close();
    await until(() => server.open === 0);
    await pause(20);
    expect([server.requests.length, lines]).toEqual([1, []]);
    await server.stop();
  });

  it('does not keep the process alive after the server was closed, even if the app was not', async () => {
    const server = await RawServer.start(() => undefined);
    const host = await start({ ...KEYS, baseUrl: server.url, webhook: { url: 'https://shop.example/hook' } });
    await until(() => server.requests.length === 1);
    const listener = host.app.getHttpServer() as Server;
    listener.close();
    await until(() => server.open === 0, 2000);
    expect([server.open, server.requests.length, lines]).toEqual([0, 1, []]);
    await server.stop();
  });

  it('does not show its query in the log and in exceptions if Lalamove quotes the URL', async () => {
    const url = 'https://shop.example/hook?token=t0psecret&shop=1';
    const quote = `'${url}' and t0psecret failed`;
    const refusal = { errors: [{ id: 'ERR_NEW', message: quote, detail: quote }] };
    const server = await RawServer.start((socket) => socket.write(http(422, JSON.stringify(refusal))));
    const { app } = await start({ ...KEYS, baseUrl: server.url, webhook: { path: PATH, url } });
    await until(() => lines.length > 0);
    expect(lines[0]).toMatch(/code=ERR_NEW error=Lalamove answered with an unknown error\. retryInSeconds=1\)$/);
    const error = await failureOf(app.get(LalamoveService).setWebhookUrl(url));
    expect(error).toMatchObject({ code: 'ERR_NEW', message: expect.stringContaining('https://shop.example/hook?') });
    expect(`${lines.join()} ${JSON.stringify(error)} ${inspect(error, { depth: 9 })}`).not.toContain('t0psecret');
    await server.stop();
  });

  it.each<[string, boolean]>([
    ['beside the factory', true],
    ['by the factory', false],
  ])('is not registered with request-scoped options, which is logged: given %s', async (_, beside) => {
    @Controller('late')
    class Late {
      constructor(readonly lalamove: LalamoveService) {}

      @Get()
      get(): string {
        return 'made';
      }
    }
    const webhook = { url: 'https://shop.example/hook' };
    const useFactory = () => ({ ...KEYS, ...(!beside && { webhook }) });
    const imports = [LalamoveModule.forRootAsync({ inject: [REQUEST], useFactory, ...(beside && { webhook }) })];
    const logger = new LineLogger();
    const host = await startWebhookHost(platform, { imports, controllers: [Late] }, { logger });
    open.push(host);
    for (let turn = 0; turn < 2; turn += 1)
      expect((await send(`${host.url}/late`, '', { method: 'GET' })).status).toBe(200);
    expect(logger.of('error')).toEqual([
      expect.stringMatching(/The default account .* webhook\.url is not registered/),
    ]);
  });

  it('is not registered if the module is loaded after the start, which is logged', async () => {
    const logger = new LineLogger();
    const host = await startWebhookHost(platform, {}, { logger });
    open.push(host);
    const lalamove = LalamoveModule.forRoot({ ...KEYS, webhook: { url: 'https://shop.example/hook' } });
    await host.app.get(LazyModuleLoader).load(() => lalamove);
    expect(logger.of('error')).toEqual([
      expect.stringMatching(/The default account .* webhook\.url is not registered/),
    ]);
  });
});

it('webhook.url is not registered in an app without an HTTP server', async () => {
  const server = await RawServer.start(() => undefined);
  const options = { ...KEYS, baseUrl: server.url, webhook: { url: 'https://shop.example/hook' } };
  const app = await NestFactory.createApplicationContext(LalamoveModule.forRoot(options), { logger: false });
  await pause(100);
  expect(server.requests).toEqual([]);
  await app.close();
  await server.stop();
});

it('webhook.url is read from the environment, and must be a URL', () => {
  const env = { LALAMOVE_API_KEY: 'pk_test_k', LALAMOVE_API_SECRET: 'sk_test_s', LALAMOVE_MARKET: 'HK' };
  const url = 'https://shop.example/hook?a=1';
  expect(lalamoveOptionsFromEnv({ ...env, LALAMOVE_WEBHOOK_URL: url }).webhook).toEqual({ url });
  for (const wrong of [
    '/hook',
    'ftp://shop.example',
    'https://user:pass@shop.example/hook',
    'https://shop.example/#hook',
  ]) {
    expect(() => lalamoveOptionsFromEnv({ ...env, LALAMOVE_WEBHOOK_URL: wrong })).toThrow(
      /webhook\.url \(LALAMOVE_WEBHOOK_URL\) must/,
    );
  }
});

function logTo(lines: string[]): { log: (line: unknown) => void; error: () => void; warn: (line: unknown) => void } {
  const write = (line: unknown): void => void lines.push(String(line));
  return { log: write, error: () => undefined, warn: write };
}
