import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { signWebhook } from 'nestjs-lalamove';
import { readdirSync, readFileSync } from 'node:fs';
import { PLATFORMS } from '../support/host-app.js';
import { KEYS } from '../support/lalamove.js';
import { until } from '../support/until.js';
import { Ledger, nowSeconds, oneAccount, send, signatureOf, startWebhookHost } from './webhook-host.js';

const ID = '3316227378875113604';

/** The JSON text of a status event, with further members. */
const order = (more = ''): string =>
  `{"order":{"orderId":"${ID}","status":"PICKED_UP","previousStatus":"ON_GOING"${more}}}`;

/** The exact text of `data`, and the members that a handler must find in `raw`. */
const DATA: readonly [string, string, object?][] = [
  ['on one line', order()],
  ['pretty-printed', JSON.stringify(JSON.parse(order()), null, 2)],
  ['pretty-printed with tabs and CRLF', JSON.stringify(JSON.parse(order()), null, '\t').replaceAll('\n', '\r\n')],
  [
    'with white space everywhere',
    order()
      .replace(/[{}:,]/g, ' $& ')
      .trim(),
  ],
  [
    'with escaped Unicode',
    order(',"a":"\\u8336 \\ud83c\\udf75 \\u0000"'),
    { order: expect.objectContaining({ a: '茶 🍵 \0' }) },
  ],
  ['with raw Unicode', order(',"a":"茶 🍵 \u2028"'), { order: expect.objectContaining({ a: '茶 🍵 \u2028' }) }],
  ['with half a surrogate pair', order(',"a":"\\ud83c"')],
  ['with escaped slashes', order(',"a":"https:\\/\\/x\\/y"'), { order: expect.objectContaining({ a: 'https://x/y' }) }],
  ['with plain slashes', order(',"a":"https://x/y"'), { order: expect.objectContaining({ a: 'https://x/y' }) }],
  ['with empty strings', order(',"a":"","":""'), { order: expect.objectContaining({ a: '', '': '' }) }],
  ['with empty objects and lists', order(',"a":{},"b":[ ]'), { order: expect.objectContaining({ a: {}, b: [] }) }],
  ['with trailing zeros', order(',"a":10.50,"b":1.0,"c":1E+2'), { order: expect.objectContaining({ a: 10.5, b: 1 }) }],
  [
    'with 19 digits as a number',
    order(`,"a":${ID},"b":-${ID}`),
    { order: expect.objectContaining({ a: ID, b: `-${ID}` }) },
  ],
  ['with the order id as a number of 19 digits', order().replace(`"${ID}"`, ID)],
  ['with keys that objects reorder', order(',"2":1,"1":2'), { order: expect.objectContaining({ 2: 1, 1: 2 }) }],
  ['with the same key twice', order(',"a":1,"a":2'), { order: expect.objectContaining({ a: 2 }) }],
  ['with the text of another data', order(',"a":"\\"data\\":{\\"order\\":1}","data":{"order":{}}')],
  ['with quotes, braces and backslashes in texts', order(',"a":"}\\\\\\"},{]\\\\"')],
  ['with keys of a prototype', order(',"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}')],
];

const PATH = '/hooks';

/** A different id each time, because the same data signed twice in one second are a duplicate. */
let timestamps = nowSeconds();
const nextTimestamp = (): number => (timestamps -= 1);

interface Made {
  readonly timestamp?: string;
  /** The JSON text of the timestamp, if it differs. */
  readonly written?: string;
  readonly eventId?: string;
}

/** The members of a webhook, signed without the code of the package. */
function members(data: string | Uint8Array, { timestamp = String(nextTimestamp()), written, eventId }: Made = {}) {
  return {
    apiKey: `"${KEYS.apiKey}"`,
    timestamp: written ?? timestamp,
    signature: `"${signatureOf(KEYS.apiSecret, timestamp, PATH, data)}"`,
    eventId: `"${eventId ?? crypto.randomUUID()}"`,
    eventType: '"ORDER_STATUS_CHANGED"',
    eventVersion: '"v3"',
  };
}

/** Writes an object as JSON, with given texts as values. */
const written = (...entries: readonly (readonly [string, string])[]): string =>
  `{${entries.map(([name, value]) => `"${name}":${value}`).join(',')}}`;

/** The position of `data` among the members. */
const PLACES: readonly [string, (data: string) => string][] = [
  ['after the others', (data) => written(...Object.entries(members(data)), ['data', data])],
  ['before the others', (data) => written(['data', data], ...Object.entries(members(data)))],
  [
    'among the others, with white space around it',
    (data) => {
      const [first, ...rest] = Object.entries(members(data));
      return `\r\n\t${written(first ?? ['', ''], ['data', ` \n${data}\t\r `], ...rest)}\n`;
    },
  ],
  [
    'after texts that contain another data',
    (data) =>
      written(
        ['note', '"\\"data\\":{\\"order\\":{}}"'],
        ['nested', '{"data":{"order":{}},"more":[{"data":1}]}'],
        ...Object.entries(members(data)),
        ['data', data],
        ['Data', '1'],
        ['data ', '1'],
      ),
  ],
  ['under a key with escapes', (data) => written(...Object.entries(members(data)), ['d\\u0061ta', data])],
  [
    'under a key that consists of escapes',
    (data) => written(['\\u0064\\u0061\\u0074\\u0061', data], ...Object.entries(members(data))),
  ],
];

describe.each(PLATFORMS)('signed bytes on %s', (platform) => {
  let app: INestApplication;
  let url: string;
  let ledger: Ledger;

  beforeAll(async () => {
    ({ app, url } = await startWebhookHost(platform, oneAccount()));
    ledger = app.get(Ledger);
  });
  afterAll(() => app.close());
  beforeEach(() => {
    ledger.events.length = 0;
  });

  /** Sends a webhook. @returns the event that reached the handler */
  async function received(body: string | Uint8Array) {
    const reply = await send(url + PATH, body, { headers: { 'content-type': 'application/json' } });
    expect(reply.status).toBe(200);
    await until(() => ledger.events.length > 0);
    expect(ledger.events).toHaveLength(1);
    return ledger.events[0];
  }

  it.each(DATA)('are received %s, at any position of data', async (_, data, raw = {}) => {
    for (const [, place] of PLACES) {
      ledger.events.length = 0;
      expect(await received(place(data))).toMatchObject({ eventType: 'ORDER_STATUS_CHANGED', orderId: ID, raw });
    }
    expect(Object.prototype).not.toHaveProperty('polluted');
  });

  it.each(PLACES)('are received with data %s', async (_, place) => {
    expect(await received(place(order()))).toMatchObject({ eventType: 'ORDER_STATUS_CHANGED', orderId: ID });
  });

  it('are received if they are not valid UTF-8', async () => {
    const data = Buffer.concat([
      Buffer.from('{"order":{"orderId":"1","status":"'),
      Buffer.of(0xff, 0xc0),
      Buffer.from('","previousStatus":"A"}}'),
    ]);
    const head = written(...Object.entries(members(data)));
    const body = Buffer.concat([Buffer.from(`${head.slice(0, -1)},"data":`), data, Buffer.from('}')]);
    expect(await received(body)).toMatchObject({ orderId: '1', status: '\ufffd\ufffd' });
  });

  it.each([
    ['seconds as a number', (now: number) => ({ timestamp: String(now) })],
    ['seconds as a text', (now: number) => ({ timestamp: String(now), written: `"${now}"` })],
    ['milliseconds as a number', (now: number) => ({ timestamp: `${now}000` })],
    ['milliseconds as a text', (now: number) => ({ timestamp: `${now}000`, written: `"${now}000"` })],
  ])('are received with a timestamp in %s', async (_, made) => {
    const now = nextTimestamp();
    const data = order();
    const event = await received(written(...Object.entries(members(data, made(now))), ['data', data]));
    expect(event?.occurredAt).toBe(new Date(now * 1000).toISOString());
  });

  it.each(['eventId', 'eventID'])('are received with their id as %s', async (name) => {
    const data = order();
    const id = `B35F478A-${name}`;
    const { eventId, ...rest } = members(data, { eventId: id });
    const event = await received(written([name, eventId], ...Object.entries(rest), ['data', data]));
    expect(event?.eventId).toBe(id);
  });

  it('are received as an unknown event if only the signed members are sent', async () => {
    const data = order();
    const { timestamp, signature } = members(data);
    const event = await received(written(['timestamp', timestamp], ['signature', signature], ['data', data]));
    expect(event).toMatchObject({ eventType: 'UNKNOWN', eventId: undefined });
    expect(event?.raw).toEqual(JSON.parse(data));
  });

  it.each([
    ['a text', '"data"'],
    ['null', 'null'],
    ['a number', '1'],
    ['a list', '[{"order":1}]'],
  ])('are received as an unknown event if data is %s', async (_, data) => {
    const event = await received(written(...Object.entries(members(data)), ['data', data]));
    expect(event).toMatchObject({ eventType: 'UNKNOWN', raw: {} });
  });

  const recorded = new URL('../fixtures/recorded/', import.meta.url);
  it.each(readdirSync(recorded).filter((name) => name.startsWith('webhook.')))(
    'are received as recorded in %s',
    async (name) => {
      const text = readFileSync(new URL(name, recorded), 'utf8');
      const { timestamp: recordedAt, eventType, data: value } = readRecorded(text);
      const data = /"data": (\{.*\})\s*\}\s*$/s.exec(text)?.[1] ?? '';
      expect(JSON.parse(data)).toEqual(value);
      const now = String(nextTimestamp());
      const body = text
        .replace(String(recordedAt), now)
        .replace('<signature>', signatureOf(KEYS.apiSecret, now, PATH, data))
        .replace('pk_test_redacted', KEYS.apiKey);
      expect(await received(body)).toMatchObject({ eventType, orderId: value.order.orderId, raw: value });
    },
  );

  it('are the same as those of signWebhook', async () => {
    const data = order();
    const timestamp = nextTimestamp();
    const { body } = signWebhook({ secret: KEYS.apiSecret, path: 'hooks', data, timestamp });
    expect(body).toContain(signatureOf(KEYS.apiSecret, String(timestamp), PATH, data));
    expect(await received(body)).toMatchObject({ orderId: ID });
  });
});

function readRecorded(text: string): RecordedWebhook {
  const read: unknown = JSON.parse(text);
  return Object(read) as RecordedWebhook;
}

interface RecordedWebhook {
  timestamp: number;
  eventType: string;
  data: { order: { orderId: string } };
}
