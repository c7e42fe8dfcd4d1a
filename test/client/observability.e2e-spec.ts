import { afterEach, describe, expect, it } from '@jest/globals';
import type { LoggerService } from '@nestjs/common';
import type {
  LalamoveHooks,
  LalamoveModuleOptions,
  LalamoveRequestEvent,
  LalamoveResponseEvent,
  LalamoveRetryEvent,
  LalamoveService,
} from 'nestjs-lalamove';
import { ORDER } from '../support/inputs.js';
import { failureOf, KEYS, startLalamove } from '../support/lalamove.js';
import { http, RawServer, type RawHandler } from '../support/raw-server.js';

const UUID = /^[0-9a-f-]{36}$/;
const order = http(201, '{"data":{"orderId":"7"}}', { 'request-id': 'r-7' });

/** A logger that records its lines, by level. */
class RecordingLog implements LoggerService {
  readonly lines: [level: string, line: string][] = [];

  log(line: string): void {
    this.lines.push(['log', line]);
  }

  error(line: string): void {
    this.lines.push(['error', line]);
  }

  warn(line: string): void {
    this.lines.push(['warn', line]);
  }

  debug(line: string): void {
    this.lines.push(['debug', line]);
  }
}

/** Hooks that record their events, in order. */
class RecordingHooks implements LalamoveHooks {
  readonly told: [hook: string, event: LalamoveRequestEvent | LalamoveResponseEvent | LalamoveRetryEvent][] = [];

  onRequest(event: LalamoveRequestEvent): void {
    this.told.push(['onRequest', event]);
  }

  onResponse(event: LalamoveResponseEvent): void {
    this.told.push(['onResponse', event]);
  }

  onRetry(event: LalamoveRetryEvent): void {
    this.told.push(['onRetry', event]);
  }
}

describe('a call reports', () => {
  let server: RawServer;
  let lalamove: LalamoveService;
  let stop: () => Promise<void>;
  let logger: RecordingLog;
  let hooks: RecordingHooks;

  afterEach(() => stop());

  async function start(handle: RawHandler, more: Partial<LalamoveModuleOptions> = {}, name?: string): Promise<void> {
    server = await RawServer.start(handle);
    logger = new RecordingLog();
    hooks = new RecordingHooks();
    const options = { ...KEYS, baseUrl: server.url, retry: { baseDelayMs: 1 }, logger, hooks, name, ...more };
    const started = await startLalamove(options, undefined, name);
    ({ lalamove } = started);
    stop = async () => {
      await started.close();
      await server.stop();
    };
  }

  describe('in its log', () => {
    it('one line of a success, at the level debug', async () => {
      await start((socket) => socket.write(order));
      await lalamove.placeOrder(ORDER);
      expect(logger.lines).toEqual([
        [
          'debug',
          expect.stringMatching(
            /^placeOrder answered \(status=201 requestId=r-7 attempts=1 ms=\d+ sentRequestId=[0-9a-f-]{36}\)$/,
          ),
        ],
      ]);
    });

    it('one line of each retry, with the account', async () => {
      let answers = 0;
      await start((socket) => socket.write(answers++ === 0 ? http(503, '') : order), {}, 'thailand');
      await lalamove.getOrder('7');
      const repeat =
        /^getOrder will be repeated \(code=LALAMOVE_SERVER_ERROR status=503 delayMs=[01] account=thailand attempts=1 ms=\d+ sentRequestId=\S+\)$/;
      expect(logger.lines).toEqual([
        ['warn', expect.stringMatching(repeat)],
        ['debug', expect.stringMatching(/^getOrder answered \(.* account=thailand attempts=2 /)],
      ]);
    });

    it.each([
      [422, '{"errors":[{"id":"ERR_INVALID_QUOTATION_ID"}]}', 'ERR_INVALID_QUOTATION_ID'],
      [402, '{"message":"ERR_INSUFFICIENT_CREDIT"}', 'ERR_INSUFFICIENT_CREDIT'],
      [500, '', 'LALAMOVE_OUTCOME_UNKNOWN'],
    ])('one line of a failure, at the level debug, after a %i', async (status, body, code) => {
      await start((socket) => socket.write(http(status, body)));
      await failureOf(lalamove.placeOrder(ORDER));
      const line = new RegExp(`^placeOrder failed \\(code=${code} status=${status} attempts=1 ms=\\d+ sentRequestId=`);
      expect(logger.lines).toEqual([['debug', expect.stringMatching(line)]]);
    });

    it('no secret, no personal data and no line break, after any answer', async () => {
      const echo = `${KEYS.apiKey} ${KEYS.apiSecret} Ada +85251234567`;
      await start((socket, request) => {
        const signature = /Authorization: (\S+ \S+)/i.exec(request)?.[1] ?? '';
        const body = { message: echo, meta: { requestId: `${signature}\nfake line` } };
        socket.write(http(500, JSON.stringify(body)));
      });
      await failureOf(lalamove.getOrder('1', { maxAttempts: 1 }));
      await failureOf(lalamove.placeOrder(ORDER));
      const text = logger.lines.map(([, line]) => line).join('|');
      expect(text).toContain('fake line');
      expect(text).not.toMatch(/sk_test|pk_test|Ada|8525|\n/);
      expect(text).not.toMatch(/[0-9a-f]{64}/);
    });

    it('without failing if the logger throws', async () => {
      await start((socket) => socket.write(order));
      const full = (): never => {
        throw new Error('disk full');
      };
      Object.assign(logger, { debug: full, warn: full });
      await expect(lalamove.placeOrder(ORDER)).resolves.toEqual({ orderId: '7' });
      expect(server.requests).toHaveLength(1);
    });

    it('how long the call waited for the rate limit', async () => {
      await start((socket) => socket.write(order), { rateLimit: { perMinute: { getOrder: 120 } } });
      const limited = lalamove.forAccount({ ...KEYS, apiKey: 'pk_test_other' });
      await Promise.all(Array.from({ length: 115 }, () => limited.getOrder('1')));
      const waited = logger.lines.filter(([, line]) => line.includes('queuedMs='));
      expect(waited.length).toBeGreaterThan(0);
    });
  });

  describe('to its hooks', () => {
    it('each attempt, each result and each retry, in this order', async () => {
      let answers = 0;
      await start((socket) => socket.write(answers++ === 0 ? http(503, '', { 'request-id': 'r-1' }) : order));
      await lalamove.getOrder('7');
      const attributes = {
        'http.request.method': 'GET',
        'url.template': '/v3/orders/{orderId}',
        'url.scheme': 'http',
        'server.address': '127.0.0.1',
        'server.port': Number(new URL(server.url).port),
      };
      const call = { operation: 'getOrder', account: undefined, callId: expect.any(Number) };
      const sent = { sentRequestId: expect.stringMatching(UUID), sentAt: expect.any(Number), queuedMs: 0 };
      const sending = { ...call, ...sent, attempt: 1, attributes };
      const again = { ...sending, attempt: 2, attributes: { ...attributes, 'http.request.resend_count': 1 } };
      const error = expect.objectContaining({ name: 'LalamoveServerException', upstreamStatus: 503 });
      expect(hooks.told).toEqual([
        ['onRequest', sending],
        [
          'onResponse',
          {
            ...sending,
            durationMs: expect.any(Number),
            requestId: 'r-1',
            rateLimit: {},
            error,
            attributes: {
              ...attributes,
              'http.response.status_code': 503,
              'error.type': 'LALAMOVE_SERVER_ERROR',
            },
          },
        ],
        ['onRetry', { ...call, attempt: 2, delayMs: expect.any(Number), error }],
        ['onRequest', again],
        [
          'onResponse',
          {
            ...again,
            durationMs: expect.any(Number),
            requestId: 'r-7',
            rateLimit: {},
            error: undefined,
            attributes: { ...again.attributes, 'http.response.status_code': 201 },
          },
        ],
      ]);
    });

    it('an attempt that ends without an answer', async () => {
      await start((socket) => socket.destroy());
      await failureOf(lalamove.placeOrder(ORDER));
      expect(hooks.told.at(-1)).toEqual([
        'onResponse',
        expect.objectContaining({ error: expect.objectContaining({ code: 'LALAMOVE_OUTCOME_UNKNOWN' }) }),
      ]);
    });

    it('nothing of a call that is refused before it is sent', async () => {
      await start((socket) => socket.write(order));
      await failureOf(lalamove.placeOrder({ ...ORDER, quotationId: '' }));
      expect(hooks.told).toEqual([]);
    });

    it.each([
      [
        'throw',
        () => {
          throw new Error('no metrics');
        },
      ],
      ['reject', () => Promise.reject(new Error('no metrics'))],
    ])('without failing if they %s, and names them in the log', async (_, hook) => {
      await start((socket) => socket.write(order), { hooks: { onRequest: hook, onResponse: hook } });
      await expect(lalamove.placeOrder(ORDER)).resolves.toEqual({ orderId: '7' });
      await new Promise((resolve) => setImmediate(resolve));
      const warnings = logger.lines.filter(([level]) => level === 'warn').map(([, line]) => line);
      expect(warnings).toEqual(
        expect.arrayContaining([
          'The hook onRequest threw (error=no metrics)',
          'The hook onResponse threw (error=no metrics)',
        ]),
      );
    });

    it.each([
      [
        'throw',
        () => {
          throw Object.create(null);
        },
      ],
      ['reject with', () => Promise.reject(Object.create(null) as Error)],
    ])('without failing if they %s a value without a message', async (_, hook) => {
      await start((socket) => socket.write(order), { hooks: { onRequest: hook, onResponse: hook } });
      await expect(lalamove.placeOrder(ORDER)).resolves.toEqual({ orderId: '7' });
      await new Promise((resolve) => setImmediate(resolve));
      expect(logger.lines).toContainEqual(['warn', 'The hook onResponse threw (error=something without words)']);
    });

    it('as methods of their object', async () => {
      await start((socket) => socket.write(order));
      await lalamove.placeOrder(ORDER);
      expect(hooks.told.map(([hook]) => hook)).toEqual(['onRequest', 'onResponse']);
    });
  });
});
