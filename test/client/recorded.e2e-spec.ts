import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { LalamoveException, LalamoveService } from 'nestjs-lalamove';
import { EDIT, ORDER, QUOTATION } from '../support/inputs.js';
import { failureOf, KEYS, startLalamove } from '../support/lalamove.js';
import { http, RawServer } from '../support/raw-server.js';

interface Exchange {
  request: { method: string; path: string; headers: Record<string, string>; body: string };
  response: { status: number; headers: Record<string, string>; body: string };
}

const FOLDER = new URL('../fixtures/recorded/', import.meta.url);
const read = (name: string): Exchange => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Exchange;

/** How our service makes the recorded call, given the `data` of the recorded body. */
const CALLS: Record<string, (lalamove: LalamoveService, ids: string[], data: never) => Promise<unknown>> = {
  'cancel-order': (lalamove, [orderId = '']) => lalamove.cancelOrder(orderId),
  'create-quotation': (lalamove, _, data) => lalamove.createQuotation(data),
  'get-driver': (lalamove, [orderId = '', driverId = '']) => lalamove.getDriver(orderId, driverId),
  'get-order': (lalamove, [orderId = '']) => lalamove.getOrder(orderId),
  'place-order': (lalamove, _, data) => lalamove.placeOrder(data),
};

/** The exception classes of the recorded refusals. */
const REFUSALS: Record<string, object> = {
  'cancel-order.404.json': { name: 'OrderNotFoundException', code: 'ERR_ORDER_NOT_FOUND', mirrorStatus: 404 },
  'create-quotation.422.json': { name: 'InvalidAddressException', code: 'ERR_INCORRECT_ADDRESS', mirrorStatus: 422 },
  'get-driver.404.json': { name: 'OrderNotFoundException', code: 'ERR_ORDER_NOT_FOUND', mirrorStatus: 404 },
  'get-order.404.json': { name: 'OrderNotFoundException', code: 'ERR_ORDER_NOT_FOUND', mirrorStatus: 404 },
};

const FILES = readdirSync(FOLDER).filter((name) => /\.\d{3}\.json$/.test(name));

describe('a recorded exchange', () => {
  let exchange: Exchange;
  let server: RawServer;
  let lalamove: LalamoveService;
  let close: () => Promise<void>;

  beforeAll(async () => {
    server = await RawServer.start((socket) => {
      const { status, headers, body } = exchange.response;
      const head = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(body)) });
      socket.write(
        `HTTP/1.1 ${status} Status\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
      );
    });
    const options = { ...KEYS, market: 'BR', baseUrl: server.url, retry: { maxAttempts: 1 } };
    ({ lalamove, close } = await startLalamove(options));
  });

  afterAll(async () => {
    await close();
    await server.stop();
  });

  it('exists for every call in the list', () => {
    expect(FILES).toHaveLength(9);
    expect(FILES.filter((name) => !name.includes('20')).sort()).toEqual(Object.keys(REFUSALS).sort());
  });

  it.each(FILES)('%s', async (name) => {
    exchange = read(name);
    const { request, response } = exchange;
    const { data } = Object(JSON.parse(request.body || '{}')) as { data: never };
    const ids = request.path.split('/').filter((part) => /^\d+$/.test(part));
    const call = CALLS[name.split('.')[0] ?? '']?.(lalamove, ids, data) ?? Promise.reject(new Error('no such call'));
    const answered = response.status < 300 ? await call : await failureOf(call);

    const [head = '', body = ''] = (server.requests.at(-1) ?? '').split('\r\n\r\n');
    const [line, ...headers] = head.split('\r\n');
    expect(line).toBe(`${request.method} ${request.path} HTTP/1.1`);
    expect(body === '' ? '' : JSON.parse(body)).toEqual(request.body === '' ? '' : JSON.parse(request.body));
    expect(headers).toContain(`Market: ${request.headers.market ?? ''}`);
    expect(headers).toContain('Accept: application/json');
    expect(headers.some((header) => /^Request-ID: [0-9a-f-]{36}$/.test(header))).toBe(true);
    expect(headers.includes('Content-Type: application/json')).toBe(body !== '');

    const authorization = headers.find((header) => header.startsWith('Authorization: ')) ?? '';
    const [, timestamp = '', signature] =
      /^Authorization: hmac pk_test_public:(\d{13}):([0-9a-f]{64})$/.exec(authorization) ?? [];
    const signed = `${timestamp}\r\n${request.method}\r\n${request.path}\r\n\r\n${body}`;
    expect(signature).toBe(createHmac('sha256', 'sk_test_secret').update(signed).digest('hex'));

    if (response.status === 204) expect(answered).toBeUndefined();
    else if (response.status < 300) expect({ data: answered }).toEqual(JSON.parse(response.body));
    else expect(answered).toMatchObject({ ...REFUSALS[name], requestId: response.headers['request-id'] });
  });
});

/** An exchange with a recorded status and body only. */
interface BareExchange {
  source?: string;
  method: string;
  path: string;
  status: number;
  body: unknown;
}

const BARE_FILES = ['rest.br-production-2026.json', 'errors.observed.json'];

/** Each exchange with its file, its number and its call. */
const BARE = BARE_FILES.flatMap((file) => {
  const { exchanges } = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as { exchanges: BareExchange[] };
  return exchanges.map((bare, index) => ({ ...bare, file, index, call: `${bare.method} ${bare.path}` }));
});

/** How our service makes the recorded calls, by method and path with each id as `*`. */
const BARE_CALLS: Record<string, (lalamove: LalamoveService) => Promise<unknown>> = {
  'POST /v3/quotations': (lalamove) => lalamove.createQuotation(QUOTATION),
  'GET /v3/quotations/*': (lalamove) => lalamove.getQuotation('1'),
  'POST /v3/orders': (lalamove) => lalamove.placeOrder(ORDER),
  'PATCH /v3/orders/*': (lalamove) => lalamove.editOrder('1', EDIT),
  'DELETE /v3/orders/*': (lalamove) => lalamove.cancelOrder('1'),
  'DELETE /v3/orders/*/drivers/*': (lalamove) => lalamove.changeDriver('1', '2', { reason: 'DRIVER_LATE' }),
  'POST /v3/orders/*/priority-fee': (lalamove) => lalamove.addPriorityFee('1', { priorityFee: '5.00' }),
  'GET /v3/cities': (lalamove) => lalamove.getCities(),
  'PATCH /v3/webhook': (lalamove) => lalamove.setWebhookUrl('https://shop.example/hook'),
};

/** Every string in a JSON value. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

describe('a recorded answer', () => {
  let bare: BareExchange;
  let server: RawServer;
  let lalamove: LalamoveService;
  let close: () => Promise<void>;

  beforeAll(async () => {
    server = await RawServer.start((socket) => {
      const body = typeof bare.body === 'string' ? bare.body : `${JSON.stringify(bare.body)}\n`;
      socket.write(http(bare.status, body, { 'request-id': 'recorded-1' }));
    });
    const options = { ...KEYS, market: 'BR', baseUrl: server.url, retry: { maxAttempts: 1 } };
    ({ lalamove, close } = await startLalamove(options));
  });

  afterAll(async () => {
    await close();
    await server.stop();
  });

  it.each(BARE)('is read without loss: $file $index, $status of $call', async (recorded) => {
    bare = recorded;
    const call = BARE_CALLS[recorded.call.replace(/\/\d+/g, '/*')];
    if (!call) throw new Error(`Nobody knows how to make ${recorded.call}.`);
    if (recorded.status < 300) {
      expect({ data: await call(lalamove) }).toEqual(recorded.body);
      return;
    }
    const error = await failureOf(call(lalamove));
    expect(error).toMatchObject({ upstreamStatus: recorded.status, requestId: 'recorded-1' });
    const told = textsIn(JSON.parse(JSON.stringify(error)));
    for (const text of textsIn(recorded.body).filter((each) => each !== '')) expect(told).toContain(text);
    const { errors } = Object(recorded.body) as { errors?: unknown };
    const listed = [errors].flat().filter((each) => each !== undefined).length;
    if (listed > 0) expect((error as LalamoveException).errors).toHaveLength(listed);
  });
});
