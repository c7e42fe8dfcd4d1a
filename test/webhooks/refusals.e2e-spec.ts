import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { setTimeout } from 'node:timers/promises';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import fc from 'fast-check';
import { LalamoveModule, signWebhook } from 'nestjs-lalamove';
import { PLATFORMS } from '../support/host-app.js';
import { KEYS } from '../support/lalamove.js';
import { watchProcess, type ProcessWatch } from '../support/process-watch.js';
import { turn, until } from '../support/until.js';
import {
  Ledger,
  LineLogger,
  nowSeconds,
  oneAccount,
  send,
  signatureOf,
  startWebhookHost,
  STATUS_DATA,
} from './webhook-host.js';
import { BODY_TOKENS } from './body-tokens.js';

const THAI = { apiKey: 'pk_test_thai', apiSecret: 'sk_test_THAISECRET', market: 'TH', name: 'th' };
const HOME = { ...KEYS, apiSecret: 'sk_test_HOMESECRET' };
const PATH = '/hooks';

/** Texts that no log line and no answer may hold. */
const SECRETS = /SECRET|MARKER|[0-9a-f]{64}/i;

const TWO_DAYS = 48 * 3600;

/** Different `data` each time. */
let count = 0;
const fresh = (): typeof STATUS_DATA & { count: number } => ({ ...STATUS_DATA, count: (count += 1) });

/** A new valid webhook. */
const signed = (more: Partial<Parameters<typeof signWebhook>[0]> = {}): string =>
  signWebhook({ secret: HOME.apiSecret, path: PATH, data: fresh(), ...more }).body;

/** A webhook with a changed signature. */
const withSignature = (change: (right: string) => string): string =>
  signed().replace(/"signature":"(\w+)"/, (_, right: string) => `"signature":"${change(right)}"`);

/** A signed webhook whose members beside `data` are written by the test. */
function byHand(data: string, write: (head: string) => string, timestamp = nowSeconds()): string {
  const signature = signatureOf(HOME.apiSecret, String(timestamp), PATH, data);
  return write(`"apiKey":"${HOME.apiKey}","timestamp":${timestamp},"signature":"${signature}"`);
}

const deep = (levels: number, open: string, close: string): string => open.repeat(levels) + close.repeat(levels);
const MB = 1_000_000;

const REFUSED: readonly [string, number, () => string | Uint8Array][] = [
  ['is no JSON', 400, () => 'MARKER'],
  ['is a form', 400, () => 'a=1&MARKER=2'],
  ['is truncated', 400, () => signed().slice(0, -1)],
  ['has further text at its end', 400, () => `${signed()}MARKER`],
  ['is two objects', 400, () => signed() + signed()],
  ['has a comma too many', 400, () => signed().replace(/\}$/, ',}')],
  ['has no value for data', 400, () => '{"data":}'],
  ['has two values for data', 400, () => '{"data":{} {}}'],
  ['has mismatched brackets', 400, () => '{"data":{"a":1]}'],
  ['begins with a byte order mark', 400, () => `\ufeff${signed()}`],
  ['is a list', 400, () => `[${signed()}]`],
  ['is an empty list', 400, () => '[]'],
  ['is a text', 400, () => '"MARKER"'],
  ['is a number', 400, () => '1'],
  ['is null', 400, () => 'null'],
  ['is binary', 400, () => Uint8Array.of(0, 1, 0xff, 0xfe)],
  ['consists of zero bytes', 400, () => new Uint8Array(1000)],
  ['has data twice', 400, () => signed().replace(/\}$/, ',"data":{}}')],
  ['has data twice, once with escapes', 400, () => signed().replace(/\}$/, ',"d\\u0061ta":{}}')],
  ['has the same data twice', 400, () => byHand('{}', (head) => `{${head},"data":{},"data":{}}`)],
  ['has no signature', 401, () => signed().replace('"signature"', '"no"')],
  ['has a signature that is a number', 401, () => signed().replace(/"signature":"\w+"/, '"signature":1')],
  ['has an empty signature', 401, () => withSignature(() => '')],
  ['has a truncated signature', 401, () => withSignature((right) => right.slice(0, -1))],
  ['has a longer signature', 401, () => withSignature((right) => `${right}0`)],
  ['has a signature in capitals', 401, () => withSignature((right) => right.toUpperCase())],
  ['has a signature of half a megabyte', 401, () => withSignature((right) => right.repeat(8000))],
  ['has no timestamp', 401, () => signed().replace('"timestamp"', '"no"')],
  ['has a timestamp that is an object', 401, () => signed().replace(/"timestamp":\d+/, '"timestamp":{}')],
  ['is signed with another secret', 401, () => signed({ secret: 'sk_test_wrongSECRET' })],
  ["is signed with another account's secret", 401, () => signed({ secret: THAI.apiSecret })],
  [
    'names another account and is signed with the secret of that account',
    401,
    () => signed({ secret: THAI.apiSecret, apiKey: THAI.apiKey }),
  ],
  ['is signed for another path', 401, () => signed({ path: '/hooks/thai' })],
  ['is signed for the path of the API', 401, () => signed({ path: '/v3/webhook' })],
  ['holds an event and no data', 401, () => '{"eventType":"ORDER_CREATED","apiKey":"MARKER"}'],
  ['has its members under __proto__', 401, () => '{"__proto__":{"signature":"MARKER","timestamp":1},"data":{}}'],
  ['has other data than is signed', 401, () => signed().replace('PICKED_UP', 'COMPLETED')],
  ['has an order as a text of JSON', 401, () => signed({ data: '{"order":"{}"}' }).replace('"{}"', '{}')],
  ['is 10 000 levels of lists', 400, () => deep(10_000, '[', ']')],
  ['is 10 000 levels of data, unsigned', 401, () => `{"data":${deep(10_000, '[', ']')}}`],
  ['opens 900 000 levels', 400, () => `{"data":${'['.repeat(900_000)}`],
  ['has 3 MB', 413, () => `${' '.repeat(3 * MB)}${signed()}`],
  ['has a byte more than 1 MiB', 413, () => signed().padEnd(1024 * 1024 + 1)],
];

describe.each(PLATFORMS)('the endpoint on %s', (platform) => {
  let app: INestApplication;
  let url: string;
  let ledger: Ledger;
  let watch: ProcessWatch;
  const logger = new LineLogger();
  const answers: string[] = [];

  beforeAll(async () => {
    watch = watchProcess();
    const { imports = [], providers = [] } = oneAccount({}, HOME);
    const thai = LalamoveModule.forRoot({ ...THAI, webhook: { path: 'hooks/thai' } });
    ({ app, url } = await startWebhookHost(platform, { imports: [...imports, thai], providers }, { logger }));
    ledger = app.get(Ledger);
  });
  beforeEach(() => {
    ledger.events.length = 0;
  });
  afterAll(async () => {
    agent.destroy();
    await app.close();
    watch.stop();
  });

  const agent = new Agent({ keepAlive: true });
  const posted = async (body: string | Uint8Array, path = PATH): Promise<number> => {
    const reply = await send(url + path, body, { agent, headers: { 'content-type': 'application/json' } });
    answers.push(reply.text);
    return reply.status;
  };

  /** Checks that the next event is received, and no other event was. */
  async function expectNothingElse(): Promise<void> {
    expect(await posted(signed({ eventId: 'the last' }))).toBe(200);
    await until(() => ledger.events.some(({ eventId }) => eventId === 'the last'));
    expect(ledger.events.map(({ eventId }) => eventId)).toEqual(['the last']);
  }

  it.each(REFUSED)('refuses a body that %s with %d', async (_, status, body) => {
    expect(await posted(body())).toBe(status);
    await expectNothingElse();
  });

  it.each([
    ['an empty body', ''],
    ['white space', ' \r\n\t'],
    ['an empty object', '{}'],
    ['an empty object with white space', ' { } '],
    [
      'an envelope with empty members',
      '{"apiKey":"","timestamp":1777879930,"signature":"","eventId":"","eventType":"","eventVersion":"v3","data":{}}',
    ],
    ['an envelope of nulls', '{"signature":null,"eventType":null,"data":null}'],
    ['an envelope without data', '{"signature":"","eventType":""}'],
  ])('answers a probe of %s with 200', async (_, body) => {
    expect(await posted(body)).toBe(200);
    await expectNothingElse();
  });

  it('receives a body of exactly 1 MiB', async () => {
    expect(await posted(signed().padEnd(1024 * 1024))).toBe(200);
    await until(() => ledger.events.length > 0);
    expect(ledger.events).toHaveLength(1);
  });

  it.each([
    ['lists', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('receives signed data with 10 000 levels of %s', async (_, open, close) => {
    const valid = `{"deep":${open.repeat(10_000)}1${close.repeat(10_000)}}`;
    expect(await posted(byHand(valid, (head) => `{${head},"data":${valid}}`))).toBe(200);
    await until(() => ledger.events.length > 0);
    expect(ledger.events[0]?.eventType).toBe('UNKNOWN');
  });

  it('keeps signed keys such as __proto__ as plain members', async () => {
    const data = JSON.stringify(fresh()).replace(
      '{',
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},',
    );
    expect(await posted(byHand(data, (head) => `{"__proto__":{"polluted":true},${head},"data":${data}}`))).toBe(200);
    await until(() => ledger.events.length > 0);
    expect(Object.keys(ledger.events[0]?.raw ?? {})).toContain('__proto__');
    expect([{}, ledger.events[0]].some((value) => Reflect.has(value ?? {}, 'polluted'))).toBe(false);
  });

  it('answers a duplicate with 200, and does not handle it again', async () => {
    const data = fresh();
    const timestamp = nowSeconds();
    const body = signed({ data, timestamp, eventId: 'one' });
    const again = {
      'as it was': body,
      'under a new id': body.replace('"one"', '"two"'),
      'under no id': body.replace('"eventId"', '"no"'),
      'signed again': signed({ data, timestamp: timestamp + 30, eventId: 'one' }),
    };
    expect(await posted(body)).toBe(200);
    for (const [how, replay] of Object.entries(again)) expect([how, await posted(replay)]).toEqual([how, 200]);
    // Another event of the same order, or the same data at another time, is no duplicate.
    expect(await posted(signed({ data: fresh(), timestamp, eventId: 'three' }))).toBe(200);
    expect(await posted(signed({ data, timestamp: timestamp + 60, eventId: 'four' }))).toBe(200);
    await until(() => ledger.events.length >= 3);
    await turn();
    expect(ledger.events.map(({ eventId }) => eventId)).toEqual(['one', 'three', 'four']);
  });

  it('answers an event that does not match its type with 200, and warns once for each type', async () => {
    logger.lines.length = 0;
    const spoilt = (data: object, eventType = 'ORDER_STATUS_CHANGED'): string => signed({ data, eventType });
    const none = { ...fresh(), order: {} };
    const bodies = [
      spoilt(none),
      spoilt({ ...none, more: 1 }),
      spoilt({ order: { orderId: '1', status: null }, ...{ count: (count += 1) } }),
      spoilt({ order: { orderId: '1' }, count: (count += 1) }, 'WALLET_BALANCE_CHANGED'),
    ];
    for (const body of bodies) expect(await posted(body)).toBe(200);
    await until(() => ledger.events.length >= bodies.length);
    expect(ledger.events.map(({ eventType }) => eventType)).toEqual(bodies.map(() => 'UNKNOWN'));
    expect(logger.of('warn')).toEqual([
      expect.stringMatching(/does not match its type.*type=ORDER_STATUS_CHANGED missing=order\.orderId\)/),
      expect.stringMatching(/type=ORDER_STATUS_CHANGED missing=order\.status\)/),
      expect.stringMatching(/type=WALLET_BALANCE_CHANGED missing=balance\)/),
    ]);
    ledger.events.length = 0;
  });

  it('handles a true event after one whose type was forged', async () => {
    const body = signed();
    for (const type of ['ORDER_CREATED', 'ORDER_EDITED', 'ORDER_STATUS_CHANGED']) {
      expect(await posted(body.replace('ORDER_STATUS_CHANGED', type))).toBe(200);
    }
    await until(() => ledger.events.length >= 3);
    expect(ledger.events.at(-1)?.eventType).toBe('ORDER_STATUS_CHANGED');
    ledger.events.length = 0;
  });

  it.each([
    ['48 hours and one second old', -TWO_DAYS - 1, /too old was dropped .*id=late age_seconds=17280[1-5]\)/],
    ['from 1970', -1e9, /too old was dropped/],
    // Two seconds more, because the clock advances while the event is sent.
    ['more than an hour ahead', 3602, /from the future was dropped: check the clock/],
  ])('drops an event that is %s with 200 and one warning', async (_, seconds, warning) => {
    logger.lines.length = 0;
    expect(await posted(signed({ timestamp: nowSeconds() + seconds, eventId: 'late' }))).toBe(200);
    expect(logger.of('warn')).toEqual([expect.stringMatching(warning)]);
    await expectNothingElse();
  });

  it.each([
    ['nearly 48 hours old', 60 - TWO_DAYS],
    ['nearly an hour ahead', 3540],
  ])('receives an event that is %s', async (_, seconds) => {
    expect(await posted(signed({ timestamp: nowSeconds() + seconds }))).toBe(200);
    await until(() => ledger.events.length > 0);
    expect(ledger.events).toHaveLength(1);
  });

  it.each(['', 'soon', '1e400', ' '])('drops an event whose timestamp is "%s" with 200', async (timestamp) => {
    const data = JSON.stringify(fresh());
    const signature = signatureOf(HOME.apiSecret, timestamp, PATH, data);
    const members = JSON.stringify({ timestamp, signature, eventId: 'x'.repeat(1000) });
    logger.lines.length = 0;
    expect(await posted(`${members.slice(0, -1)},"data":${data}}`)).toBe(200);
    expect(logger.of('warn')).toEqual([expect.stringMatching(/id=x{64} /)]);
    await expectNothingElse();
  });

  it.each(['PUT', 'DELETE', 'PATCH'])('refuses %s with 405', async (method) => {
    const reply = await send(url + PATH, '', { method });
    expect(reply).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    expect(reply.text).toContain('LALAMOVE_WEBHOOK_METHOD');
  });

  it.each(['GET', 'HEAD'])('answers a probe by %s with 200', async (method) => {
    for (const path of [PATH, `${PATH}/`, `${PATH}?a=1`]) {
      expect(await send(url + path, '', { method })).toMatchObject({ status: 200 });
    }
    expect(await send(`${url}/elsewhere`, '', { method })).toMatchObject({ status: 404 });
    await expectNothingElse();
  });

  it('writes one debug line for each accepted event', async () => {
    const { order } = STATUS_DATA;
    logger.lines.length = 0;
    const body = signed();
    for (const again of [body, body, signed({ eventType: 'ORDER_TELEPORTED' })]) expect(await posted(again)).toBe(200);
    expect(logger.of('debug').filter((line) => line.includes('accepted'))).toEqual([
      expect.stringContaining(`A webhook was accepted (type=ORDER_STATUS_CHANGED order=${order.orderId} receipt=new)`),
      expect.stringContaining(
        `A webhook was accepted (type=ORDER_STATUS_CHANGED order=${order.orderId} receipt=repeated)`,
      ),
      expect.stringContaining('A webhook was accepted (type=ORDER_TELEPORTED receipt=new)'),
    ]);
    await until(() => ledger.events.length >= 2);
    ledger.events.length = 0;
  });

  it('refuses endless bodies when there are too many, and receives a webhook meanwhile', async () => {
    const { hostname, port } = new URL(url);
    const ended: Promise<unknown>[] = [];
    const sockets = Array.from({ length: 40 }, () => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      socket.resume();
      ended.push(new Promise((resolve) => socket.once('close', resolve)));
      socket.write(`POST ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 1048576\r\n\r\n`);
      socket.write(Buffer.alloc(MB, ' '));
      return socket;
    });
    // At most 32 MiB are held, so the oldest bodies are refused.
    await Promise.race(ended);
    await until(() => sockets.filter(({ closed }) => closed).length >= 8);
    expect(sockets.filter(({ closed }) => closed).length).toBeLessThan(20);
    await expectNothingElse();
    expect(logger.of('error')).toEqual([expect.stringMatching(/bodies of more than 32 MiB in total arrive at once/)]);
    logger.lines.length = 0;
    for (const socket of sockets) socket.destroy();
    await Promise.all(ended);
  }, 20_000);

  it('refuses an endless body, and receives the next webhook', async () => {
    const piece = Buffer.alloc(MB, ' ');
    const pieces = Array.from({ length: 20 }, () => piece);
    // If the client sends on after the close, it may not be able to read the answer.
    const status = await send(url + PATH, pieces).then(
      (reply) => reply.status,
      () => 413,
    );
    expect(status).toBe(413);
    await expectNothingElse();
  });

  it('waits for a slow body, and drops one whose connection breaks', async () => {
    const body = signed({ eventId: 'slow' });
    const pieces = [body.slice(0, 100), body.slice(100)];
    expect((await send(url + PATH, pieces, { pause: () => setTimeout(30) })).status).toBe(200);
    await until(() => ledger.events.length > 0);
    ledger.events.length = 0;
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(`POST ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 100)}`);
    await once(socket, 'connect');
    await setTimeout(10);
    socket.resetAndDestroy();
    await expectNothingElse();
  });

  it('answers no bytes with 5xx', async () => {
    const piece = fc.oneof(fc.constantFrom(...BODY_TOKENS, '"apiKey":'), fc.constantFrom('é', '\u0000', '-', 'e', '.'));
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(piece, { maxLength: 20 }).map((pieces) => Buffer.from(pieces.join(''))),
      fc.array(piece, { maxLength: 8 }).map((pieces) => Buffer.from(`{"data":${pieces.join('')}}`)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (body) => {
        expect([200, 400, 401]).toContain(await posted(body));
      }),
      { numRuns: 25 },
    );
    await expectNothingElse();
    // A busy machine needs this time for the generated bytes.
  }, 30_000);

  it('refuses a webhook with any flipped bit of data or timestamp', async () => {
    const body = Buffer.from(signed());
    const spans = [/"timestamp":(\d+)/, /"data":(.*)\}$/].map((pattern) => {
      const match = pattern.exec(body.toString());
      const start = (match?.index ?? 0) + (match?.[0].indexOf(match[1] ?? '') ?? 0);
      return { start, end: start + (match?.[1]?.length ?? 0) };
    });
    const [timestamp = { start: 0, end: 0 }, data = { start: 0, end: 0 }] = spans;
    const places = [timestamp, data].flatMap(({ start, end }) =>
      Array.from({ length: end - start }, (_, at) => start + at),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), fc.nat(7), async (at, bit) => {
        const flipped = Buffer.from(body);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        expect([400, 401]).toContain(await posted(flipped));
      }),
      { numRuns: 25 },
    );
    await expectNothingElse();
    // A busy machine needs this time for the generated bytes.
  }, 30_000);

  it('causes no unhandled error, and repeats no request in an answer or in the log', () => {
    expect(watch.seen).toEqual([]);
    expect(answers.length).toBeGreaterThan(0);
    for (const answer of new Set(answers)) {
      expect(answer).not.toMatch(SECRETS);
      expect(JSON.parse(answer)).toEqual(
        answer.startsWith('{"received"')
          ? { received: true, ...(answer.includes('ignored') && { ignored: true }) }
          : {
              statusCode: expect.any(Number),
              error: expect.any(String),
              message: expect.any(String),
              code: expect.stringMatching(/^LALAMOVE_WEBHOOK_/),
            },
      );
    }
    expect(logger.lines.filter((line) => SECRETS.test(line))).toEqual([]);
    expect(logger.of('error')).toEqual([]);
  });
});

describe('many refusals at once', () => {
  it('are logged once for each reason, even with a logger that throws', async () => {
    const watch = watchProcess();
    const lines: string[] = [];
    const hostile = (line: unknown): never => {
      lines.push(String(line));
      throw new Error('This logger is hostile.');
    };
    const logger = { log: () => undefined, warn: hostile, error: hostile };
    const { app, url } = await startWebhookHost('express', oneAccount({}, HOME), { logger });
    for (const body of [withSignature(() => ''), withSignature(() => ''), 'MARKER', 'MARKER']) {
      expect((await send(url + PATH, body)).status).toBe(body === 'MARKER' ? 400 : 401);
    }
    await app.close();
    watch.stop();
    expect(watch.seen).toEqual([]);
    expect(lines).toEqual([
      expect.stringMatching(/A webhook was refused \(code=LALAMOVE_WEBHOOK_SIGNATURE verified_for=\/hooks \/hooks\/\)/),
      expect.stringMatching(/A webhook was refused \(code=LALAMOVE_WEBHOOK_MALFORMED\)/),
      expect.stringMatching(/refused, and more like it \(code=LALAMOVE_WEBHOOK_SIGNATURE left_out=1\)/),
      expect.stringMatching(/refused, and more like it \(code=LALAMOVE_WEBHOOK_MALFORMED left_out=1\)/),
    ]);
  });

  it.each(PLATFORMS)(
    'have a limited number of log lines on %s, with the number of omitted lines at the end',
    async (platform) => {
      const logger = new LineLogger();
      const { app, url } = await startWebhookHost(platform, oneAccount({}, HOME), { logger });
      const agent = new Agent({ keepAlive: true });
      const flood = async (count: number, body: () => string, status: number): Promise<void> => {
        for (let sent = 0; sent < count; sent += 1) {
          expect((await send(url + PATH, body(), { agent })).status).toBe(status);
        }
      };
      await flood(100, () => withSignature(() => '0'.repeat(64)), 401);
      await flood(100, () => signed({ timestamp: nowSeconds() - 2 * TWO_DAYS }), 200);
      expect(logger.of('warn')).toHaveLength(11);
      agent.destroy();
      await app.close();
      expect(logger.of('warn').slice(11).sort()).toEqual([
        expect.stringContaining(
          'A webhook was refused, and more like it (code=LALAMOVE_WEBHOOK_SIGNATURE left_out=99)',
        ),
        expect.stringContaining('An event that is too old was dropped, and more like it (left_out=90)'),
      ]);
      expect(logger.lines.filter((line) => SECRETS.test(line))).toEqual([]);
    },
  );
});
