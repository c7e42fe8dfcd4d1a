import type { Echo } from './mutated-bodies.js';
import type { SeededRandom } from '../support/seeded-random.js';

/** An answer while it is generated, part by part. */
export interface Draft {
  random: SeededRandom;
  /** What was mutated. */
  traits: string[];
  status: number;
  statusLine: string;
  headers: string[];
  body: Buffer;
}

/** The clock of the answer: all its times are relative to it, and so the same in every run. */
const DATE = 'Tue, 01 Sep 2026 12:00:00 GMT';
const DATE_SECONDS = Date.parse(DATE) / 1000;

/** Generates the status line. */
export function drawStatusLine(draft: Draft): void {
  const { random, status, traits } = draft;
  const code = String(status).padStart(3, '0');
  const reason = random.pick(['OK', 'Created', 'Unprocessable Entity', 'Whatever It Is']);
  const [trait, line] = random.weighted<readonly [string, string]>([
    [89, ['', `HTTP/1.1 ${code} ${reason}`]],
    [3, ['HTTP/1.0', `HTTP/1.0 ${code} ${reason}`]],
    [2, ['no reason', random.pick([`HTTP/1.1 ${code}`, `HTTP/1.1 ${code} `])]],
    [1, ['odd reason', `HTTP/1.1 ${code} ${random.pick(['São Paulo', 'x'.repeat(2000), '200 OK', '\t'])}`]],
    [
      1.4,
      [
        'wrong protocol',
        `${random.pick(['HTTP/2.0', 'HTTP/1.2', 'HTTP/3', 'http/1.1', 'HTTPS/1.1', 'ICY', 'RTSP/1.0'])} ${code} ${reason}`,
      ],
    ],
    [
      1.5,
      [
        'garbage for a status',
        `HTTP/1.1 ${random.pick(['20', '2000', '2x0', '-1', '', ' 200', '٢٠٠', 'OK 200'])} ${reason}`,
      ],
    ],
    [
      1.5,
      [
        'garbage for a status line',
        random.pick([
          '220 mail.example.com ESMTP',
          '\u0000\u0001\u0002',
          '{"data":{}}',
          'SSH-2.0-x',
          '<html>',
          '\u0016\u0003\u0001',
        ]),
      ],
    ],
  ]);
  draft.statusLine = line;
  if (trait !== '') traits.push(trait);
}

/**
 * Generates headers, valid and invalid.
 *
 * @returns whether they echo the request
 */
export function drawHeaders(draft: Draft, { apiKey, apiSecret, signature }: Echo): boolean {
  const { random, status, traits } = draft;
  const add = (share: number, trait: string, lines: () => readonly string[]): boolean => {
    if (!random.chance(share)) return false;
    draft.headers.push(...lines());
    traits.push(trait);
    return true;
  };
  const waits = status === 429 || status === 503;
  add(0.8, 'type', () => [
    `Content-Type: ${random.pick(['application/json', 'application/json; charset=UTF-8', 'text/html', 'x', '', 'application/json; charset=utf-16'])}`,
  ]);
  add(0.5, 'date', () => [
    `Date: ${random.weighted([
      [9, DATE],
      [1, 'yesterday'],
    ])}`,
  ]);
  add(waits ? 0.6 : 0.05, 'retry-after', () => [`Retry-After: ${random.pick(RETRY_AFTER)}`]);
  add(waits ? 0.1 : 0.01, 'retry-after-ms', () => [
    `Retry-After-Ms: ${random.pick(['0', '60000.5', '1e9', '-1', 'x', ''])}`,
  ]);
  add(waits ? 0.4 : 0.1, 'rate limits', () => rateLimits(random));
  const echoes = add(0.03, 'an echo as Request-Id', () => [
    `Request-Id: ${random.pick([apiKey, apiSecret, signature, `${apiKey}:1:${signature}`, encodeURIComponent(apiSecret)])}`,
  ]);
  add(0.2, 'Request-Id', () => [
    `Request-Id: ${random.pick(['r-1', '', ' ', 'x'.repeat(3000), '"', '{"a":1}', 'é\u00ff', '__proto__', '<b>'])}`,
  ]);
  add(status >= 300 && status < 400 ? 0.8 : 0.02, 'location', () => [
    `Location: ${random.pick(['/v3/elsewhere', '//evil.example', 'http://127.0.0.1:1/', '', 'javascript:1', '%zz'])}`,
  ]);
  add(0.05, 'cookies', () =>
    Array.from({ length: random.between(1, 60) }, (_, at) => `Set-Cookie: c${at}=${random.below(9)}; Path=/`),
  );
  add(0.03, 'names of prototypes', () => ['__proto__: x', 'constructor: y', 'hasOwnProperty: z', 'toString: t']);
  add(0.03, 'no ASCII in a header', () => ['X-Name: São Paulo 🛵 \u00ff']);
  add(0.03, 'keep-alive', () => [
    random.pick([
      'Keep-Alive: timeout=1',
      'Keep-Alive: timeout=0, max=0',
      'Keep-Alive: timeout=x',
      'Connection: keep-alive',
    ]),
  ]);
  add(0.04, 'close', () => [`Connection: ${random.pick(['close', 'Close'])}`]);
  add(0.01, 'an upgrade', () => ['Connection: upgrade', 'Upgrade: websocket']);
  add(0.012, 'a control character', () => [
    `X-Control: a${random.pick(['\u0000', '\u0001', '\u001b', '\u007f', '\r', '\b'])}b`,
  ]);
  add(0.012, 'a line that is no header', () => [
    random.pick([
      'no colon here',
      ': no name',
      'two words: x',
      'X-Space : x',
      'HTTP/1.1 200 OK',
      '\u0001: x',
      ' folded',
    ]),
  ]);
  add(0.01, 'many headers', () => Array.from({ length: 60 }, (_, at) => `X-Many-${at}: ${'x'.repeat(80)}`));
  add(0.012, 'more than 16 KB of headers', () =>
    random.pick([
      [`X-Long: ${'x'.repeat(20_000)}`],
      Array.from({ length: 50 }, (_, at) => `X-Much-${at}: ${'x'.repeat(500)}`),
    ]),
  );
  return echoes;
}

// prettier-ignore
const RETRY_AFTER = [
  '0', '60', '86400', '3600', '86401', '99999999999999999999', '-1', '-86400', '1.5e3', 'soon', '', '0x10', 'NaN', 'Infinity', '٣',
  'Tue, 01 Sep 2026 12:01:00 GMT', 'Tue, 01 Sep 2026 11:00:00 GMT', 'Fri, 31 Dec 9999 23:59:59 GMT', 'Tue, 99 Sep 2026', '2026-09-01T12:01:00Z',
];

/** Limits in each of Lalamove's three spellings, and the values that they may have. */
function rateLimits(random: SeededRandom): string[] {
  const name = random.pick<(part: string) => string>([
    (part) => `ratelimit-${part}`,
    (part) => `ratelimits-${part}-postorder`,
    (part) => `RateLimit-${part}-Postxxx`,
  ]);
  const reset = random.pick([
    DATE_SECONDS + 100,
    DATE_SECONDS - 10,
    DATE_SECONDS + 10 ** 7,
    0,
    10 ** 20,
    -5,
    'soon',
    '',
    '1e3',
    Number.NaN,
  ]);
  return [
    `${name('limit')}: 50`,
    `${name('remaining')}: ${random.pick(['0', '-1', 'x'])}`,
    `${name('reset')}: ${reset}`,
  ];
}
