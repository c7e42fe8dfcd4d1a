import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { HttpService } from '@nestjs/axios';
import { Test } from '@nestjs/testing';
import Axios, { type AxiosAdapter } from 'axios';
import http, { Agent, createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { of, throwError } from 'rxjs';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import {
  getLalamoveHttpToken,
  getLalamoveToken,
  LalamoveModule,
  type LalamoveModuleOptions,
  type LalamoveService,
} from 'nestjs-lalamove';
import { ORDER } from '../support/inputs.js';
import { failureOf, KEYS, startLalamove } from '../support/lalamove.js';
import { http as answerOf, RawServer, type RawHandler } from '../support/raw-server.js';

const ORDER_TEXT = '{"data":{"orderId":"7"}}';

describe('the transport', () => {
  let server: RawServer;
  let answer: RawHandler;
  let stops: (() => Promise<void>)[];

  beforeEach(async () => {
    answer = (socket) => socket.write(answerOf(200, ORDER_TEXT));
    server = await RawServer.start((socket, request) => {
      answer(socket, request);
    });
    stops = [() => server.stop()];
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    for (const stop of stops.reverse()) await stop();
  });

  async function start(
    prepare?: (service: HttpService) => void,
    more: Partial<LalamoveModuleOptions> = {},
  ): Promise<LalamoveService> {
    const retry = { maxAttempts: 1 };
    const { lalamove, close } = await startLalamove({ ...KEYS, baseUrl: server.url, retry, ...more }, prepare);
    stops.push(close);
    return lalamove;
  }

  describe('passes each request to', () => {
    /** Each intercepts requests, and calls `asked` for each of them. */
    const WATCHERS: [string, (service: HttpService, asked: () => void) => void][] = [
      [
        'a request interceptor',
        ({ axiosRef }, asked) =>
          axiosRef.interceptors.request.use((config) => {
            asked();
            return config;
          }),
      ],
      [
        'a response interceptor',
        ({ axiosRef }, asked) =>
          axiosRef.interceptors.response.use((response) => {
            asked();
            return response;
          }),
      ],
      [
        'another adapter',
        ({ axiosRef }, asked) => {
          const adapter: AxiosAdapter = (config) => {
            asked();
            return Axios.getAdapter('http')(config);
          };
          axiosRef.defaults.adapter = adapter;
        },
      ],
      [
        'a spy on request',
        (service, asked) => {
          const spied = service.request.bind(service);
          jest.spyOn(service, 'request').mockImplementation((config) => {
            asked();
            return spied(config);
          });
        },
      ],
      [
        "a spy on every HttpService's request",
        (service, asked) => {
          const spied = service.request.bind(service);
          jest.spyOn(HttpService.prototype, 'request').mockImplementation((config) => {
            asked();
            return spied(config);
          });
        },
      ],
      [
        "a spy on axios's request",
        ({ axiosRef }, asked) => {
          const spied = axiosRef.request.bind(axiosRef);
          jest.spyOn(axiosRef, 'request').mockImplementation((config) => {
            asked();
            return spied(config);
          });
        },
      ],
      [
        'a mock of node:http',
        (_, asked) => {
          const { request } = http;
          jest.spyOn(http, 'request').mockImplementation((...args: Parameters<typeof request>) => {
            asked();
            return request(...args);
          });
        },
      ],
    ];

    it.each(WATCHERS)('%s', async (_, watch) => {
      const asked = jest.fn();
      const lalamove = await start((service) => {
        watch(service, asked);
      });
      await expect(lalamove.placeOrder(ORDER)).resolves.toEqual({ orderId: '7' });
      await expect(lalamove.getOrder('7')).resolves.toEqual({ orderId: '7' });
      expect(asked).toHaveBeenCalledTimes(2);
      expect(server.requests).toHaveLength(2);
    });

    it('the fetch adapter of axios, even if there is no answer in time', async () => {
      answer = () => undefined;
      const lalamove = await start(({ axiosRef }) => (axiosRef.defaults.adapter = 'fetch'), { timeoutMs: 1500 });
      expect(await failureOf(lalamove.placeOrder(ORDER))).toMatchObject({ code: 'LALAMOVE_OUTCOME_UNKNOWN' });
      expect(server.requests).toHaveLength(1);
    });

    it.each(WATCHERS.slice(0, 4))('%s, also for a refusal', async (_, watch) => {
      answer = (socket) => socket.write(answerOf(422, '{"errors":[{"id":"ERR_INVALID_QUOTATION_ID"}]}'));
      const lalamove = await start((service) => {
        watch(service, () => undefined);
      });
      expect(await failureOf(lalamove.placeOrder(ORDER))).toMatchObject({ name: 'InvalidQuotationException' });
    });

    it('no interceptor that was ejected', async () => {
      const asked = jest.fn();
      const lalamove = await start(({ axiosRef }) => {
        const id = axiosRef.interceptors.request.use((config) => {
          asked();
          return config;
        });
        axiosRef.interceptors.request.eject(id);
      });
      await lalamove.getOrder('7');
      expect(asked).not.toHaveBeenCalled();
    });
  });

  it('sends the same bytes with and without an interceptor', async () => {
    const plain = await start();
    const watched = await start(({ axiosRef }) => axiosRef.interceptors.request.use((config) => config));
    const options = { requestId: 'r-1' };
    await plain.placeOrder(ORDER, options);
    await watched.placeOrder(ORDER, options);
    const [first, second] = server.requests.map((request) =>
      request
        .replace(/hmac \S+/, '')
        .split('\r\n')
        .sort((a, b) => a.localeCompare(b)),
    );
    expect(first).toEqual(second);
    expect(server.requests[0]).toContain('User-Agent: nestjs-lalamove');
  });

  it('passes the answer to an interceptor as text, and uses what it returns', async () => {
    const seen: unknown[] = [];
    const lalamove = await start(({ axiosRef }) =>
      axiosRef.interceptors.response.use((response) => {
        seen.push(response.status, response.data);
        return { ...response, data: ORDER_TEXT.replace('7', '8') };
      }),
    );
    await expect(lalamove.getOrder('7')).resolves.toEqual({ orderId: '8' });
    expect(seen).toEqual([200, ORDER_TEXT]);
  });

  it('sends the default headers of the app, but none in place of its own', async () => {
    const headers = { 'X-Shop': 'one', authorization: 'mine', 'User-Agent': 'shop/1' };
    const lalamove = await start(
      ({ axiosRef }) => {
        axiosRef.defaults.headers.common['X-Later'] = 'two';
        axiosRef.defaults.headers.get['X-Reading'] = 'three';
      },
      { http: { headers } },
    );
    await lalamove.getOrder('7');
    const [request = ''] = server.requests;
    expect(request).toContain('X-Shop: one\r\n');
    expect(request).toContain('X-Later: two\r\n');
    expect(request).toContain('X-Reading: three\r\n');
    expect(request).toContain('User-Agent: shop/1\r\n');
    expect(request.match(/authorization: .*/gi)).toEqual([expect.stringContaining('hmac pk_test_public:')]);
  });

  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['deflate', deflateRawSync],
    ['identity', (text: string) => Buffer.from(text)],
  ])('reads an answer that a gateway compressed with %s', async (encoding, pack) => {
    const bytes = answerOf(200, pack(ORDER_TEXT), { 'content-encoding': encoding });
    answer = (socket) => socket.write(bytes);
    const lalamove = await start();
    await expect(lalamove.getOrder('7')).resolves.toEqual({ orderId: '7' });
  });

  it('does not decompress more than 4 MB', async () => {
    const bytes = answerOf(200, gzipSync('x'.repeat(50 * 1024 * 1024)), { 'content-encoding': 'gzip' });
    answer = (socket) => socket.write(bytes);
    const lalamove = await start();
    expect(await failureOf(lalamove.getOrder('7'))).toMatchObject({ name: 'LalamoveUnreadableResponseException' });
  });

  it('uses the agents of the app', async () => {
    const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 });
    const lalamove = await start(undefined, { http: { httpAgent } });
    await Promise.all(Array.from({ length: 5 }, () => lalamove.getOrder('7')));
    expect(server.connections).toBe(1);
    httpAgent.destroy();
  });

  it('opens at most 100 connections at once, and closes those above 20', async () => {
    const held: (() => void)[] = [];
    answer = (socket) => held.push(() => socket.write(answerOf(200, ORDER_TEXT)));
    const lalamove = await start();
    const calls = Array.from({ length: 130 }, () => lalamove.getOrder('7'));
    while (held.length < 100) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([held.length, server.connections]).toEqual([100, 100]);
    answer = (socket) => socket.write(answerOf(200, ORDER_TEXT));
    for (const release of held) release();
    await Promise.all(calls);
    expect(server.connections).toBe(100);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.open).toBeLessThanOrEqual(20);
  });

  describe('through a proxy', () => {
    let proxy: Server;
    let proxied: string[];

    beforeEach(async () => {
      proxied = [];
      proxy = createServer((request, response) => {
        proxied.push(`${request.method ?? ''} ${request.url ?? ''}`);
        response.writeHead(200, { 'content-type': 'application/json' }).end(ORDER_TEXT);
      });
      proxy.listen(0, '127.0.0.1');
      await once(proxy, 'listening');
      stops.push(async () => {
        proxy.closeAllConnections();
        proxy.close();
        await once(proxy, 'close');
      });
    });

    const portOf = (): number => {
      const address = proxy.address();
      return typeof address === 'object' && address ? address.port : 0;
    };

    it('by option', async () => {
      const lalamove = await start(undefined, { http: { proxy: { host: '127.0.0.1', port: portOf() } } });
      await expect(lalamove.placeOrder(ORDER)).resolves.toEqual({ orderId: '7' });
      expect(proxied).toEqual([`POST ${server.url}/v3/orders`]);
    });

    it('by the environment, unless it is switched off', async () => {
      process.env.HTTP_PROXY = `http://127.0.0.1:${portOf()}`;
      try {
        const baseUrl = 'http://lalamove.test';
        const lalamove = await start(undefined, { baseUrl });
        await expect(lalamove.getOrder('7')).resolves.toEqual({ orderId: '7' });
        expect(proxied).toEqual([`GET ${baseUrl}/v3/orders/7`]);
        const direct = await start(undefined, { http: { proxy: false } });
        await direct.getOrder('7');
        expect([proxied.length, server.requests.length]).toEqual([1, 1]);
      } finally {
        delete process.env.HTTP_PROXY;
      }
    });

    it('ends as unknown if the proxy fails with the request, but not if it is not running', async () => {
      proxy.removeAllListeners('request').on('request', ({ socket }) => {
        socket.destroy();
      });
      const port = portOf();
      const lalamove = await start(undefined, { http: { proxy: { host: '127.0.0.1', port } } });
      expect(await failureOf(lalamove.placeOrder(ORDER))).toMatchObject({ name: 'LalamoveOutcomeUnknownException' });
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
      expect(await failureOf(lalamove.placeOrder(ORDER))).toMatchObject({ name: 'LalamoveConnectionException' });
      proxy.listen(0, '127.0.0.1');
      await once(proxy, 'listening');
    });
  });

  describe('with a mocked HttpService', () => {
    async function mocked(request: () => unknown): Promise<LalamoveService> {
      const module = await Test.createTestingModule({ imports: [LalamoveModule.forRoot(KEYS)] })
        .overrideProvider(getLalamoveHttpToken())
        .useValue({ request })
        .compile();
      stops.push(() => module.close());
      return module.get(getLalamoveToken());
    }

    it.each([
      ['an object', { data: { orderId: '7' } }],
      ['a text', ORDER_TEXT],
      ['a buffer', Buffer.from(ORDER_TEXT)],
    ])('accepts %s as the answer', async (_, data) => {
      const lalamove = await mocked(() => of({ status: 201, headers: { 'Request-Id': 'r-1' }, data }));
      await expect(lalamove.placeOrder(ORDER)).resolves.toEqual({ orderId: '7' });
    });

    it('treats its error as a connection error', async () => {
      const lalamove = await mocked(() => throwError(() => new Error('mocked')));
      expect(await failureOf(lalamove.getOrder('7', { maxAttempts: 1 }))).toMatchObject({
        name: 'LalamoveConnectionException',
        cause: { message: 'mocked' },
      });
    });
  });
});
