import { Controller, Post, Req, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { DoctorOptions, DoctorReport } from 'nestjs-lalamove/doctor';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { LalamoveWebhooks } from 'nestjs-lalamove';
import { accountOn } from '../support/account.js';
import { freePort } from '../support/free-port.js';
import { PLATFORMS, type Platform } from '../support/host-app.js';
import { Ledger, LineLogger, oneAccount, startWebhookHost } from '../webhooks/webhook-host.js';
import { doctorOn, examined, problemsOf } from './examined.js';

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Shop {
  readonly app: INestApplication;
  readonly url: string;
  readonly sandbox: LalamoveSandbox;
  readonly logger: LineLogger;
}

/** An app with an endpoint at `/hooks`, on a sandbox. */
async function shopOn(
  platform: Platform,
  webhook: Parameters<typeof oneAccount>[0] = {},
  more: ModuleMetadata = {},
  prepare: (app: INestApplication) => void = () => undefined,
): Promise<Shop> {
  const sandbox = await LalamoveSandbox.start();
  ends.push(() => sandbox.stop());
  const logger = new LineLogger();
  const host = oneAccount(webhook, accountOn(sandbox));
  const metadata = { ...host, ...more, providers: [...(host.providers ?? []), ...(more.providers ?? [])] };
  const { app, url } = await startWebhookHost(platform, metadata, { logger, prepare, rawBody: true });
  ends.push(() => app.close());
  return { app, url, sandbox, logger };
}

function examine(shop: Shop, webhookUrl: string, more: Partial<DoctorOptions> = {}): Promise<DoctorReport> {
  return examined({ ...doctorOn(shop.sandbox), webhookUrl, ...more });
}

/** Listens, and gives the URL. */
async function served(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A reverse proxy, which may change path and body. */
function proxyTo(
  target: string,
  change: { path?: (path: string) => string; body?: (body: string) => string },
): Promise<string> {
  const { path = (it) => it, body = (it) => it } = change;
  return served((incoming, outgoing) => {
    void text(incoming).then((received) => {
      const sent = body(received);
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) };
      const forwarded = httpRequest(target + path(incoming.url ?? '/'), { method: 'POST', headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      });
      forwarded.end(sent);
    });
  });
}

const json = (change: (value: unknown) => unknown) => (body: string) =>
  body === '' ? '' : JSON.stringify(change(JSON.parse(body)));

/** Verifies what a body parser has made of the body. */
@Controller()
class ParsedRoute {
  constructor(private readonly webhooks: LalamoveWebhooks) {}

  @Post('created')
  async created(@Req() { body }: { body: object | undefined }): Promise<void> {
    await this.webhooks.handle(body ?? '', { path: '/created' });
  }

  @Post('blind')
  blind(): string {
    return 'fine';
  }
}

/** A route of the app that answers 200 whatever comes. */
function answering(status: number, body = '', headers: Record<string, string> = {}): RequestListener {
  return (incoming: IncomingMessage, outgoing) => {
    incoming.resume();
    outgoing.writeHead(status, headers).end(body);
  };
}

describe.each(PLATFORMS)('LalamoveDoctor at a webhook URL on %s', (platform) => {
  it('finds nothing wrong with a good one, and no handler gets its events', async () => {
    const shop = await shopOn(platform);
    const report = await examine(shop, `${shop.url}/hooks`);
    expect(problemsOf(report)).toEqual({});
    const webhook = report.findings.filter(({ check }) => check.startsWith('webhook-'));
    expect(webhook.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 'ok'));
    expect(shop.app.get(Ledger).events).toEqual([]);
    expect(shop.logger.of('error')).toEqual([]);
    expect(shop.logger.of('warn').join('\n')).toMatch(/An event that is too old was dropped/);
    const calls = shop.sandbox.requests.map(({ operation }) => operation);
    expect(calls).toEqual(['getCities']);
  });

  it('takes the URL of the options, also with the longest maxAgeSeconds', async () => {
    const shop = await shopOn(platform, { maxAgeSeconds: 31_536_000 });
    const report = await examined({ ...doctorOn(shop.sandbox), webhook: { url: `${shop.url}/hooks` } });
    expect(problemsOf(report)).toEqual({});
    expect(shop.app.get(Ledger).events).toEqual([]);
  });

  it('finds a wrong path', async () => {
    const shop = await shopOn(platform);
    expect(problemsOf(await examine(shop, `${shop.url}/api/hooks`))).toEqual({
      'webhook-reachable': expect.stringMatching(
        /^failed: 127\.0\.0\.1:\d+ has nothing at \/api\/hooks \(404\)\. The path/,
      ),
    });
  });

  it('finds a wrong secret', async () => {
    const shop = await shopOn(platform, { secrets: ['sk_test_of_another_account'] });
    expect(problemsOf(await examine(shop, `${shop.url}/hooks`))).toEqual({
      'webhook-signature': expect.stringMatching(/^failed: .*refused \(401\).* The secret differs: compare the app's/),
    });
  });

  it('finds that only another secret is accepted', async () => {
    const shop = await shopOn(platform, { secrets: ['sk_test_of_another_account'] });
    const webhook = { secrets: ['sk_test_of_another_account'] };
    expect(problemsOf(await examine(shop, `${shop.url}/hooks`, { webhook }))).toEqual({
      'webhook-signature': expect.stringMatching(/accepts another one of webhook\.secrets/),
    });
  });

  it('finds a proxy that changes the path', async () => {
    const shop = await shopOn(platform);
    const proxy = await proxyTo(shop.url, { path: (path) => path.replace('/public', '') });
    expect(problemsOf(await examine(shop, `${proxy}/public/hooks`))).toEqual({
      'webhook-signature': expect.stringMatching(
        /checks signatures for the path \/hooks, but Lalamove signs \/public\/hooks.* Set webhook\.publicPath/,
      ),
    });
    const knowing = await shopOn(platform, { publicPath: '/public/hooks' });
    const right = await proxyTo(knowing.url, { path: (path) => path.replace('/public', '') });
    expect(problemsOf(await examine(knowing, `${right}/public/hooks`))).toEqual({});
  });

  it('finds a path that a proxy changes to quite another one, if the options name it', async () => {
    const shop = await shopOn(platform);
    const proxy = await proxyTo(shop.url, { path: () => '/hooks' });
    const problems = problemsOf(await examine(shop, `${proxy}/lalamove`, { webhook: { path: 'hooks' } }));
    expect(problems['webhook-signature']).toMatch(/for the path \/hooks, but Lalamove signs \/lalamove/);
  });

  it('finds a body that is reformatted, or changed, or lost', async () => {
    const shop = await shopOn(platform);
    const reformatting = await proxyTo(shop.url, { body: json((value) => value) });
    expect(problemsOf(await examine(shop, `${reformatting}/hooks`))).toEqual({
      'webhook-body': expect.stringMatching(/^warning: The body is reformatted on its way/),
    });
    const changing = await proxyTo(shop.url, { body: (body) => body.replace('é', 'e') });
    expect(problemsOf(await examine(shop, `${changing}/hooks`))).toEqual({
      'webhook-body': expect.stringMatching(/^failed: The body is changed on its way/),
    });
    const losing = await proxyTo(shop.url, { body: () => '' });
    expect(problemsOf(await examine(shop, `${losing}/hooks`))).toEqual({
      'webhook-refusal': expect.stringMatching(/^failed: .*nothing verifies it, or the body is lost/),
    });
    const breaking = await proxyTo(shop.url, { body: (body) => body.slice(0, 20) });
    expect(problemsOf(await examine(shop, `${breaking}/hooks`))).toEqual({
      'webhook-signature': expect.stringMatching(/^failed: The app gets a body that is no JSON object/),
    });
  });

  it("finds routes of the app's own that answer 201, or verify nothing", async () => {
    const shop = await shopOn(platform, {}, { controllers: [ParsedRoute] });
    const problems = problemsOf(await examine(shop, `${shop.url}/blind`));
    const created = platform === 'express' ? /answers 201, and Lalamove demands 200/ : /refuses an empty JSON body|201/;
    expect(problems).toEqual({ 'webhook-reachable': expect.stringMatching(created) });
    const blind = await served(answering(200, 'fine'));
    expect(problemsOf(await examine(shop, `${blind}/hooks`))).toEqual({
      'webhook-refusal': expect.stringMatching(/nothing verifies it/),
    });
  });

  it('finds a guard before the endpoint', async () => {
    const shop = await shopOn(platform, {}, {}, (app) => {
      app.use((_: unknown, response: { statusCode: number; end: (body: string) => void }) => {
        response.statusCode = 401;
        response.end('Who are you?');
      });
    });
    const problems = problemsOf(await examine(shop, `${shop.url}/elsewhere`));
    expect(problems['webhook-reachable']).toMatch(/demands credentials \(401\), before the webhook endpoint/);
  });
});

describe('LalamoveDoctor at a webhook URL', () => {
  it('finds redirects, and hides the query of their targets', async () => {
    const shop = await shopOn('express');
    const location = 'https://shop.example/hooks/?token=hush-hush';
    const url = await served(answering(301, '', { location }));
    const report = await examine(shop, `${url}/hooks?token=hush-hush`);
    expect(problemsOf(report)).toEqual({
      'webhook-reachable': expect.stringMatching(/redirect \(301\) to https:\/\/shop\.example\/hooks\/\. .*final URL/),
    });
    expect(JSON.stringify(report)).not.toContain('hush');
  });

  it.each([
    [502, /does not reach the app \(502\)/],
    [500, /answers 500/],
    [403, /demands credentials \(403\)/],
    [405, /accepts no POST \(405\)/],
    [204, /answers 204, and Lalamove demands 200/],
  ])('explains %d', async (status, expected) => {
    const shop = await shopOn('express');
    const url = await served(answering(status));
    const problems = problemsOf(await examine(shop, `${url}/hooks`));
    expect(problems).toEqual({ 'webhook-reachable': expect.stringMatching(expected) });
  });

  it('finds an app that is down, or does not answer in time', async () => {
    const shop = await shopOn('express');
    const down = `http://127.0.0.1:${await freePort()}/hooks`;
    expect(problemsOf(await examine(shop, down))['webhook-reachable']).toMatch(/^failed: Nothing listens at/);
    const silent = await served(() => undefined);
    const problems = problemsOf(await examine(shop, `${silent}/hooks`, { timeoutMs: 300 }));
    expect(problems['webhook-reachable']).toMatch(/did not answer within 3\d\d ms/);
  });

  it('finds a certificate that is not trusted, and http in place of https', async () => {
    const shop = await shopOn('express');
    const [key, cert] = ['key', 'cert'].map((name) => readFileSync(`test/fixtures/tls/${name}.pem`));
    const server = createSecureServer({ key, cert }, answering(200)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(async () => {
      server.close();
      await once(server, 'close');
    });
    const { port } = server.address() as AddressInfo;
    expect(problemsOf(await examine(shop, `https://127.0.0.1:${port}/hooks`))['webhook-reachable']).toMatch(
      /^failed: TLS/,
    );
    const plain = problemsOf(await examine(shop, `http://127.0.0.1:${port}/hooks`))['webhook-reachable'];
    expect(plain).toMatch(/^failed: The connection to .* broke .*http instead of https/);
    const httpPort = new URL(await served(answering(200))).port;
    expect(problemsOf(await examine(shop, `https://127.0.0.1:${httpPort}/hooks`))['webhook-reachable']).toMatch(
      /^failed: TLS with .* failed .*This port seems to speak http: use http:\/\/ in the URL, or the port of TLS\.$/,
    );
  });

  it('finds a slow answer', async () => {
    const shop = await shopOn('express');
    const url = await served((incoming, outgoing) => {
      void setTimeout(2100).then(() => {
        answering(200)(incoming, outgoing);
      });
    });
    const problems = problemsOf(await examine(shop, `${url}/hooks`));
    expect(problems['webhook-speed']).toMatch(/^warning: An answer took 2[1-9]\d\d ms/);
  });

  it.each([
    ['http://localhost:3000/hooks', /cannot reach localhost/],
    ['https://192.168.1.7/hooks', /cannot reach 192\.168\.1\.7/],
    ['https://[::1]/hooks', /cannot reach \[::1\]/],
    ['https://shop.internal/hooks', /cannot reach shop\.internal/],
  ])('finds that Lalamove cannot reach %s', async (webhookUrl, expected) => {
    // A proxy that refuses everything stands for Lalamove, and for the URL.
    const refusing = await served(answering(503));
    const http = { proxy: { host: '127.0.0.1', port: Number(new URL(refusing).port), protocol: 'http' } };
    const keys = { apiKey: 'pk_test_a1b2c3d4', apiSecret: 'sk_test_a1b2c3d4', market: 'HK' };
    const report = await examined({ ...keys, webhookUrl, http, timeoutMs: 500 });
    expect(problemsOf(report)['webhook-url']).toMatch(expected);
  });
});
