import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, request as forward, type Server } from 'node:http';
import type { INestApplication, Type } from '@nestjs/common';
import { signWebhook } from 'nestjs-lalamove';
import { freePort } from '../../examples/storefront/free-port.js';
import { PLATFORMS, startHost } from '../support/host-app.js';
import { AppModule as BehindAProxy } from './examples/tunnels/behind-a-proxy.js';
import { prepare, prepareWithoutPrefix } from './examples/tunnels/prefixed.js';
import { AppModule as Plain } from './examples/webhooks.js';

const environment = { ...process.env };
const SECRET = 'sk_test_secret';
const DATA = { order: { orderId: '1', status: 'COMPLETED' } };

/** A reverse proxy that changes the path and adds headers, as tunnels and load balancers do. */
async function proxyTo(url: string, changed: (path: string) => string): Promise<{ server: Server; url: string }> {
  const port = await freePort();
  const server = createServer((incoming, outgoing) => {
    const headers = { ...incoming.headers, host: 'shop.example', 'x-forwarded-for': '203.0.113.7', via: '1.1 proxy' };
    const to = forward(url + changed(incoming.url ?? ''), { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502);
      answer.pipe(outgoing);
    });
    incoming.pipe(to);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${port}` };
}

describe.each(PLATFORMS)('docs/guides/webhooks-in-development.md on %s', (platform) => {
  let app: INestApplication;
  let server: Server | undefined;

  beforeEach(() => {
    Object.assign(process.env, {
      LALAMOVE_API_KEY: 'pk_test_key',
      LALAMOVE_API_SECRET: SECRET,
      LALAMOVE_MARKET: 'HK',
    });
  });

  afterEach(async () => {
    server?.close();
    server = undefined;
    await app.close();
    process.env = { ...environment };
  });

  /** Sends a webhook that is signed with the path of its URL, as Lalamove does. */
  async function send(origin: string, path: string): Promise<number> {
    const { body, headers } = signWebhook({ secret: SECRET, path, data: DATA });
    return (await fetch(origin + path, { method: 'POST', body, headers })).status;
  }

  async function started(module: Type, prepared?: (app: INestApplication) => void): Promise<string> {
    const host = await startHost(platform, { imports: [module] }, prepared);
    app = host.app;
    return host.url;
  }

  it('a proxy that takes a prefix away needs publicPath', async () => {
    const url = await started(BehindAProxy);
    const proxy = await proxyTo(url, (path) => path.replace(/^\/couriers/, ''));
    server = proxy.server;
    expect(await send(proxy.url, '/couriers/webhooks/lalamove')).toBe(200);
    expect(await send(url, '/webhooks/lalamove')).toBe(401);
  });

  it('without publicPath the signature does not fit', async () => {
    const proxy = await proxyTo(await started(Plain), (path) => path.replace(/^\/couriers/, ''));
    server = proxy.server;
    expect(await send(proxy.url, '/couriers/webhooks/lalamove')).toBe(401);
  });

  it('a proxy that adds a prefix is told by webhook.url', async () => {
    process.env.LALAMOVE_WEBHOOK_URL = 'https://shop.example/lalamove';
    process.env.LALAMOVE_BASE_URL = 'http://127.0.0.1:9';
    const proxy = await proxyTo(await started(Plain), (path) => `/webhooks${path}`);
    server = proxy.server;
    expect(await send(proxy.url, '/lalamove')).toBe(200);
  });

  it('a tunnel, which keeps the path, needs nothing', async () => {
    const proxy = await proxyTo(await started(Plain), (path) => path);
    server = proxy.server;
    expect(await send(proxy.url, '/webhooks/lalamove')).toBe(200);
  });

  it('a global prefix belongs to the path, a version does not', async () => {
    const url = await started(Plain, prepare);
    expect(await send(url, '/api/webhooks/lalamove')).toBe(200);
    expect(await send(url, '/api/v1/webhooks/lalamove')).toBe(404);
  });

  it('the path can be excluded from the prefix', async () => {
    const url = await started(Plain, prepareWithoutPrefix);
    expect(await send(url, '/webhooks/lalamove')).toBe(200);
  });
});
