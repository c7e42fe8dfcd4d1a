import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import type { Draft } from './mutated-heads.js';
import type { SeededRandom } from '../support/seeded-random.js';

const PACKERS: readonly (readonly [name: string, pack: (bytes: Buffer) => Buffer])[] = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['GZIP', gzipSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['br', (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } })],
];

/** Compresses a body, or only claims it in the header. */
export function drawEncoding(draft: Draft): void {
  const { random, traits, headers } = draft;
  const [name, pack] = random.pick(PACKERS);
  const how = random.weighted([
    [87, 'plain'],
    [7, 'packed'],
    [1.5, 'lying'],
    [1.5, 'truncated'],
    [0.7, 'packed in secret'],
    [0.7, 'otherwise'],
  ]);
  if (how === 'plain') return;
  const said = how === 'otherwise' ? random.pick(['identity', 'snappy', 'gzip, br', '', 'zstd']) : name;
  traits.push(`${said}, ${how}`);
  if (how !== 'packed in secret') headers.push(`Content-Encoding: ${said}`);
  if (how === 'lying' || how === 'otherwise') return;
  const packed = pack(draft.body);
  draft.body = how === 'truncated' ? packed.subarray(0, random.below(packed.length)) : packed;
}

/** An answer without a request: a call that returns it has read the wrong answer. */
const FOREIGN_DATA = '{"data":{"orderId":"6","quotationId":"6"}}';

/** Joins head and body, with a length or chunks that are right or wrong. */
export function framed(draft: Draft): Buffer {
  const { random, traits, headers, body, status } = draft;
  const bodiless = status === 204 || status === 304;
  if (bodiless && random.chance(0.85)) {
    draft.body = Buffer.alloc(0);
    return assembled(draft, random.chance(0.5) ? [] : ['Content-Length: 0']);
  }
  const length = (value: number | string): string => `${random.pick(['Content-Length', 'content-length'])}: ${value}`;
  const { how, lines, sent } = random.weighted<() => { how: string; lines: string[]; sent?: Buffer }>([
    [62, () => ({ how: '', lines: [length(body.length)] })],
    [
      3,
      () => ({ how: 'too short a length', lines: [length(random.below(Math.max(body.length, 1)))], sent: short(body) }),
    ],
    [
      4,
      () => ({ how: 'too great a length', lines: [length(body.length + random.pick([1, 2, 100, 10 ** 6, 2 ** 53]))] }),
    ],
    [4, () => ({ how: 'no length', lines: random.chance(0.7) ? ['Connection: close'] : [] })],
    [0.5, () => ({ how: 'its length twice', lines: [length(body.length), length(body.length)] })],
    [0.7, () => ({ how: 'two lengths', lines: [length(body.length), length(body.length + 1)] })],
    [
      1.2,
      () => ({
        how: 'garbage for a length',
        lines: [length(random.pick(['x', '-1', '+5', '0x10', '5, 5', '1e3', '9'.repeat(25), '5 5']))],
      }),
    ],
    [
      0.4,
      () => ({
        how: 'a length and chunks',
        lines: shuffled(random, [length(body.length), 'Transfer-Encoding: chunked']),
        sent: chunked(draft),
      }),
    ],
    [
      0.5,
      () => ({
        how: 'another transfer coding',
        lines: [
          `Transfer-Encoding: ${random.pick(['identity', 'gzip, chunked', 'chunked, gzip', 'x'])}`,
          'Connection: close',
        ],
        sent: chunked(draft),
      }),
    ],
    [15, () => ({ how: 'chunks', lines: ['Transfer-Encoding: chunked'], sent: chunked(draft) })],
    [4, () => ({ how: 'broken chunks', lines: ['Transfer-Encoding: chunked'], sent: brokenChunks(draft) })],
    [
      1,
      () => ({
        how: 'another answer behind it',
        lines: [length(body.length)],
        sent: Buffer.concat([
          short(body),
          Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${FOREIGN_DATA.length}\r\n\r\n${FOREIGN_DATA}`),
        ]),
      }),
    ],
  ])();
  if (how !== '') traits.push(how);
  headers.push(...lines);
  draft.body = sent ?? body;
  return assembled(draft, []);
}

const shuffled = (random: SeededRandom, [a, b]: [string, string]): string[] => (random.chance(0.5) ? [a, b] : [b, a]);

/** The bytes after a whole answer stay few, so that one read receives them all. */
const short = (body: Buffer): Buffer => (body.length > 20_000 ? body.subarray(0, 20_000) : body);

function assembled({ random, traits, statusLine, headers, body }: Draft, more: string[]): Buffer {
  const interim = random.chance(0.06)
    ? Array.from({ length: random.between(1, 3) }, () =>
        random.pick(['100 Continue', '102 Processing', '103 Early Hints\r\nLink: </x>']),
      )
    : [];
  if (interim.length > 0) traits.push('interim answers');
  const feed = random.chance(0.004) ? '\n' : '\r\n';
  if (feed === '\n') traits.push('bare line feeds');
  const first = random.chance(0.004) ? '\r\n' : '';
  const lines = [
    ...interim.map((line) => `HTTP/1.1 ${line}${feed}${feed}`),
    [statusLine, ...headers, ...more].map((line) => line + feed).join(''),
    feed,
  ];
  return Buffer.concat([Buffer.from(first + lines.join('')), body]);
}

function chunked({ random, body }: Draft): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const size = Math.min(random.between(1, Math.max(16, Math.ceil(body.length / 3))), body.length - at);
    const hex = size.toString(16);
    const line = random.pick([hex, hex.toUpperCase(), `00${hex}`]) + (random.chance(0.1) ? ';a=b' : '');
    parts.push(Buffer.from(`${line}\r\n`), body.subarray(at, at + size), Buffer.from('\r\n'));
    at += size;
  }
  const trailer = random.chance(0.1) ? 'X-Trailer: 1\r\n' : '';
  return Buffer.concat([...parts, Buffer.from(`0\r\n${trailer}\r\n`)]);
}

function brokenChunks(draft: Draft): Buffer {
  const { random, body } = draft;
  const good = chunked(draft);
  const size = body.length.toString(16);
  return random.pick<() => Buffer>([
    () => good.subarray(0, -5),
    () => Buffer.concat([Buffer.from('zz\r\n'), good]),
    () => Buffer.concat([good.subarray(0, random.below(good.length)), Buffer.from('\r\n-\r\n'), good]),
    () => Buffer.concat([Buffer.from(`${'f'.repeat(17)}\r\n`), body]),
    () => Buffer.concat([Buffer.from('ffffffff\r\n'), body]),
    () => Buffer.concat([Buffer.from(`${size}\r\n`), body, Buffer.from('xx0\r\n\r\n')]),
    () => Buffer.concat([Buffer.from(`${size}\n`), body, Buffer.from('\n0\n\n')]),
    () => body,
    () => Buffer.concat([good.subarray(0, -2), Buffer.from('broken trailer\r\n\r\n')]),
  ])();
}
