import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LoggerService } from '@nestjs/common';
import { inspect } from 'node:util';
import { LalamoveModule, LalamoveService, type LalamoveException } from 'nestjs-lalamove';
import { StorefrontController } from '../../examples/storefront/storefront.controller.js';
import { PLATFORMS, request, startHost, type HostApp } from '../support/host-app.js';
import { CALLS } from '../support/inputs.js';
import { failureOf } from '../support/lalamove.js';
import { http, RawServer, type RawHandler } from '../support/raw-server.js';

const KEYS = { apiKey: 'pk_test_PUBLICKEY', apiSecret: 'sk_test_PRIVATEKEY/+', market: 'HK' };

/** What no output may contain: the secret, the key, any signature, the header with the key and the signature. */
const SECRET = /PRIVATEKEY|PUBLICKEY|[0-9a-f]{64}|hmac \w/i;

/** Answers that echo everything that was sent, in every part of an answer, and ends without an answer. */
const ENDS: [string, RawHandler][] = [
  [
    'an echo of the secret itself',
    (socket) => socket.write(http(422, JSON.stringify({ message: `not ${KEYS.apiSecret}` }))),
  ],
  [
    'an echo in the head of an answer that breaks',
    (socket, sent) =>
      socket.end(
        `HTTP/1.1 201 Created\r\nrequest-id: ${/hmac (\S+)/.exec(sent)?.[1] ?? ''}\r\ncontent-length: 9\r\n\r\n{`,
      ),
  ],
  [
    'an echo behind escapes of JSON',
    (socket, sent) => socket.write(http(422, `{"errors":[{"id":"ERR_X","message":"${escaped(sent)}"}]}`)),
  ],
  [
    'an echo in a URL',
    (socket, sent) => socket.write(http(422, JSON.stringify({ message: encodeURIComponent(sent) }))),
  ],
  [
    'an echo in a message',
    (socket, sent) => socket.write(http(401, JSON.stringify({ message: `Bad signature: ${sent}` }))),
  ],
  [
    'an echo in a list',
    (socket, sent) =>
      socket.write(http(422, JSON.stringify({ errors: [{ id: 'ERR_X', message: sent, detail: sent }] }))),
  ],
  [
    'an echo as a code',
    (socket, sent) => socket.write(http(422, JSON.stringify({ errors: [{ id: /hmac (\S+)/.exec(sent)?.[1] }] }))),
  ],
  [
    'an echo as a page',
    (socket, sent) => socket.write(http(502, `<pre>${sent}</pre>`, { 'content-type': 'text/html' })),
  ],
  ['an echo as a success', (socket, sent) => socket.write(http(200, sent))],
  [
    'an echo as a request id',
    (socket, sent) => socket.write(http(500, '', { 'request-id': /hmac (\S+)/.exec(sent)?.[1] ?? '' })),
  ],
  ['a reset', (socket) => socket.resetAndDestroy()],
  ['hang', () => undefined],
  ['no HTTP', (socket, sent) => socket.write(sent)],
];

/** The same string for a JSON parser, but a text search does not find it. */
function escaped(text: string): string {
  return [...text].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
}

/** Every common way to print an object. */
const written = (value: unknown): string =>
  [
    JSON.stringify(value),
    inspect(value, { depth: Infinity, showHidden: true, getters: true }),
    String(value),
    value instanceof Error ? value.stack : '',
    JSON.stringify(Object(value), Object.getOwnPropertyNames(Object(value))),
  ].join('\n');

describe.each(PLATFORMS)('no secret on %s', (platform) => {
  const logged: string[] = [];
  const note = (...lines: unknown[]): void => {
    logged.push(...lines.map((line) => (typeof line === 'string' ? line : written(line))));
  };
  const logger: LoggerService = { log: note, error: note, warn: note, debug: note, verbose: note, fatal: note };
  let answer: RawHandler;
  let server: RawServer;
  let host: HostApp;

  beforeAll(async () => {
    server = await RawServer.start((socket, sent) => {
      answer(socket, sent);
    });
    const options = { ...KEYS, baseUrl: server.url, timeoutMs: 100, retry: { maxAttempts: 1 }, logger };
    host = await startHost(
      platform,
      { imports: [LalamoveModule.forRoot(options)], controllers: [StorefrontController] },
      (app) => {
        app.useLogger(logger);
      },
    );
  });

  afterAll(async () => {
    await host.app.close();
    await server.stop();
  });

  it.each(ENDS)('in exceptions, answers and logs after %s', async (_, end) => {
    answer = end;
    const lalamove = host.app.get(LalamoveService);
    for (const call of Object.values(CALLS)) {
      const error = await failureOf(call(lalamove)).catch(() => undefined);
      if (error) expect(written(error) + written((error as LalamoveException).getResponse())).not.toMatch(SECRET);
    }
    const { body } = await request('GET', `${host.url}/lalamove/orders/1`);
    expect(JSON.stringify(body)).not.toMatch(SECRET);
    await request('GET', `${host.url}/cities`);
    expect(logged.join('\n')).not.toMatch(SECRET);
  });

  it('in the service itself', () => {
    const lalamove = host.app.get(LalamoveService);
    expect(written(lalamove)).not.toMatch(SECRET);
    expect(written(lalamove.forAccount({ ...KEYS, apiSecret: 'sk_test_PRIVATEKEY_2' }))).not.toMatch(SECRET);
  });

  it('although at least one line was logged', () => {
    expect(logged.join('\n')).toMatch(/getCities failed: .*\(code=LALAMOVE_/);
  });
});
