import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LalamoveException, type LalamoveService } from 'nestjs-lalamove';
import { ORDER } from '../support/inputs.js';
import { failureOf, KEYS, startLalamove } from '../support/lalamove.js';
import { http, RawServer, type RawHandler } from '../support/raw-server.js';

const page = '<!doctype html><html><body>Sorry</body></html>';
const html = { 'content-type': 'text/html' };
const big = Buffer.alloc(10 * 1024 * 1024, 'x');

/** The answer to a read, the exception class, and the HTTP status for the consumers of the app. */
const ANSWERS: [string, RawHandler, string, number][] = [
  ['an HTML 200', (socket) => socket.write(http(200, page, html)), 'LalamoveUnreadableResponseException', 502],
  ['an HTML 502', (socket) => socket.write(http(502, page, html)), 'LalamoveServerException', 502],
  ['an HTML 404', (socket) => socket.write(http(404, page, html)), 'LalamoveNotFoundException', 404],
  [
    'half a 200',
    (socket) => socket.write(http(200, '{"data":{"orderId":"1"')),
    'LalamoveUnreadableResponseException',
    502,
  ],
  ['half a 422', (socket) => socket.write(http(422, '{"errors":[{"id":"ERR_INV')), 'LalamoveException', 422],
  [
    'a 200 that is cut',
    (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"data"'),
    'LalamoveConnectionException',
    502,
  ],
  [
    'a 422 that is cut',
    (socket) => socket.end('HTTP/1.1 422 No\r\ncontent-length: 99\r\n\r\n{"err'),
    'LalamoveException',
    422,
  ],
  [
    'a 422 that stalls',
    (socket) => socket.write('HTTP/1.1 422 No\r\ncontent-length: 99\r\n\r\n{"err'),
    'LalamoveException',
    422,
  ],
  ['an empty 500', (socket) => socket.write(http(500, '')), 'LalamoveServerException', 500],
  ['an empty 200', (socket) => socket.write(http(200, '')), 'LalamoveUnreadableResponseException', 502],
  [
    'a 204 where an order is due',
    (socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'),
    'LalamoveUnreadableResponseException',
    502,
  ],
  [
    'a 200 without the envelope',
    (socket) => socket.write(http(200, '{"orderId":"1"}')),
    'LalamoveUnreadableResponseException',
    502,
  ],
  ['a 200 of null', (socket) => socket.write(http(200, '{"data":null}')), 'LalamoveUnreadableResponseException', 502],
  [
    'an order whose id is a fraction',
    (socket) => socket.write(http(200, '{"data":{"orderId":33945179659357.02476}}')),
    'LalamoveUnreadableResponseException',
    502,
  ],
  ['errors of nothing', (socket) => socket.write(http(422, '{"errors":{}}')), 'LalamoveException', 422],
  ['a null among errors', (socket) => socket.write(http(422, '{"errors":[null]}')), 'LalamoveException', 422],
  [
    '__proto__ keys',
    (socket) =>
      socket.write(http(422, '{"__proto__":{"errors":[{"id":"ERR_X"}]},"errors":[{"__proto__":{"id":"ERR_Y"}}]}')),
    'LalamoveException',
    422,
  ],
  [
    '10 000 levels of JSON',
    (socket) => socket.write(http(422, '['.repeat(10_000) + ']'.repeat(10_000))),
    'LalamoveException',
    422,
  ],
  ['10 MB with a 200', (socket) => socket.write(http(200, big)), 'LalamoveUnreadableResponseException', 502],
  ['10 MB with a 500', (socket) => socket.write(http(500, big)), 'LalamoveServerException', 500],
  ['a silent server', () => undefined, 'LalamoveTimeoutException', 504],
  [
    'a body that never ends',
    (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{'),
    'LalamoveTimeoutException',
    504,
  ],
  ['a reset', (socket) => socket.resetAndDestroy(), 'LalamoveConnectionException', 502],
  ['a reset after the headers', resetAfterHeaders, 'LalamoveConnectionException', 502],
  [
    'broken gzip',
    (socket) => socket.write(http(200, 'not gzip', { 'content-encoding': 'gzip' })),
    'LalamoveUnreadableResponseException',
    502,
  ],
  [
    'broken brotli',
    (socket) => socket.write(http(200, 'not brotli', { 'content-encoding': 'br' })),
    'LalamoveUnreadableResponseException',
    502,
  ],
  ['no HTTP at all', (socket) => socket.write('220 mail.example.com ESMTP\r\n'), 'LalamoveConnectionException', 502],
  [
    'a redirect',
    (socket) => socket.write(http(302, '', { location: '/v3/orders/2' })),
    'LalamoveUnreadableResponseException',
    502,
  ],
  ['a 304', (socket) => socket.write('HTTP/1.1 304 Not Modified\r\n\r\n'), 'LalamoveUnreadableResponseException', 502],
  ['a 418', (socket) => socket.write(http(418, '{}')), 'LalamoveException', 418],
  ['a 599', (socket) => socket.write(http(599, '{}')), 'LalamoveServerException', 599],
];

describe('an unexpected answer', () => {
  let answer: RawHandler;
  let server: RawServer;
  let lalamove: LalamoveService;
  let close: () => Promise<void>;

  beforeAll(async () => {
    server = await RawServer.start((socket, request) => {
      answer(socket, request);
    });
    const options = { ...KEYS, baseUrl: server.url, timeoutMs: 5000, retry: { maxAttempts: 1 } };
    ({ lalamove, close } = await startLalamove(options));
  });

  afterAll(async () => {
    await close();
    await server.stop();
  });

  it.each(ANSWERS)('to a read ends with its exception: %s', async (_, handle, name, status) => {
    answer = handle;
    // A stalled answer must time out soon. All others get the time that a busy machine needs.
    const timeoutMs = name === 'LalamoveTimeoutException' ? 250 : 5000;
    const error = await failureOf(lalamove.getOrder('1', { timeoutMs }));
    expect(LalamoveException.is(error)).toBe(true);
    expect(error).toMatchObject({ name, mirrorStatus: status, operation: 'getOrder' });
    expect((error as LalamoveException).getStatus()).toBe(status);
    expect(Object.getPrototypeOf({})).not.toHaveProperty('errors');
  });

  it.each(ANSWERS.filter(([what]) => /HTML 200|lists errors/.test(what)))(
    'to a cancellation is no success: %s',
    async (_, handle) => {
      answer = handle;
      expect(await failureOf(lalamove.cancelOrder('1'))).toMatchObject({ name: 'LalamoveUnreadableResponseException' });
    },
  );

  it.each(['{"message":"ERR_CANCELLATION_FORBIDDEN"}', '{"errors":[{"id":"ERR_X"}],"data":{}}', '{}', '"OK"'])(
    'to a cancellation is no success: a 200 of %s',
    async (body) => {
      answer = (socket) => socket.write(http(200, body));
      expect(await failureOf(lalamove.cancelOrder('1'))).toMatchObject({ mirrorStatus: 502, upstreamStatus: 200 });
    },
  );

  it.each(['null', '{}', '""', '[]', '[null]', '[{}]'])('is a success with data and errors %s', async (errors) => {
    answer = (socket) => socket.write(http(201, `{"errors":${errors},"data":{"orderId":"1"}}`));
    await expect(lalamove.placeOrder(ORDER, { timeoutMs: 5000 })).resolves.toEqual({ orderId: '1' });
  });

  it('is read without its byte order mark', async () => {
    answer = (socket) => socket.write(http(200, '\ufeff{"data":{"orderId":"1"},"errors":[]}'));
    await expect(lalamove.getOrder('1')).resolves.toEqual({ orderId: '1' });
  });

  it.each([
    ['a 204', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['an empty 200', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'],
    ['an envelope', http(200, '{"data":{}}\n')],
  ])('to a cancellation is a success: %s', async (_, bytes) => {
    answer = (socket) => socket.write(bytes);
    await expect(lalamove.cancelOrder('1')).resolves.toBeUndefined();
  });

  it('is decoded if a character is split between two chunks', async () => {
    const bytes = http(200, JSON.stringify({ data: { orderId: '1', remarks: ['São Paulo 🛵'] } }));
    const cut = bytes.indexOf(Buffer.from('🛵')) + 2;
    answer = (socket) => {
      socket.write(bytes.subarray(0, cut));
      setTimeout(() => socket.write(bytes.subarray(cut)), 20);
    };
    await expect(lalamove.getOrder('1')).resolves.toMatchObject({ remarks: ['São Paulo 🛵'] });
  });

  it('does not cost the connection if it is complete', async () => {
    answer = (socket) => socket.write(http(200, '{"data":{"orderId":"1"}}'));
    await lalamove.getOrder('1');
    const before = server.connections;
    for (let turn = 0; turn < 5; turn += 1) await lalamove.getOrder('1');
    expect(server.connections).toBe(before);
  });

  it('leaves no connection open', async () => {
    answer = (socket) => socket.write(http(200, '{"data":{"orderId":"1"}}'));
    await Promise.all(Array.from({ length: 20 }, () => lalamove.getOrder('1')));
    await close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.open).toBe(0);
  });
});

function resetAfterHeaders(socket: Parameters<RawHandler>[0]): void {
  socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n', () => {
    setTimeout(() => socket.resetAndDestroy(), 10);
  });
}
