import { DOCUMENTED_CODES } from './answer-oracle.js';
import type { SeededRandom } from '../support/seeded-random.js';

/** The calls with mutated answers. */
export const MUTATED_OPERATIONS = ['getOrder', 'placeOrder', 'createQuotation', 'cancelOrder'] as const;
export type MutatedOperation = (typeof MUTATED_OPERATIONS)[number];

/** The secrets of a request, which must not appear in any output; an answer can echo them. */
export interface Echo {
  apiKey: string;
  apiSecret: string;
  signature: string;
}

/** What a body is generated from. */
export interface BodyDraw {
  random: SeededRandom;
  operation: MutatedOperation;
  status: number;
  /** The id that distinguishes the data of this answer from all others. */
  id: string;
  echo: Echo;
}

/** A body before it is compressed and framed. */
export interface DrawnBody {
  trait: string;
  bytes: Buffer;
  /** Whether it echoes the request, and so differs from one request to the next. */
  echoes?: true;
}

/** Unknown codes; some of them are members that every object inherits. */
// prettier-ignore
const UNKNOWN_CODES = [
  'ERR_BRAND_NEW', 'ERR_0', 'err.lower:case-1', 'E', 'constructor', '__proto__', 'toString', 'hasOwnProperty',
];
/** Values in place of a code that are no codes: text, nothing, and our own codes, which Lalamove must not set. */
// prettier-ignore
const NO_CODES = [
  'two words', '', '  ', 'LALAMOVE_TIMEOUT', 'LALAMOVE_OUTCOME_UNKNOWN', 'ERR_ÜMLAUT', null, 5, true, {}, ['ERR_IN_A_LIST'],
];

const PAGE =
  '<!doctype html><html><head><title>502 Bad Gateway</title></head><body><h1>ERR_INVALID_FIELD</h1></body></html>';
const WORDS = ['São Paulo 🛵', '香港中環', 'Đường Lê Lợi', 'ถนนสุขุมวิท', 'Ring twice', '\u2028\u2029', 'e\u0301'];

type Maker = (draw: BodyDraw) => DrawnBody;

/** Generates a body; a body that suits the status is more likely than one that does not. */
export function drawBody(draw: BodyDraw): DrawnBody {
  const { random, status } = draw;
  const [data, errors] = status < 300 ? [70, 8] : [6, 72];
  return random.weighted<Maker>([
    [data, usableData],
    [data / 5, spoiledData],
    [errors, errorBody],
    [errors / 8, echo],
    [14, noJson],
    [5, cutJson],
    [2, oddJson],
    [1, deep],
    [0.4, wide],
  ])(draw);
}

/** The `data` for the call, with an id of its own. */
function goodData({ random, operation, id }: BodyDraw): Record<string, unknown> {
  if (operation === 'cancelOrder') return {};
  const priceBreakdown = { base: '90', total: '90', currency: 'HKD' };
  const remarks = [random.pick(WORDS), random.pick(WORDS)];
  const stops = [{ coordinates: { lat: '22.2759', lng: '114.1455' }, address: random.pick(WORDS) }];
  return operation === 'createQuotation'
    ? { quotationId: id, serviceType: 'MOTORCYCLE', language: 'EN_HK', stops, priceBreakdown, remarks }
    : { orderId: id, driverId: '', status: 'ASSIGNING_DRIVER', shareLink: 'https://x', stops, priceBreakdown, remarks };
}

const idField = (operation: MutatedOperation): string => (operation === 'createQuotation' ? 'quotationId' : 'orderId');

function usableData(draw: BodyDraw): DrawnBody {
  const { random, operation } = draw;
  if (operation === 'cancelOrder' && random.chance(0.7)) return { trait: 'nothing', bytes: Buffer.alloc(0) };
  const data = goodData(draw);
  const end = random.pick(['', '\n', '\r\n']);
  return random.weighted<() => DrawnBody>([
    [60, () => json('data', { data }, end)],
    [6, () => json('data beside no errors', { data, errors: [] }, end)],
    [
      6,
      () =>
        json('data with more', { data: { ...data, newField: { a: [1, null, 'x'] } }, meta: { requestId: 'm' } }, end),
    ],
    [6, () => json('data of wrong types', { data: { ...data, stops: 'x', metadata: 5, status: null } }, end)],
    [6, () => text('data behind a byte order mark', `\ufeff${JSON.stringify({ data })}`)],
    [
      6,
      () =>
        text(
          'data with a __proto__',
          JSON.stringify({ data }).replace('{"data":{', '{"__proto__":{"data":null},"data":{"__proto__":{"a":1},'),
        ),
    ],
    [4, () => text('data twice', JSON.stringify({ data }).replace('{"data":', '{"data":null,"data":'))],
    [4, () => invalidUtf8({ data: { ...data, name: '~' } })],
  ])();
}

function spoiledData(draw: BodyDraw): DrawnBody {
  const { random, operation, id } = draw;
  const data = goodData(draw);
  const without = Object.fromEntries(Object.entries(data).filter(([name]) => name !== idField(operation)));
  const withId = (value: unknown): unknown => ({ ...without, [idField(operation)]: value });
  return random.pick<() => DrawnBody>([
    () => json('data without an id', { data: without }),
    () => json('data whose id is null', { data: withId(null) }),
    () => json('data whose id is empty', { data: withId('') }),
    () => text('data whose id is a number', JSON.stringify({ data: withId('#') }).replace('"#"', id)),
    () => json('data whose id is an object', { data: withId({ id }) }),
    () => json('data of null', { data: null }),
    () => json('data that are a list', { data: [data] }),
    () => json('data that are text', { data: id }),
    () => json('data beside errors', { data, errors: [{ id: random.pick(DOCUMENTED_CODES) }] }),
    () => json('data without the envelope', data),
    () => json('data in another envelope', { result: data }),
    () => json('nothing in the envelope', {}),
  ])();
}

function errorBody({ random }: BodyDraw): DrawnBody {
  const code = random.weighted<unknown>([
    [60, random.pick(DOCUMENTED_CODES)],
    [20, random.pick(UNKNOWN_CODES)],
    [12, random.pick<unknown>(NO_CODES.map((value) => [value]))],
  ]);
  const id: unknown = Array.isArray(code) ? code[0] : code;
  const message: unknown = random.pick([
    'Something is wrong.',
    random.pick(WORDS),
    '',
    5,
    'Cannot edit order: edited before',
  ]);
  const detail: unknown = random.pick(['/data/stops', '/data/recipients/0/phone', 'a sentence', 7]);
  const meta = random.chance(0.2)
    ? { meta: { requestId: random.pick<unknown>(['r-1', 5, { a: 1 }, 'x'.repeat(3000)]) } }
    : {};
  const other = { id: random.pick([...DOCUMENTED_CODES, ...UNKNOWN_CODES]), message };
  return random.weighted<() => DrawnBody>([
    [20, () => json('an error as a message', { message: id, ...meta })],
    [30, () => json('a list of one error', { errors: [{ id, message, detail }], ...meta })],
    [10, () => json('an error by its id alone', { errors: [{ id }], ...meta })],
    [8, () => json('a list of errors', { errors: [{ id, message, detail }, other], ...meta })],
    [20, () => json('one error as an object', { errors: { id, message, detail }, ...meta })],
    [8, () => json('a list of no errors', { errors: [], ...meta })],
    [4, () => json('a list of nothings', { errors: [null, 5, [], {}, false], ...meta })],
    [4, () => json('an object of no error', { errors: {}, ...meta })],
    [
      3,
      () =>
        text(
          'an error behind __proto__',
          '{"__proto__":{"errors":[{"id":"ERR_X"}]},"errors":[{"__proto__":{"id":"ERR_Y"}}]}',
        ),
    ],
    [3, () => json('errors that are null', { errors: null, message: 'no code here' })],
  ])();
}

/** The secrets of the request, in every form in which an answer can echo them. */
function echo({ random, echo: { apiKey, apiSecret, signature }, operation, id }: BodyDraw): DrawnBody {
  const sent = random.pick([
    apiKey,
    apiSecret,
    signature,
    `hmac ${apiKey}:1700000000000:${signature}`,
    `${apiSecret} ${signature}`,
  ]);
  const escaped = [...sent].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
  const body = random.pick<() => DrawnBody>([
    () => json('an echo in a message', { message: `not ${sent}` }),
    () => json('an echo as a message', { message: sent }),
    () => json('an echo in a list', { errors: [{ id: 'ERR_X', message: sent, detail: `/data/${sent}` }] }),
    () => json('an echo as a code', { errors: [{ id: sent }] }),
    () => json('an echo within a code', { errors: { id: `E-${sent}` } }),
    () => json('an echo as an id', { errors: [], meta: { requestId: sent } }),
    () => json('an echo in a URL', { errors: [{ id: 'ERR_X', message: encodeURIComponent(sent) }] }),
    () => text('an echo behind escapes', `{"errors":[{"id":"ERR_X","message":"${escaped}"}]}`),
    () => text('an echo as a page', `<pre>${sent}</pre>`),
    () => json('an echo among data', { data: { [idField(operation)]: id, message: sent } }),
    () => json('an echo in data that cannot be used', { data: { message: sent }, message: sent }),
  ])();
  return { ...body, echoes: true };
}

function noJson({ random }: BodyDraw): DrawnBody {
  return random.weighted<() => DrawnBody>([
    [30, () => ({ trait: 'nothing', bytes: Buffer.alloc(0) })],
    [8, () => text('white space', random.pick([' ', '\r\n', '\t \n', '\ufeff', '\u00a0']))],
    [25, () => text('a page', PAGE)],
    [5, () => text('a word', random.pick(['OK', 'ERR_INVALID_FIELD', 'null,', 'undefined', '{', '{"data":NaN}']))],
    [5, () => ({ trait: 'junk', bytes: noise(random, random.between(1, 300)) })],
    [3, () => ({ trait: 'UTF-16', bytes: Buffer.from('\ufeff{"data":{"orderId":"1"}}', 'utf16le') })],
    [0.15, () => ({ trait: '5 MB of x', bytes: Buffer.alloc(5 * 1024 * 1024, 'x') })],
  ])();
}

function cutJson(draw: BodyDraw): DrawnBody {
  const { bytes } = draw.random.chance(0.5) ? usableData(draw) : errorBody(draw);
  return { trait: 'JSON that breaks off', bytes: bytes.subarray(0, draw.random.below(bytes.length)) };
}

function oddJson({ random }: BodyDraw): DrawnBody {
  return text(
    'odd JSON',
    random.pick(['null', 'true', '5', '1e999', '"OK"', '""', '[]', '[{"data":{}}]', '{}', '{"data":1,}']),
  );
}

/** A depth that overflows the stack of a recursive parser; within data, that of a recursive comparison. */
function deep(draw: BodyDraw): DrawnBody {
  const { random } = draw;
  const brackets = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  const data = JSON.stringify({ data: { ...goodData(draw), deep: '#' } });
  return random.pick<() => DrawnBody>([
    () => text('lists in lists', brackets(20_000)),
    () => text('lists in lists, open', '['.repeat(20_000)),
    () => text('objects in objects', '{"errors":'.repeat(5000) + '1' + '}'.repeat(5000)),
    () => text('deep data', data.replace('"#"', brackets(500))),
  ])();
}

function wide(draw: BodyDraw): DrawnBody {
  const { random } = draw;
  const stop = { address: random.pick(WORDS), name: 'x'.repeat(40) };
  return random.pick<() => DrawnBody>([
    () => json('data with thousands of stops', { data: { ...goodData(draw), stops: new Array(3000).fill(stop) } }),
    () =>
      json('thousands of errors', {
        errors: new Array(5000).fill({ id: 'ERR_INVALID_FIELD', message: 'x', detail: '/y' }),
      }),
    () => json('thousands of nothings', { errors: new Array(50_000).fill(null) }),
    () => json('a message without end', { message: 'x'.repeat(200_000) }),
  ])();
}

const json = (trait: string, value: unknown, end = ''): DrawnBody => text(trait, JSON.stringify(value) + end);

const text = (trait: string, content: string): DrawnBody => ({ trait, bytes: Buffer.from(content) });

/** Bytes within a string that are not UTF-8. */
function invalidUtf8(value: unknown): DrawnBody {
  const bytes = Buffer.from(JSON.stringify(value));
  const mark = bytes.indexOf('~');
  const wrong = Buffer.from([0xc3, 0x28, 0xff, 0xed, 0xa0, 0x80]);
  return {
    trait: 'data with invalid UTF-8',
    bytes: Buffer.concat([bytes.subarray(0, mark), wrong, bytes.subarray(mark)]),
  };
}

function noise(random: SeededRandom, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}
