import { afterEach, beforeAll, describe, expect, it, afterAll } from '@jest/globals';
import { LalamoveModule, LalamoveService, type LalamoveModuleOptions } from 'nestjs-lalamove';
import { StorefrontController } from '../../examples/storefront/storefront.controller.js';
import { PLATFORMS, request, startHost, type HostApp } from '../support/host-app.js';
import { ORDER } from '../support/inputs.js';
import { failureOf, KEYS } from '../support/lalamove.js';
import { http, RawServer, type RawHandler } from '../support/raw-server.js';

const PROSE = "'name' validation failed: value cannot be null or empty.";
const SORRY = {
  statusCode: 502,
  error: 'Bad Gateway',
  message: 'The delivery service is not available at the moment. Please try again later.',
  code: 'LALAMOVE_UNAVAILABLE',
  errors: [],
};

/** The errors that a 422 lists, and the errors of the exception. */
const DETAILS: [what: string, sent: unknown, listed: object[]][] = [
  [
    'prose',
    { id: 'ERR_REQUIRED_FIELD', message: 'Please verify your field.', detail: PROSE },
    [{ code: 'ERR_REQUIRED_FIELD', message: 'Please verify your field.', detail: PROSE }],
  ],
  [
    'prose without a message',
    { id: 'ERR_REQUIRED_FIELD', detail: PROSE },
    [{ code: 'ERR_REQUIRED_FIELD', message: PROSE, detail: PROSE }],
  ],
  [
    'a pointer',
    { id: 'ERR_INVALID_FIELD', message: 'no', detail: '/data/stops/0' },
    [{ code: 'ERR_INVALID_FIELD', message: 'no', pointer: '/data/stops/0' }],
  ],
  [
    'a list of pointers',
    { id: 'ERR_INVALID_FIELD', message: 'no', detail: ['/data/stops/0', '/data/language'] },
    [
      { code: 'ERR_INVALID_FIELD', message: 'no', pointer: '/data/stops/0' },
      { code: 'ERR_INVALID_FIELD', message: 'no', pointer: '/data/language' },
    ],
  ],
  [
    'pointers in one text',
    { id: 'ERR_INVALID_FIELD', message: 'no', detail: '/data/stops/0, /data/language' },
    [
      { code: 'ERR_INVALID_FIELD', message: 'no', pointer: '/data/stops/0' },
      { code: 'ERR_INVALID_FIELD', message: 'no', pointer: '/data/language' },
    ],
  ],
  [
    'pointers and prose',
    { id: 'ERR_INVALID_FIELD', message: 'no', detail: ['/data/stops/0', 'too far'] },
    [{ code: 'ERR_INVALID_FIELD', message: 'no', pointer: '/data/stops/0', detail: 'too far' }],
  ],
  [
    'an object',
    { id: 'ERR_INVALID_FIELD', message: 'no', detail: { field: 'name' } },
    [{ code: 'ERR_INVALID_FIELD', message: 'no', detail: '{"field":"name"}' }],
  ],
  [
    'a list of prose and nothing else',
    { detail: ['only', 'prose list'] },
    [{ code: 'LALAMOVE_UNKNOWN_ERROR', message: 'only; prose list', detail: 'only; prose list' }],
  ],
  [
    'an object and nothing else',
    { detail: { field: 'name' } },
    [{ code: 'LALAMOVE_UNKNOWN_ERROR', message: '{"field":"name"}', detail: '{"field":"name"}' }],
  ],
  [
    'prose as an id, beside a message',
    { id: 'name is wrong', message: 'no', detail: 'too long' },
    [{ code: 'LALAMOVE_UNKNOWN_ERROR', message: 'no', detail: 'name is wrong; too long' }],
  ],
  [
    'several errors',
    [
      { id: 'ERR_REQUIRED_FIELD', message: 'a', detail: PROSE },
      { id: 'ERR_UNKNOWN_FIELD', message: 'b' },
      { id: 'ERR_NEW', detail: 'c' },
    ],
    [
      { code: 'ERR_REQUIRED_FIELD', message: 'a', detail: PROSE },
      { code: 'ERR_UNKNOWN_FIELD', message: 'b' },
      { code: 'ERR_NEW', message: 'c', detail: 'c' },
    ],
  ],
];

describe.each(PLATFORMS)('the details of an error, on %s', (platform) => {
  let server: RawServer;
  let handle: RawHandler = () => undefined;
  let host: HostApp | undefined;
  const lines: string[] = [];
  const write = (line: unknown): void => void lines.push(String(line));
  const logger = { log: write, error: write, warn: write, debug: write };

  const start = async (options: Partial<LalamoveModuleOptions>): Promise<HostApp> => {
    const own = { ...KEYS, baseUrl: server.url, retry: { maxAttempts: 1 }, logger };
    const imports = [LalamoveModule.forRoot({ ...own, ...options })];
    host = await startHost(platform, { imports, controllers: [StorefrontController] });
    return host;
  };

  beforeAll(async () => {
    server = await RawServer.start((socket, text) => {
      handle(socket, text);
    });
  });

  afterAll(() => server.stop());

  afterEach(async () => {
    lines.length = 0;
    await host?.app.close();
  });

  it.each(DETAILS)('reach the exception, the consumer and the log: %s', async (_, sent, listed) => {
    handle = (socket) => socket.write(http(422, JSON.stringify({ errors: sent })));
    const { app, url } = await start({});
    expect(await failureOf(app.get(LalamoveService).placeOrder(ORDER))).toMatchObject({ errors: listed });
    const answer = await request('POST', `${url}/lalamove/orders`, ORDER);
    expect(answer).toMatchObject({ status: 422, body: { errors: listed } });
    const places = listed.flatMap((error) => Object.entries(error).filter(([name]) => /pointer|detail/.test(name)));
    for (const [, place] of places) expect(lines.join('\n')).toContain(JSON.stringify(place).slice(1, -1));
  });

  it.each([
    [
      { errors: [{ id: 'ERR_INVALID_FIELD' }], message: 'Bad stop.', detail: 'too far' },
      [{ code: 'ERR_INVALID_FIELD', message: 'Bad stop.', detail: 'too far' }],
    ],
    [
      { errors: [{ id: 'ERR_INVALID_FIELD', message: 'no', detail: '/data/stops/0' }], message: 'Bad stop.' },
      [{ code: 'ERR_INVALID_FIELD', message: 'no', pointer: '/data/stops/0', detail: 'Bad stop.' }],
    ],
    [
      { errors: [{ detail: '/data/stops/0' }], message: 'ERR_INVALID_FIELD' },
      [{ code: 'ERR_INVALID_FIELD', pointer: '/data/stops/0' }],
    ],
  ])('reach the exception if they stand beside the list: %j', async (body, errors) => {
    handle = (socket) => socket.write(http(422, JSON.stringify(body)));
    const { app } = await start({});
    const error = await failureOf(app.get(LalamoveService).placeOrder(ORDER));
    expect(error).toMatchObject({
      name: 'InvalidRequestException',
      code: 'ERR_INVALID_FIELD',
      isForeign: false,
      errors,
    });
  });

  it('reach the log, without possible phone numbers', async () => {
    const detail = "'url' validation failed: '+852 9000 0000' is not a valid url";
    handle = (socket) => socket.write(http(422, JSON.stringify({ errors: { id: 'ERR_INVALID_RESPONSE', detail } })));
    const { app, url } = await start({});
    await failureOf(app.get(LalamoveService).setWebhookUrl('https://shop.example/hook'));
    await request('GET', `${url}/cities`);
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      expect(line).toContain("'url' validation failed: '…' is not a valid url");
      expect(line).not.toContain('9000');
    }
  });

  it.each([
    ['422 ERR_UNKNOWN_FIELD', 'InvalidRequestException', 422, 422],
    ['402 ERR_INSUFFICIENT_BALANCE', 'InsufficientCreditException', 402, 503],
    ['409 ERR_INSUFFICIENT_BALANCE', 'InsufficientCreditException', 409, 503],
    ['422 ERR_QUOTATION_EXPIRED', 'InvalidQuotationException', 422, 422],
  ])('%s becomes a %s', async (row, name, mirror, gateway) => {
    const [status = '', id] = row.split(' ');
    handle = (socket) => socket.write(http(Number(status), JSON.stringify({ errors: [{ id }] })));
    const mirroring = await start({});
    expect(await failureOf(mirroring.app.get(LalamoveService).placeOrder(ORDER))).toMatchObject({ name, code: id });
    expect(await request('POST', `${mirroring.url}/lalamove/orders`, ORDER)).toMatchObject({ status: mirror });
    await mirroring.app.close();
    const concealing = await start({ errors: { status: 'gateway' } });
    expect(await request('POST', `${concealing.url}/lalamove/orders`, ORDER)).toMatchObject({ status: gateway });
  });

  it.each<[string, number, string, number]>([
    ['a firewall’s page', 418, '<html><body>Access denied by ACME WAF</body></html>', 502],
    ['an empty status that Lalamove does not send', 421, '', 502],
    ['a page of keys', 403, '<html>no</html>', 503],
    ['a page of nothing', 404, '<html>no</html>', 502],
    ['text of the keys', 422, '{"message":"Invalid hmac for pk"}', 502],
    ['a country of the keys', 409, '{"message":"ERR_INVALID_COUNTRY"}', 503],
    ['a market of the keys', 422, '{"errors":[{"id":"ERR_INVALID_MARKET"}]}', 503],
    ['the webhook URL', 422, '{"errors":[{"id":"ERR_INVALID_RESPONSE"}]}', 502],
    ['a code that is not known', 422, '{"errors":[{"id":"ERR_MOON_PHASE","message":"Not for your account."}]}', 502],
  ])('are hidden from the consumer under gateway: %s', async (_, status, body, answered) => {
    handle = (socket) => socket.write(http(status, body));
    const { url } = await start({ errors: { status: 'gateway' } });
    const answer = await request('GET', `${url}/lalamove/orders/1`);
    expect(answer).toMatchObject({ status: answered, body: { code: SORRY.code, message: SORRY.message, errors: [] } });
  });

  it('explain under mirror that wrong keys can cause a 502 without JSON', async () => {
    handle = (socket) => socket.write(http(502, ''));
    const mirroring = await start({});
    const hint = /wrong API keys can cause this too/i;
    const answer = await request('GET', `${mirroring.url}/cities`);
    expect(answer).toMatchObject({ status: 502, body: { code: 'LALAMOVE_SERVER_ERROR' } });
    expect(answer.body.message).toMatch(hint);
    expect(lines.at(-1)).toMatch(hint);
    handle = (socket) => socket.write(http(502, '{"message":"busy"}'));
    expect((await request('GET', `${mirroring.url}/cities`)).body.message).not.toMatch(hint);
    await mirroring.app.close();
    handle = (socket) => socket.write(http(502, ''));
    const concealing = await start({ errors: { status: 'gateway' } });
    expect((await request('GET', `${concealing.url}/cities`)).body).toEqual(SORRY);
  });

  const FAULTS: [what: string, handle: RawHandler][] = [
    ['a 500', (socket) => socket.write(http(500, ''))],
    ['a broken connection', (socket) => socket.destroy()],
    ['no answer in time', () => undefined],
    ['a 408', (socket) => socket.write(http(408, ''))],
    ['a page', (socket) => socket.write(http(200, '<html>'))],
    ['a redirect', (socket) => socket.write(http(302, ''))],
    ['half an answer', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"da')],
  ];

  it.each(FAULTS)('%s is answered with the neutral body under gateway', async (_, fault) => {
    handle = fault;
    const { url } = await start({ timeoutMs: 150, errors: { status: 'gateway' } });
    const read = await request('GET', `${url}/cities`);
    expect([read.status, read.body]).toEqual([502, SORRY]);
    const spent = await request('POST', `${url}/lalamove/orders`, ORDER);
    expect([spent.status, spent.body]).toEqual([
      502,
      { ...SORRY, code: 'LALAMOVE_OUTCOME_UNKNOWN', message: expect.stringMatching(/Do not repeat it/) },
    ]);
  });

  it('are hidden under gateway if our own rate limiter refuses a call', async () => {
    handle = (socket) => socket.write(http(200, '{"data":[]}'));
    const rateLimit = { perMinute: { getCities: 0.01 } };
    const { url } = await start({ rateLimit, deadlineMs: 100, errors: { status: 'gateway' } });
    await request('GET', `${url}/cities`);
    const answer = await request('GET', `${url}/cities`);
    expect(answer.body).toEqual({ ...SORRY, statusCode: 503, error: 'Service Unavailable' });
  });
});
