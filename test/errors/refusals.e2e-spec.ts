import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import axios, { type AxiosError } from 'axios';
import { PassThrough } from 'node:stream';
import type { LalamoveException } from 'nestjs-lalamove';
import { LalamoveOutcomeUnknownException, type LalamoveService } from 'nestjs-lalamove';
import { translateAxiosError } from '../../src/errors/translate-axios-error.js';
import { CALLS, SPENDING } from '../support/inputs.js';
import { failureOf, KEYS, startLalamove } from '../support/lalamove.js';
import { http, RawServer } from '../support/raw-server.js';

/** Statuses of refusals, and whether Lalamove also sends them without a body. */
const STATUSES: [number, boolean][] = [
  [400, false],
  [401, true],
  [402, true],
  [403, true],
  [404, true],
  [405, false],
  [409, false],
  [413, false],
  [422, false],
  [429, true],
];

/** Statuses of a proxy that stopped waiting: the outcome is unknown for any body. */
const STOPPED_WAITING = [408, 425, 444, 460, 499];

/** Bodies from Lalamove's guide and from observed traffic. */
const BODIES_OF_LALAMOVES = [
  '{"message":"ERR_NEW"}\n',
  '{"errors":[{"id":"ERR_NEW","message":"m","detail":"/data"}]}',
  '{"errors":{"id":"ERR_NEW"}}',
  '{"errors":[{"detail":["only","prose list"]}]}',
  '{"errors":[{"detail":{"field":"name"}}]}',
];

/** Bodies of a firewall or a proxy. */
const FOREIGN_BODIES = [
  '<html><body>Access denied</body></html>',
  'Too Many Requests',
  '"text"',
  '[]',
  'null',
  '{"message":"ERR_NEW',
  '{"errors":[{"id":"ERR_NEW"}]}<!-- proxy -->',
  // JSON without an error.
  '{}',
  '{"errors":[]}',
  '{"errors":[{"detail":7}]}',
  '{"errors":[{"detail":{}}]}',
  '{"error":"of another form"}',
  '{"data":{"orderId":"1"}}',
];

describe('a refusal', () => {
  let server: RawServer;
  let lalamove: LalamoveService;
  let close: () => Promise<void>;
  let answer: Buffer;

  beforeAll(async () => {
    server = await RawServer.start((socket) => socket.write(answer));
    const retry = { maxAttempts: 2, baseDelayMs: 0, maxDelayMs: 0 };
    ({ lalamove, close } = await startLalamove({ ...KEYS, baseUrl: server.url, retry, rateLimit: false }));
  });

  afterAll(async () => {
    await close();
    await server.stop();
  });

  afterEach(() => {
    server.requests.length = 0;
  });

  async function failed(
    name: string,
    status: number,
    body: string,
    headers: Record<string, string> = {},
  ): Promise<{ error: Error; sent: number }> {
    const before = server.requests.length;
    answer = http(status, body, headers);
    const error = await failureOf(CALLS[name]?.(lalamove) ?? Promise.reject(new Error(`no call ${name}`)));
    return { error, sent: server.requests.length - before };
  }

  describe.each(SPENDING)('of %s, which must not be repeated', (name) => {
    it.each(STATUSES)('with %i is certain only with a body of Lalamove’s', async (status, comesEmpty) => {
      for (const body of [...BODIES_OF_LALAMOVES, ...(comesEmpty ? ['', '\n'] : [])]) {
        const { error, sent } = await failed(name, status, body);
        expect(error).not.toBeInstanceOf(LalamoveOutcomeUnknownException);
        expect(error).toMatchObject({ upstreamStatus: status, retryable: status === 429, isForeign: false });
        expect(sent).toBe(status === 429 ? 2 : 1);
      }
      for (const body of [...FOREIGN_BODIES, ...(comesEmpty ? [] : [''])]) {
        const { error, sent } = await failed(name, status, body);
        expect(error).toBeInstanceOf(LalamoveOutcomeUnknownException);
        expect(error).toMatchObject({
          upstreamStatus: status,
          retryable: false,
          mirrorStatus: 502,
          cause: { retryable: false, isForeign: true },
        });
        expect(sent).toBe(1);
      }
    });

    it.each(STATUSES)('with %i and a Content-Type of text means an unknown outcome', async (status) => {
      for (const body of ['', ...BODIES_OF_LALAMOVES]) {
        const { error, sent } = await failed(name, status, body, { 'content-type': 'text/html; charset=utf-8' });
        expect(error).toBeInstanceOf(LalamoveOutcomeUnknownException);
        expect(sent).toBe(1);
      }
    });

    it('or a success with a Content-Type of text means an unknown outcome', async () => {
      const { error, sent } = await failed(name, 200, '{"data":{"orderId":"1"}}', { 'content-type': 'text/html' });
      expect(error).toBeInstanceOf(LalamoveOutcomeUnknownException);
      expect(sent).toBe(1);
    });

    it.each(STOPPED_WAITING)('with %i always means an unknown outcome', async (status) => {
      for (const body of ['', ...BODIES_OF_LALAMOVES, ...FOREIGN_BODIES]) {
        const { error, sent } = await failed(name, status, body);
        expect(error).toBeInstanceOf(LalamoveOutcomeUnknownException);
        expect(error).toMatchObject({ upstreamStatus: status, retryable: false, mirrorStatus: 504 });
        expect(sent).toBe(1);
      }
    });
  });

  it.each(Object.keys(CALLS).filter((name) => !SPENDING.includes(name)))(
    'of %s, which may be repeated, speaks by its status whoever sent it',
    async (name) => {
      for (const status of [401, 403, 404, 422, 429, 499]) {
        for (const body of ['', FOREIGN_BODIES[0] ?? '']) {
          const { error, sent } = await failed(name, status, body);
          expect(error).not.toBeInstanceOf(LalamoveOutcomeUnknownException);
          expect(error).toMatchObject({ upstreamStatus: status, retryable: status === 429 });
          expect(sent).toBe(status === 429 ? 2 : 1);
        }
      }
    },
  );

  describe('of a raw axios call of the app', () => {
    it.each([
      ['a body of Lalamove’s', '{"message":"ERR_NEW"}', {}, 'LalamoveException'],
      ['HTML', '<html></html>', {}, 'LalamoveOutcomeUnknownException'],
      [
        'HTML that was asked for as a stream',
        '<html></html>',
        { responseType: 'stream' },
        'LalamoveOutcomeUnknownException',
      ],
      ['HTML as bytes', '<html></html>', { responseType: 'arraybuffer' }, 'LalamoveOutcomeUnknownException'],
    ] as const)('is judged by %s, too', async (_, body, config, expected) => {
      answer = http(409, body);
      const failure = await axios
        .post(`${server.url}/v3/orders`, { data: {} }, config)
        .then(() => undefined)
        .catch((error: unknown) => error);
      expect(translated(failure)).toMatchObject({ name: expected, upstreamStatus: 409 });
    });

    it.each([
      ['a stream', new PassThrough()],
      ['a Blob', new Blob(['{}'])],
      ['a web stream', new ReadableStream()],
      ['bytes', new ArrayBuffer(2)],
    ])('means an unknown outcome if its body is %s and was not read', (_, data) => {
      const config = { url: 'https://rest.lalamove.com/v3/orders', method: 'post' };
      const failure = { isAxiosError: true, config, response: { status: 403, headers: {}, data } };
      expect(translated(failure)).toMatchObject({ name: 'LalamoveOutcomeUnknownException' });
    });

    function translated(failure: unknown): LalamoveException {
      const url = (failure as AxiosError).config?.url ?? '';
      return translateAxiosError(failure, url.replace('/v3/orders', ''), {
        account: undefined,
        policy: 'mirror',
        now: 0,
      });
    }
  });
});
