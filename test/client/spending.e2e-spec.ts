import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { HttpService } from '@nestjs/axios';
import { Test } from '@nestjs/testing';
import type { AxiosError, InternalAxiosRequestConfig } from 'axios';
import { EventEmitter } from 'node:events';
import nodeHttp, { Agent, get } from 'node:http';
import { EMPTY } from 'rxjs';
import {
  getLalamoveHttpToken,
  LalamoveModule,
  LalamoveOutcomeUnknownException,
  LalamoveService,
  type LalamoveModuleOptions,
} from 'nestjs-lalamove';
import { CALLS, ORDER, SPENDING } from '../support/inputs.js';
import { failureOf, KEYS, startLalamove } from '../support/lalamove.js';
import { ManualClock } from '../support/manual-clock.js';
import { http, RawServer, type RawHandler } from '../support/raw-server.js';

/** Ends that do not show whether Lalamove executed the call, and the status for the consumers of the app. */
const AMBIGUOUS: [string, RawHandler, number][] = [
  ['a reset', (socket) => socket.resetAndDestroy(), 502],
  ['a close', (socket) => socket.end(), 502],
  ['hang', () => undefined, 504],
  ['a 500', (socket) => socket.write(http(500, '{"message":"ERR_SOMETHING"}')), 500],
  ['an empty 503', (socket) => socket.write(http(503, '', { 'retry-after': '1' })), 503],
  ['an HTML 502', (socket) => socket.write(http(502, '<html></html>', { 'content-type': 'text/html' })), 502],
  ['a 408', (socket) => socket.write(http(408, '')), 504],
  ['a 422 that is cut', (socket) => socket.end('HTTP/1.1 422 No\r\ncontent-length: 500\r\n\r\n{"errors":[{'), 502],
  ['a 403 that is cut before its body', (socket) => socket.end('HTTP/1.1 403 No\r\ncontent-length: 9\r\n\r\n'), 502],
  ['a 404 that stalls', (socket) => socket.write('HTTP/1.1 404 No\r\ncontent-length: 500\r\n\r\n'), 502],
  ['a redirect', (socket) => socket.write(http(307, '', { location: '/v3/elsewhere' })), 502],
  ['an unreadable 201', (socket) => socket.write(http(201, '{"data":{"order')), 502],
  ['an HTML 200', (socket) => socket.write(http(200, '<html></html>', { 'content-type': 'text/html' })), 502],
  ['a 200 that lists errors', (socket) => socket.write(http(200, '{"errors":[{"id":"ERR_INVALID_FIELD"}]}')), 502],
  ['a 201 that is cut', (socket) => socket.end('HTTP/1.1 201 Created\r\ncontent-length: 500\r\n\r\n{"data":{'), 502],
  ['a 201 that stalls', (socket) => socket.write('HTTP/1.1 201 Created\r\ncontent-length: 500\r\n\r\n{"data":{'), 504],
  ['garbage', (socket) => socket.write('SPDY nonsense\r\n\r\n'), 502],
];

describe('a call that must not be retried', () => {
  let server: RawServer;
  let close: () => Promise<void>;

  afterEach(async () => {
    await close();
    await server.stop();
  });

  async function run(name: string, handle: RawHandler, more: Partial<LalamoveModuleOptions> = {}): Promise<Error> {
    server = await RawServer.start(handle);
    const retry = { maxAttempts: 5, baseDelayMs: 1, maxDelayMs: 1 };
    const started = await startLalamove({ ...KEYS, baseUrl: server.url, timeoutMs: 400, retry, ...more });
    close = started.close;
    return failureOf(CALLS[name]?.(started.lalamove) ?? Promise.reject(new Error(`no call ${name}`)));
  }

  describe.each(SPENDING)('%s', (name) => {
    it.each(AMBIGUOUS)('is sent once and has an unknown outcome after %s', async (_, handle, status) => {
      const error = await run(name, handle);
      expect(error).toBeInstanceOf(LalamoveOutcomeUnknownException);
      expect(error).toMatchObject({
        operation: name,
        retryable: false,
        fixableBy: 'host',
        retryAfterSeconds: undefined,
      });
      expect((error as LalamoveOutcomeUnknownException).getStatus()).toBe(status);
      expect(server.requests).toHaveLength(1);
    });
  });

  it('reports what is needed to look up the outcome', async () => {
    const error = await run('placeOrder', (socket) => socket.write(http(500, '{"message":"ERR_SOMETHING"}')));
    expect(error).toMatchObject({
      code: 'ERR_SOMETHING',
      upstreamStatus: 500,
      quotationId: ORDER.quotationId,
      metadata: ORDER.metadata,
      sentRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      cause: { name: 'LalamoveServerException', code: 'ERR_SOMETHING', upstreamStatus: 500 },
    });
    expect(server.requests[0]).toContain(
      `Request-ID: ${(error as LalamoveOutcomeUnknownException).sentRequestId ?? ''}`,
    );
  });

  it('reports its cause if there was no answer', async () => {
    const error = await run('addPriorityFee', () => undefined);
    expect(error).toMatchObject({
      code: 'LALAMOVE_OUTCOME_UNKNOWN',
      orderId: '1',
      cause: { code: 'LALAMOVE_TIMEOUT' },
    });
  });

  it('has a status that does not invite the consumer to retry, under the gateway policy', async () => {
    const error = await run('placeOrder', (socket) => socket.write(http(500, '')), { errors: { status: 'gateway' } });
    expect((error as LalamoveOutcomeUnknownException).getResponse()).toMatchObject({
      statusCode: 502,
      code: 'LALAMOVE_OUTCOME_UNKNOWN',
      message: expect.stringContaining('Do not repeat'),
    });
  });

  it('is retried after a 429, which was refused unprocessed', async () => {
    const order = JSON.stringify({ data: { orderId: '7' } });
    let answers = 0;
    server = await RawServer.start((socket) => socket.write(answers++ === 0 ? http(429, '') : http(201, order)));
    const started = await startLalamove({ ...KEYS, baseUrl: server.url, retry: { baseDelayMs: 1 } });
    close = started.close;
    await expect(started.lalamove.placeOrder(ORDER)).resolves.toMatchObject({ orderId: '7' });
    expect(server.requests).toHaveLength(2);
  });

  it('is retried if no connection was made, and then fails as a plain connection error', async () => {
    server = await RawServer.start(() => undefined);
    const { url } = server;
    await server.stop();
    server = await RawServer.start(() => undefined);
    const started = await startLalamove({ ...KEYS, baseUrl: url, retry: { maxAttempts: 2, baseDelayMs: 1 } });
    close = started.close;
    const error = await failureOf(started.lalamove.placeOrder(ORDER));
    expect(error).toMatchObject({
      name: 'LalamoveConnectionException',
      retryable: true,
      sentRequestId: undefined,
      mirrorStatus: 502,
    });
  });

  it('reports the status that came before the answer broke off', async () => {
    const cut = 'HTTP/1.1 201 Created\r\nrequest-id: r-1\r\ncontent-length: 500\r\n\r\n{';
    const error = await run('placeOrder', (socket) => socket.end(cut));
    expect(error).toMatchObject({
      upstreamStatus: 201,
      requestId: 'r-1',
      mirrorStatus: 502,
      cause: { upstreamStatus: 201 },
    });
  });

  describe('with interceptors on its HttpService', () => {
    /** The error of a refused connection, of another request. */
    const refused = (): Promise<never> =>
      new Promise((_, reject) => {
        get('http://127.0.0.1:1/').on('error', reject);
      });

    async function intercepted(add: (http: HttpService) => void, handle: RawHandler): Promise<Error> {
      server = await RawServer.start(handle);
      const options = { ...KEYS, baseUrl: server.url, retry: { maxAttempts: 3, baseDelayMs: 1 } };
      const module = await Test.createTestingModule({ imports: [LalamoveModule.forRoot(options)] }).compile();
      close = () => module.close();
      add(module.get<HttpService>(getLalamoveHttpToken()));
      return failureOf(module.get(LalamoveService).placeOrder(ORDER));
    }

    it('is unknown, and not retried, if one fails on its own connection after the answer', async () => {
      const error = await intercepted(
        (http) => http.axiosRef.interceptors.response.use(() => refused()),
        (socket) => socket.write(http(201, '{"data":{"orderId":"7"}}')),
      );
      expect(error).toMatchObject({ name: 'LalamoveOutcomeUnknownException' });
      expect(server.requests).toHaveLength(1);
    });

    it('is unknown, and not retried, if one retries it and gets a refused connection', async () => {
      let repeated = false;
      const error = await intercepted(
        (http) =>
          http.axiosRef.interceptors.response.use(
            undefined,
            async (failure: AxiosError & { config: InternalAxiosRequestConfig }) => {
              if (repeated) throw failure;
              repeated = true;
              await server.stop();
              return http.axiosRef.request(failure.config);
            },
          ),
        (socket) => socket.resetAndDestroy(),
      );
      expect(error).toMatchObject({ name: 'LalamoveOutcomeUnknownException' });
      expect(server.requests).toHaveLength(1);
      server = await RawServer.start(() => undefined);
    });

    it.each([
      ['no connection', (): Promise<void> => server.stop(), 'LALAMOVE_CONNECTION'],
      ['a refusal that breaks off', (): Promise<void> => Promise.resolve(), 'LALAMOVE_CONNECTION'],
    ])('is unknown if one sends it by another adapter first, and ours then ends with %s', async (_, before, code) => {
      const error = await intercepted(
        (http) =>
          http.axiosRef.interceptors.request.use(async (config) => {
            const first = http.axiosRef.create({ adapter: 'http' }).request({ ...config, adapter: 'http' });
            await first.catch(() => undefined);
            await before();
            return config;
          }),
        (socket) => {
          if (server.requests.length === 1) socket.resetAndDestroy();
          else socket.end('HTTP/1.1 422 No\r\ncontent-length: 500\r\n\r\n{"errors":[{');
        },
      );
      expect(error).toMatchObject({ name: 'LalamoveOutcomeUnknownException', cause: { code } });
      expect(server.requests.length).toBeLessThanOrEqual(2);
      await server.stop();
      server = await RawServer.start(() => undefined);
    });

    it('is unknown if one replaces our transformRequest', async () => {
      const error = await intercepted(
        (http) =>
          http.axiosRef.interceptors.request.use((config) => ({
            ...config,
            transformRequest: (data: unknown) => data,
          })),
        (socket) => socket.resetAndDestroy(),
      );
      expect(error).toMatchObject({ name: 'LalamoveOutcomeUnknownException' });
      expect(server.requests).toHaveLength(1);
    });

    it('is unknown if one fails before the request is sent, because the client cannot know more', async () => {
      const error = await intercepted(
        (http) => http.axiosRef.interceptors.request.use(() => Promise.reject(new Error('no token'))),
        () => undefined,
      );
      expect(error).toMatchObject({
        name: 'LalamoveOutcomeUnknownException',
        cause: { name: 'LalamoveConnectionException', cause: { message: 'no token' } },
      });
      expect(server.requests).toHaveLength(0);
    });

    it('is never sent after a timeout while it waited for a socket, even if one replaced our signal', async () => {
      let free: () => void = () => undefined;
      server = await RawServer.start((socket, request) => {
        if (request.startsWith('GET')) free = () => socket.write(http(200, '{"data":{"orderId":"1"}}'));
        else socket.write(http(201, '{"data":{"orderId":"7"}}'));
      });
      const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 });
      const options = { ...KEYS, baseUrl: server.url, retry: { maxAttempts: 3, baseDelayMs: 1 }, http: { httpAgent } };
      const started = await startLalamove(options, ({ axiosRef }) =>
        axiosRef.interceptors.request.use((config) => ({ ...config, signal: new AbortController().signal })),
      );
      close = started.close;
      const reading = started.lalamove.getOrder('1');
      while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      const error = await failureOf(started.lalamove.placeOrder(ORDER, { timeoutMs: 30 }));
      expect(error).toMatchObject({ name: 'LalamoveTimeoutException', sentRequestId: undefined });
      free();
      await reading;
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(server.requests.filter((request) => request.startsWith('POST'))).toHaveLength(0);
      httpAgent.destroy();
    });

    it('is unknown after a timeout of a mock of node:http, because its connections cannot be observed', async () => {
      const sent = jest.fn();
      jest
        .spyOn(nodeHttp, 'request')
        .mockImplementation(() => Object.assign(new EventEmitter(), { end: sent, destroy: () => undefined }) as never);
      server = await RawServer.start(() => undefined);
      const retry = { maxAttempts: 3, baseDelayMs: 1 };
      const started = await startLalamove({ ...KEYS, baseUrl: server.url, timeoutMs: 30, retry });
      close = started.close;
      const error = await failureOf(started.lalamove.placeOrder(ORDER));
      jest.restoreAllMocks();
      expect(error).toMatchObject({ name: 'LalamoveOutcomeUnknownException' });
      expect(sent).toHaveBeenCalledTimes(1);
    });

    it.each([
      ['ends without an answer', () => EMPTY],
      [
        'throws',
        () => {
          throw Object.assign(new Error('x'), { syscall: 'connect' });
        },
      ],
      ['returns nothing', () => undefined],
    ])('is unknown if a replaced HttpService %s', async (_, request) => {
      server = await RawServer.start(() => undefined);
      const module = await Test.createTestingModule({ imports: [LalamoveModule.forRoot(KEYS)] })
        .overrideProvider(getLalamoveHttpToken())
        .useValue({ request })
        .compile();
      close = () => module.close();
      const error = await failureOf(module.get(LalamoveService).placeOrder(ORDER));
      expect(error).toMatchObject({ name: 'LalamoveOutcomeUnknownException' });
    });
  });

  it('is not sent again if a hook changes its exception', async () => {
    const onResponse = ({ error }: { error: object | undefined }): void => {
      if (error) Object.assign(error, { retryable: true, upstreamStatus: 429 });
    };
    const error = await run('placeOrder', (socket) => socket.write(http(500, '')), { hooks: { onResponse } });
    expect(error).toMatchObject({ name: 'LalamoveOutcomeUnknownException' });
    expect(server.requests).toHaveLength(1);
  });

  it('is not sent again after its deadline if a busy process wakes late', async () => {
    const clock = new ManualClock();
    server = await RawServer.start((socket) => socket.write(http(429, '', { 'retry-after': '1' })));
    const started = await startLalamove({ ...KEYS, baseUrl: server.url, clock, deadlineMs: 2100, timeoutMs: 1000 });
    close = started.close;
    const failure = failureOf(started.lalamove.placeOrder(ORDER));
    while (clock.waiting === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    clock.wakeLate(1500);
    expect(await failure).toMatchObject({ name: 'RateLimitedException' });
    expect(server.requests).toHaveLength(1);
  });

  it('reports on abort that nothing was sent, or that the outcome is unknown', async () => {
    const reached = deferred();
    server = await RawServer.start(() => {
      reached.resolve(undefined);
    });
    const started = await startLalamove({ ...KEYS, baseUrl: server.url });
    close = started.close;
    await expect(started.lalamove.placeOrder(ORDER, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'LalamoveAbortedException',
      mirrorStatus: 499,
    });
    expect(server.requests).toHaveLength(0);
    const controller = new AbortController();
    const failure = failureOf(started.lalamove.placeOrder(ORDER, { signal: controller.signal }));
    await reached.promise;
    controller.abort();
    expect(await failure).toMatchObject({
      name: 'LalamoveOutcomeUnknownException',
      cause: { code: 'LALAMOVE_ABORTED' },
    });
  });
});

function deferred(): { promise: Promise<unknown>; resolve: (value: unknown) => void } {
  let resolve: (value: unknown) => void = () => undefined;
  const promise = new Promise<unknown>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
