import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';
import type { LalamoveModuleOptions, LalamoveService, PlaceOrderDto } from 'nestjs-lalamove';
import {
  DRIVER_SCRIPTS,
  LalamoveSandbox,
  MAGIC_VALUES,
  SandboxClock,
  SandboxControlError,
  type CallFault,
  type Fault,
  type FaultAnswer,
  type LedgerLine,
} from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { booked, EDIT, orderOf, QUOTATION } from '../support/inputs.js';
import { failureOf, startLalamove } from '../support/lalamove.js';
import { ManualClock } from '../support/manual-clock.js';

/** How long a client waits for what never comes, in ms: long enough for a call to arrive. */
const IMPATIENT = { timeoutMs: 30 };

const UNKNOWN = { name: 'LalamoveOutcomeUnknownException', retryable: false };

/** Every answer that a fault can give, and what a call that may be repeated ends in; for one that may not it is the cause. */
const ANSWERS: Record<Extract<FaultAnswer, string> | `an ${string}`, { answer: FaultAnswer; ends: object }> = {
  reset: { answer: 'reset', ends: { name: 'LalamoveConnectionException', code: 'LALAMOVE_CONNECTION' } },
  hang: { answer: 'hang', ends: { name: 'LalamoveTimeoutException', code: 'LALAMOVE_TIMEOUT' } },
  truncate: { answer: 'truncate', ends: { name: 'LalamoveConnectionException', code: 'LALAMOVE_CONNECTION' } },
  'an empty 500': {
    answer: { code: 'LALAMOVE_SERVER_ERROR', shape: 'empty' },
    ends: { name: 'LalamoveServerException', code: 'LALAMOVE_SERVER_ERROR', upstreamStatus: 500 },
  },
  'an explained 503': {
    answer: { code: 'LALAMOVE_SERVER_ERROR', status: 503, message: 'Back at noon' },
    ends: { name: 'LalamoveServerException', code: 'LALAMOVE_SERVER_ERROR', upstreamStatus: 503 },
  },
  'an HTML 502': {
    answer: { code: 'LALAMOVE_SERVER_ERROR', status: 502, shape: 'html' },
    ends: { name: 'LalamoveServerException', code: 'LALAMOVE_SERVER_ERROR', upstreamStatus: 502 },
  },
  'an HTML 200, word for word': {
    answer: { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sorry</html>' },
    ends: { name: 'LalamoveUnreadableResponseException', code: 'LALAMOVE_UNREADABLE_RESPONSE', upstreamStatus: 200 },
  },
};

/** For each way to treat the work: how many couriers there are at once, and after the 2 minutes by which it may be late. */
const WORKS: Record<NonNullable<CallFault['work']>, { atOnce: number; later: number }> = {
  skipped: { atOnce: 0, later: 0 },
  done: { atOnce: 1, later: 1 },
  late: { atOnce: 0, later: 1 },
};

/**
 * What a magic value of a call does: how the first `POST` ends, and how many couriers there are then, after a naive repeat of it, and 2 minutes
 * later. `slow-answer` has a test of its own.
 */
const MAGIC: Record<string, { ends: object; live: [first: number, repeated: number, later: number] }> = {
  'reset-before-work': { ends: { ...UNKNOWN, cause: ANSWERS.reset.ends }, live: [0, 1, 1] },
  'hang-before-work': { ends: { ...UNKNOWN, cause: ANSWERS.hang.ends }, live: [0, 1, 1] },
  'error-before-work': { ends: { ...UNKNOWN, upstreamStatus: 500 }, live: [0, 1, 1] },
  'reset-after-work': { ends: { ...UNKNOWN, cause: ANSWERS.reset.ends }, live: [1, 2, 2] },
  'hang-after-work': { ends: { ...UNKNOWN, cause: ANSWERS.hang.ends }, live: [1, 2, 2] },
  'error-after-work': { ends: { ...UNKNOWN, upstreamStatus: 500 }, live: [1, 2, 2] },
  'html-after-work': { ends: { ...UNKNOWN, upstreamStatus: 502 }, live: [1, 2, 2] },
  'truncated-after-work': { ends: { ...UNKNOWN, upstreamStatus: 201 }, live: [1, 2, 2] },
  'late-work': { ends: { ...UNKNOWN, cause: ANSWERS.reset.ends }, live: [0, 1, 2] },
  'rate-limited': { ends: { name: 'RateLimitedException', upstreamStatus: 429 }, live: [0, 1, 1] },
  'insufficient-credit': { ends: { name: 'InsufficientCreditException', upstreamStatus: 402 }, live: [0, 1, 1] },
};

/** Faults that cannot be, as they would come from outside, and what is said of them. */
const BAD_FAULTS: [fault: unknown, problem: RegExp][] = [
  [{}, /does something: give it an answer/],
  [{ call: 'getOrder', times: 2 }, /does something/],
  [{ answer: 'reset', when: 'now' }, /has no when: it can have call, latencyMs, work, lateBy, answer, times, prob/],
  [{ webhook: 'lost', answer: 'reset' }, /has no answer: it can have webhook, event, orderId, delay, times, prob/],
  [{ answer: 'reset', times: 0 }, /times must be a whole number of at least 1 and at most 1000000000, or "always"/],
  [{ answer: 'reset', times: 1.5 }, /times/],
  [{ answer: 'reset', times: 'twice' }, /times/],
  [{ answer: 'reset', times: null }, /times/],
  [{ webhook: 'lost', times: -1 }, /times/],
  [{ answer: 'reset', probability: -0.1 }, /probability must be a number from 0 to 1/],
  [{ answer: 'reset', probability: 1.1 }, /probability/],
  [{ webhook: 'lost', probability: '1' }, /probability/],
  [{ call: 'payOrder', answer: 'reset' }, /"payOrder" is no call of Lalamove's/],
  [{ call: ['getOrder', 'payOrder'], answer: 'reset' }, /"payOrder" is no call/],
  [{ call: [5], answer: 'reset' }, /call/],
  [{ call: 5, answer: 'reset' }, /call/],
  [{ call: null, answer: 'reset' }, /call/],
  [{ call: { name: 'getOrder' }, answer: 'reset' }, /call/],
  [{ latencyMs: -1 }, /latencyMs must be a number of ms/],
  [{ latencyMs: '1s' }, /latencyMs/],
  [{ work: 'twice' }, /work must be "skipped", "done" or "late"/],
  [{ work: 'late', lateBy: 'soon' }, /"soon" is no length of time/],
  [{ work: 'late', lateBy: -1 }, /-1 is no length of time/],
  [{ answer: 'tea' }, /answer must be "reset", "hang", "truncate", { code } of the error table, or { status, body }/],
  [{ answer: {} }, /answer must be/],
  [{ answer: null }, /answer must be/],
  [{ answer: { code: 'ERR_NO_SUCH_CODE' } }, /no row for "ERR_NO_SUCH_CODE"/],
  [{ answer: { code: 42 } }, /no row for 42/],
  [{ answer: { code: 'ERR_INVALID_FIELD', status: 99 } }, /status of an answer must be a whole number from 200 to 999/],
  [{ answer: { status: 200.5, body: '' } }, /status/],
  [{ answer: { status: '500', body: '' } }, /status/],
  [{ answer: { status: 500 } }, /needs a body: a text/],
  [{ answer: { code: 'ERR_INVALID_FIELD', shape: 'xml' } }, /shape of a refusal must be one of list, message, object/],
  [{ answer: { code: 'ERR_INVALID_FIELD', headers: 'x: y' } }, /headers of an answer must be an object of texts/],
  [{ answer: { status: 200, body: '', headers: { x: 1 } } }, /headers of an answer must be an object of texts/],
  [{ answer: { status: 200, body: '', headers: { 'x y': 'z' } } }, /cannot have the header "x y"/],
  [{ answer: { status: 200, body: '', headers: { x: 'y\nz' } } }, /cannot have the header "x"/],
  [{ webhook: 'eaten' }, /webhook must be one of lost, doubled, delayed, reordered, badly-signed, early/],
  [{ webhook: 'delayed', delay: 'a bit' }, /"a bit" is no length of time/],
  [{ webhook: 'lost', event: 5 }, /event/],
  [{ webhook: 'lost', event: [null] }, /event/],
  [{ webhook: 'lost', event: {} }, /event/],
  [{ webhook: 'lost', orderId: 5 }, /orderId/],
];

/** Resolves when something has come true; what is awaited comes by itself, or the test's own time runs out. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise(setImmediate);
}

/** Whether a sandbox takes connections. */
async function listens(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/_sandbox`)).ok;
  } catch {
    return false;
  }
}

/** Makes a signed call over a socket of its own, and tells what came back: every byte, and how the connection ended. */
async function overSocket(
  sandbox: LalamoveSandbox,
  method: string,
  path: string,
  data: object,
): Promise<{ head: string; body: string; end: string }> {
  const body = JSON.stringify({ data });
  const signed = `1790000000000\r\n${method}\r\n${path}\r\n\r\n${body}`;
  const signature = createHmac('sha256', sandbox.apiSecret).update(signed).digest('hex');
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: sandbox',
    `Authorization: hmac ${sandbox.apiKey}:1790000000000:${signature}`,
    'Market: HK',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  const { hostname, port } = new URL(sandbox.url);
  const socket = connect(Number(port), hostname);
  let [came, end] = ['', 'closed'];
  socket.on('data', (bytes) => (came += bytes.toString('utf8')));
  socket.on('error', (error) => (end = String(Reflect.get(error, 'code'))));
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  await new Promise((resolve) => socket.on('close', resolve));
  const [head = '', ...rest] = came.split('\r\n\r\n');
  return { head, body: rest.join('\r\n\r\n'), end };
}

describe('a fault', () => {
  let clock: SandboxClock;
  let sandbox: LalamoveSandbox;
  let lalamove: LalamoveService;
  /** What a test has started. */
  let closers: (() => Promise<void>)[];

  beforeEach(async () => {
    clock = new SandboxClock({ speed: 0, startAt: '2026-11-22T08:00:00Z' });
    sandbox = await LalamoveSandbox.start({ clock, rateLimits: false });
    closers = [() => sandbox.stop()];
    lalamove = await clientOf(sandbox);
  });

  afterEach(async () => {
    for (const close of closers.reverse()) await close();
  });

  /** A client that is closed with the test. */
  async function clientOf(of: LalamoveSandbox, more: Partial<LalamoveModuleOptions> = {}): Promise<LalamoveService> {
    const started = await startLalamove(accountOn(of, more));
    closers.push(started.close);
    return started.lalamove;
  }

  const line = (): LedgerLine => {
    const { reference } = sandbox.ledger.byMetadata;
    return reference?.['A-1'] ?? { orderIds: [], live: [], completed: [], spent: {} };
  };
  const live = (): number => line().live.length;
  const toOrder = async (): Promise<PlaceOrderDto> => orderOf(await lalamove.createQuotation(QUOTATION));
  /** Asserts how many couriers are on the road for the one thing to deliver, and that exactly they are paid for. */
  const expectLive = (count: number, price: string): void => {
    expect(line().live).toHaveLength(count);
    expect(line().spent).toEqual(count === 0 ? {} : { HKD: String(count * Number(price)) });
  };

  describe.each(Object.entries(WORKS))('with the work %s', (work, { atOnce, later }) => {
    it.each(Object.entries(ANSWERS))('and %s: an order ends as unknown, and the ledger knows', async (name, course) => {
      const quotation = await lalamove.createQuotation(QUOTATION);
      sandbox.addFault({ call: 'placeOrder', work: workOf(work), answer: course.answer });
      const timeoutMs = name === 'hang' ? IMPATIENT : {};
      const error = await failureOf(lalamove.placeOrder(orderOf(quotation), timeoutMs));
      expect(error).toMatchObject({ ...UNKNOWN, cause: course.ends });
      await until(() => sandbox.requests.some(({ operation }) => operation === 'placeOrder'));
      const { total } = quotation.priceBreakdown;
      expectLive(atOnce, total);
      await sandbox.advance(119_999);
      expectLive(atOnce, total);
      await sandbox.advance(1);
      expectLive(later, total);
      expect(sandbox.ledger.byQuotation[quotation.quotationId]?.live ?? []).toHaveLength(later);
      expect(await sandbox.control.faults()).toEqual([]);
    });
  });

  it.each(Object.entries(ANSWERS))('of %s: a call that may be repeated says so', async (name, { answer, ends }) => {
    // So that there is a connection, and the call arrives within the client's patience.
    await lalamove.getCities();
    sandbox.addFault({ call: 'createQuotation', answer });
    const timeoutMs = name === 'hang' ? IMPATIENT : {};
    expect(await failureOf(lalamove.createQuotation(QUOTATION, timeoutMs))).toMatchObject({ ...ends, retryable: true });
    await lalamove.createQuotation(QUOTATION);
  });

  it('makes a naive client that repeats a POST book twice', async () => {
    const order = await toOrder();
    sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
    await failureOf(lalamove.placeOrder(order));
    await lalamove.placeOrder(order);
    const twice = line();
    expect(twice.live).toHaveLength(2);
    expect(twice.live).toEqual(sandbox.ledger.byQuotation[order.quotationId]?.live);
    expect(sandbox.ledger.total).toEqual(twice);
  });

  it('spends, edits and changes although the answer was lost', async () => {
    const lose = (call: CallFault['call']): void => {
      sandbox.addFault({ ...(call && { call }), work: 'done', answer: 'reset' });
    };
    const { orderId, priceBreakdown } = await booked(lalamove);
    lose('addPriorityFee');
    expect(await failureOf(lalamove.addPriorityFee(orderId, { priorityFee: '20' }))).toMatchObject({
      ...UNKNOWN,
      orderId,
    });
    expectLive(1, String(Number(priceBreakdown.total) + 20));
    const { driverId } = sandbox.moveOrder(orderId, 'ON_GOING');
    lose('editOrder');
    expect(await failureOf(lalamove.editOrder(orderId, EDIT))).toMatchObject({ ...UNKNOWN, orderId });
    expect(await sandbox.control.order(orderId)).toMatchObject({ isEdited: true });
    await sandbox.advance('15m');
    lose('changeDriver');
    const change = lalamove.changeDriver(orderId, driverId, { reason: 'DRIVER_LATE' });
    expect(await failureOf(change)).toMatchObject({ ...UNKNOWN, orderId });
    expect(sandbox.orders).toMatchObject([{ status: 'ASSIGNING_DRIVER', driverId: '' }]);
  });

  it.each(['reset', 'truncate'] as const)(
    'of a cancellation (%s) is ridden out, since a repeat does no harm',
    async (answer) => {
      const patient = await clientOf(sandbox, { retry: { maxAttempts: 2, baseDelayMs: 1 } });
      const { orderId } = await booked(lalamove);
      sandbox.addFault({ call: 'cancelOrder', work: 'done', answer });
      await patient.cancelOrder(orderId);
      expect(line()).toMatchObject({ orderIds: [orderId], live: [], spent: { HKD: '0' } });
      expect(sandbox.requests.filter(({ operation }) => operation === 'cancelOrder')).toHaveLength(2);
    },
  );

  describe('on the wire', () => {
    const place = async (fault: CallFault): ReturnType<typeof overSocket> => {
      const order = await toOrder();
      sandbox.addFault({ call: 'placeOrder', ...fault });
      return overSocket(sandbox, 'POST', '/v3/orders', order);
    };

    it.each(['skipped', 'done'] as const)('is a reset without a byte (work %s)', async (work) => {
      expect(await place({ work, answer: 'reset' })).toEqual({ head: '', body: '', end: 'ECONNRESET' });
    });

    it('is silence, however long one waits', async () => {
      const answer = place({ answer: 'hang' });
      await until(() => sandbox.requests.some(({ operation }) => operation === 'placeOrder'));
      await sandbox.advance('1d');
      const silence = new Promise((resolve) => setTimeout(resolve, 50, 'silence'));
      expect(await Promise.race([answer, silence])).toBe('silence');
      await sandbox.stop();
      expect(await answer).toMatchObject({ head: '', body: '' });
    });

    it.each(['skipped', 'done'] as const)('is an answer that breaks off in its middle (work %s)', async (work) => {
      const { head, body } = await place({ work, answer: 'truncate' });
      expect(head).toMatch(work === 'done' ? /^HTTP\/1\.1 201 / : /^HTTP\/1\.1 200 /);
      const promised = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      expect(Buffer.byteLength(body)).toBe(Math.floor(promised / 2));
      expect(body).toMatch(/^{"data":{/);
    });

    it('is a 204 that never comes, where there is no body to be cut', async () => {
      const { orderId } = await booked(lalamove);
      sandbox.addFault({ call: 'cancelOrder', work: 'done', answer: 'truncate' });
      const answer = await overSocket(sandbox, 'DELETE', `/v3/orders/${orderId}`, {});
      expect(answer).toEqual({ head: '', body: '', end: 'ECONNRESET' });
      expect(live()).toBe(0);
    });

    it('is a refusal in every shape that was seen', async () => {
      const bodyOf = async (shape: 'list' | 'object' | 'message' | 'empty'): Promise<unknown> => {
        const answer = { code: 'ERR_INVALID_FIELD', shape, pointer: '/data/x', message: 'No' } as const;
        const { head, body } = await place({ answer });
        expect(head).toMatch(/^HTTP\/1\.1 422 /);
        return body === '' ? body : JSON.parse(body);
      };
      const item = { id: 'ERR_INVALID_FIELD', message: 'No', detail: '/data/x' };
      expect(await bodyOf('list')).toEqual({ errors: [item] });
      expect(await bodyOf('object')).toEqual({ errors: item });
      expect(await bodyOf('message')).toEqual({ message: 'ERR_INVALID_FIELD' });
      expect(await bodyOf('empty')).toBe('');
    });

    it('is a page of a gateway, or an answer word for word', async () => {
      const page = await place({ work: 'done', answer: { code: 'LALAMOVE_SERVER_ERROR', status: 502, shape: 'html' } });
      expect(page.head).toMatch(/^HTTP\/1\.1 502 [^]*content-type: text\/html/i);
      expect(page.body).toMatch(/^<html>/);
      expect(live()).toBe(1);
      const headers = { 'content-type': 'text/plain', 'retry-after': '7' };
      const word = await place({ answer: { status: 418, headers, body: 'tea' } });
      expect(word.head).toMatch(/^HTTP\/1\.1 418 [^]*content-type: text\/plain\r\n[^]*retry-after: 7/i);
      expect(word.body).toBe('tea');
    });

    it('is a reset over TLS too', async () => {
      const pem = (name: string): string =>
        readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
      const safe = await LalamoveSandbox.start({ tls: { key: pem('key'), cert: pem('cert') } });
      closers.push(() => safe.stop());
      safe.addFault({ answer: 'reset' });
      const ended = new Promise((resolve) => {
        const request = requestHttps(`${safe.url}/v3/cities`, { agent: false, ca: pem('cert') }, (answer) => {
          resolve(answer.statusCode);
        });
        request.on('error', (error) => {
          resolve(Reflect.get(error, 'code'));
        });
        request.end();
      });
      expect(await ended).toBe('ECONNRESET');
    });
  });

  describe('of latency', () => {
    it('keeps a patient client waiting, and a refusal too', async () => {
      sandbox.addFault({ call: 'getCities', latencyMs: 30 });
      sandbox.addFault({ call: 'getCities', latencyMs: 30, answer: { code: 'ERR_RATE_LIMIT_EXCEEDED' } });
      const beganAt = performance.now();
      await lalamove.getCities();
      const answeredAt = performance.now();
      expect(await failureOf(lalamove.getCities())).toMatchObject({ name: 'RateLimitedException' });
      expect(answeredAt - beganAt).toBeGreaterThan(28);
      expect(performance.now() - answeredAt).toBeGreaterThan(28);
    });

    it('ends with the sandbox: what was not done yet is not done any more, and nothing waits', async () => {
      // A clock that drives the sandbox's, so that a timer that was left behind can be seen.
      const base = new ManualClock();
      const ended = await LalamoveSandbox.start({ clock: base, rateLimits: false });
      const client = await clientOf(ended);
      const order = orderOf(await client.createQuotation(QUOTATION));
      ended.addFault({ call: 'placeOrder', latencyMs: 40 });
      const call = failureOf(client.placeOrder(order));
      await until(() => ended.requests.length === 2);
      await ended.stop();
      expect(await call).toMatchObject(UNKNOWN);
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(ended.orders).toEqual([]);
      expect(base.waiting).toBe(0);
    });
  });

  describe('that does the work late', () => {
    it.each([
      ['4m 59s', 1],
      ['5m', 0],
      ['3h', 0],
    ])('by %s after a quotation that holds for 5 minutes leaves %i live', async (lateBy, count) => {
      sandbox.addFault({ call: 'placeOrder', work: 'late', lateBy, answer: 'reset' });
      await failureOf(lalamove.placeOrder(await toOrder()));
      await sandbox.advance('2m');
      expect(live()).toBe(0);
      await sandbox.advance('6h');
      expect(line().orderIds).toHaveLength(count);
    });

    it('places the order at its time, by the clock', async () => {
      sandbox.addFault({ call: 'placeOrder', work: 'late', lateBy: '90s', answer: 'reset' });
      await failureOf(lalamove.placeOrder(await toOrder()));
      await sandbox.advance('1h');
      expect(await sandbox.control.orders()).toMatchObject([{ placedAt: '2026-11-22T08:01:30.000Z' }]);
    });

    it('refuses it then, unseen, where it would have been refused at once', async () => {
      sandbox.addFault({ call: 'placeOrder', work: 'late', answer: 'reset' });
      await failureOf(lalamove.placeOrder(await toOrder()));
      await sandbox.control.setBalance({ market: 'HK' }, '0');
      await sandbox.advance('1h');
      expect(sandbox.orders).toEqual([]);
    });
  });

  describe('of 429s', () => {
    it('goes by: a client that repeats rides it out', async () => {
      sandbox.addFault({ call: 'placeOrder', times: 3, answer: { code: 'ERR_RATE_LIMIT_EXCEEDED' } });
      const stubborn = await clientOf(sandbox, { retry: { maxAttempts: 4, baseDelayMs: 1 } });
      await stubborn.placeOrder(await toOrder());
      expect(sandbox.requests.map(({ answer }) => answer?.status)).toEqual([201, 429, 429, 429, 201]);
      expect(live()).toBe(1);
    });

    it('outlasts a client that repeats too little', async () => {
      sandbox.addFault({ call: 'placeOrder', times: 3, answer: { code: 'ERR_TOO_MANY_REQUESTS' } });
      const hasty = await clientOf(sandbox, { retry: { maxAttempts: 3, baseDelayMs: 1 } });
      const order = await toOrder();
      expect(await failureOf(hasty.placeOrder(order))).toMatchObject({ name: 'RateLimitedException' });
      expect(live()).toBe(0);
      await hasty.placeOrder(order);
      expect(live()).toBe(1);
    });
  });

  it.each([
    ['unauthorized', { cause: undefined, name: 'LalamoveAuthenticationException', upstreamStatus: 401 }],
    ['bad-gateway', { ...UNKNOWN, upstreamStatus: 502 }],
  ] as const)('of wrong credentials: %s, and nothing is done', async (wrongCredentials, ends) => {
    const strict = await LalamoveSandbox.start({ clock, rateLimits: false, wrongCredentials });
    closers.push(() => strict.stop());
    const [right, wrong] = [await clientOf(strict), await clientOf(strict, { apiSecret: 'sk_test_wrong' })];
    const order = orderOf(await right.createQuotation(QUOTATION));
    expect(await failureOf(wrong.placeOrder(order))).toMatchObject(ends);
    expect(strict.orders).toEqual([]);
    expect(strict.requests.at(-1)).toMatchObject({ verdict: 'wrong signature', signed: false });
    expect(strict.requests.at(-1)?.answer?.body).toMatch(wrongCredentials === 'bad-gateway' ? /^<html>/ : /^$/);
  });

  describe('of a refused connection', () => {
    it('lets nothing through, and then listens again where it did', async () => {
      // A connection that is kept alive could not be refused, only cut.
      const http = { httpAgent: new Agent({ keepAlive: false }) };
      const fresh = await clientOf(sandbox, { http });
      const order = await toOrder();
      const { url } = sandbox;
      await sandbox.control.refuseConnections(100);
      await new Promise(setImmediate);
      expect(await failureOf(fresh.placeOrder(order))).toMatchObject({
        name: 'LalamoveConnectionException',
        retryable: true,
        cause: { code: 'ECONNREFUSED' },
      });
      expect(sandbox.requests).toHaveLength(1);
      expect(sandbox.url).toBe(url);
      while (!(await listens(url)));
      await fresh.placeOrder(order);
      expect(live()).toBe(1);
    });

    it('cuts what is open', async () => {
      sandbox.addFault({ answer: 'hang' });
      const call = failureOf(lalamove.getCities());
      await until(() => sandbox.requests.length === 1);
      await sandbox.control.refuseConnections(10);
      expect(await call).toMatchObject({ name: 'LalamoveConnectionException' });
    });

    it('is over when the sandbox is stopped', async () => {
      const { url } = sandbox;
      await sandbox.control.refuseConnections(10);
      // In the same breath: the refusal has not even begun.
      await sandbox.stop();
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(await listens(url)).toBe(false);
    });

    it.each([0, -1, Number.NaN, 2 ** 31])('cannot last %d ms', async (forMs) => {
      const refusal = await failureOf(sandbox.control.refuseConnections(forMs));
      expect(refusal).toBeInstanceOf(SandboxControlError);
      expect(refusal.message).toMatch(/a number of ms/);
    });
  });

  describe('by chance', () => {
    /** Which of 40 calls are struck. */
    async function course(seed: number | string): Promise<boolean[]> {
      const random = await LalamoveSandbox.start({ seed, clock, rateLimits: false });
      random.addFault({ times: 'always', probability: 0.3, answer: { status: 418, body: '' } });
      for (let call = 0; call < 40; call += 1) await fetch(`${random.url}/v3/cities`);
      const struck = random.requests.map(({ answer }) => answer?.status === 418);
      await random.stop();
      return struck;
    }

    it('takes the course of its seed, and strikes as often as it is likely', async () => {
      const [first, again, other] = [await course('a'), await course('a'), await course('b')];
      expect(again).toEqual(first);
      expect(other).not.toEqual(first);
      for (const struck of [first, other]) {
        expect(struck).toHaveLength(40);
        const count = struck.filter(Boolean).length;
        expect(count).toBeGreaterThan(4);
        expect(count).toBeLessThan(20);
      }
    });

    it('never strikes at 0, and always at 1; what did not strike is not used up', async () => {
      sandbox.addFault({ probability: 0, answer: 'reset' });
      sandbox.addFault({ probability: 1, times: 3, answer: { status: 418, body: '' } });
      for (let call = 0; call < 3; call += 1) {
        expect(await failureOf(lalamove.getCities())).toMatchObject({ upstreamStatus: 418 });
      }
      await lalamove.getCities();
      expect(await sandbox.control.faults()).toMatchObject([{ probability: 0, left: 1 }]);
    });
  });

  describe('as a rule', () => {
    const statusOf = async (call: Promise<unknown>): Promise<unknown> => {
      try {
        await call;
        return 200;
      } catch (error) {
        return Reflect.get(Object(error), 'upstreamStatus');
      }
    };
    const written = (status: number): FaultAnswer => ({ status, body: '' });

    it('waits for the calls that it names', async () => {
      sandbox.addFault({ call: ['getOrder', 'getQuotation'], times: 2, answer: written(418) });
      await lalamove.getCities();
      expect(await statusOf(lalamove.getOrder('1'))).toBe(418);
      await lalamove.createQuotation(QUOTATION);
      expect(await statusOf(lalamove.getQuotation('1'))).toBe(418);
      expect(await statusOf(lalamove.getQuotation('1'))).toBe(422);
    });

    it('strikes any call, one without a signature and one that does not exist too', async () => {
      sandbox.addFault({ times: 2, answer: written(418) });
      expect((await fetch(`${sandbox.url}/v3/orders`, { method: 'POST' })).status).toBe(418);
      expect((await fetch(`${sandbox.url}/v3/elsewhere`)).status).toBe(418);
      expect((await fetch(`${sandbox.url}/v3/orders`, { method: 'POST' })).status).toBe(401);
    });

    it('waits behind those that were there before it', async () => {
      sandbox.addFault({ times: 2, answer: written(418) });
      sandbox.addFault({ call: 'getCities', answer: written(419) });
      sandbox.addFault({ answer: written(420) });
      const seen: unknown[] = [];
      for (let call = 0; call < 5; call += 1) seen.push(await statusOf(lalamove.getCities()));
      expect(seen).toEqual([418, 418, 419, 420, 200]);
    });

    it('counts down, and goes', async () => {
      const { id, left } = sandbox.addFault({ times: 2, answer: written(418) });
      expect(left).toBe(2);
      await statusOf(lalamove.getCities());
      expect(await sandbox.control.faults()).toEqual([{ id, left: 1, times: 2, answer: { status: 418, body: '' } }]);
      await statusOf(lalamove.getCities());
      expect(await sandbox.control.faults()).toEqual([]);
    });

    it('stays for always, until it is removed, or all are cleared', async () => {
      const always = sandbox.addFault({ times: 'always', answer: written(418) });
      const behind = await sandbox.control.addFault({ times: 'always', answer: written(419) });
      for (let call = 0; call < 5; call += 1) expect(await statusOf(lalamove.getCities())).toBe(418);
      await sandbox.control.removeFault(always.id);
      for (let call = 0; call < 5; call += 1) expect(await statusOf(lalamove.getCities())).toBe(419);
      expect(await failureOf(sandbox.control.removeFault(always.id))).toMatchObject({
        name: 'SandboxControlError',
        status: 400,
        message: `The sandbox has no fault ${always.id}.`,
      });
      expect(await sandbox.control.faults()).toMatchObject([{ id: behind.id, left: 'always' }]);
      await sandbox.control.clearFaults();
      expect(await statusOf(lalamove.getCities())).toBe(200);
    });

    it('is in the log, with the request that it struck', async () => {
      const { id } = sandbox.addFault({ call: 'getCities', latencyMs: 1, work: 'done', answer: written(418) });
      await statusOf(lalamove.getCities());
      const log = await sandbox.control.log();
      expect(log.filter(({ kind }) => kind !== 'control')).toMatchObject([
        { kind: 'request', number: 1, operation: 'getCities' },
        { kind: 'fault', number: 1, id, what: '1 ms, work done, 418' },
        { kind: 'answer', number: 1, status: 418 },
      ]);
    });

    it('is a copy: nobody changes it from outside', async () => {
      const answer = { status: 418, body: '' };
      const rule = sandbox.addFault({ times: 2, answer });
      rule.left = 'always';
      answer.status = 200;
      expect(await sandbox.control.faults()).toMatchObject([{ left: 2, answer: { status: 418 } }]);
    });
  });

  describe('by a magic value', () => {
    it('is in a table: here, or in those of the webhooks and of the drivers', () => {
      const elsewhere = (value: string): boolean =>
        value.startsWith('webhooks-') || Object.hasOwn(DRIVER_SCRIPTS, value);
      const here = [...Object.keys(MAGIC), 'slow-answer'];
      expect(MAGIC_VALUES.filter((value) => !elsewhere(value)).sort()).toEqual(here.sort());
    });

    const inMetadata = (order: PlaceOrderDto, value: string): PlaceOrderDto => ({
      ...order,
      metadata: { ...order.metadata, sandbox: value },
    });
    const inRemarks = (order: PlaceOrderDto, value: string): PlaceOrderDto => ({
      ...order,
      recipients: order.recipients.map((recipient) => ({ ...recipient, remarks: `Ring twice sandbox:${value}.` })),
    });

    describe.each([
      ['metadata.sandbox', inMetadata, Object.keys(MAGIC)],
      ['remarks', inRemarks, ['error-before-work', 'reset-after-work', 'late-work', 'insufficient-credit']],
    ])('in %s', (_, put, values) => {
      it.each(Object.entries(MAGIC).filter(([value]) => values.includes(value)))(
        '%s: once a quotation',
        async (value, { ends, live: [first, repeated, later] }) => {
          const quotation = await lalamove.createQuotation(QUOTATION);
          const order = put(orderOf(quotation), value);
          const timeoutMs = value.startsWith('hang') ? IMPATIENT : {};
          expect(await failureOf(lalamove.placeOrder(order, timeoutMs))).toMatchObject(ends);
          const { total } = quotation.priceBreakdown;
          await until(() => sandbox.requests.some(({ operation }) => operation === 'placeOrder'));
          expectLive(first, total);
          await lalamove.placeOrder(order);
          expectLive(repeated, total);
          await sandbox.advance('2m');
          expectLive(later, total);
        },
      );

      it('is refused, clearly, where there is no such value', async () => {
        const error = await failureOf(lalamove.placeOrder(put(await toOrder(), 'no-such')));
        expect(error).toMatchObject({
          code: 'ERR_INVALID_FIELD',
          upstreamStatus: 422,
          errors: [{ message: `The sandbox has no magic value "no-such". It has ${MAGIC_VALUES.join(', ')}.` }],
        });
        expect(sandbox.orders).toEqual([]);
      });
    });

    it('may stand among others, and beside words that mean nothing', async () => {
      const order = inMetadata(await toOrder(), 'prompt, webhooks-lost\n reset-before-work ');
      expect(await failureOf(lalamove.placeOrder(order))).toMatchObject(MAGIC['reset-before-work']?.ends ?? {});
      await lalamove.placeOrder(order);
      const remarks = 'By the sandbox: ring twice, mysandbox:tea is none';
      const harmless = await toOrder();
      await lalamove.placeOrder({ ...harmless, recipients: harmless.recipients.map((each) => ({ ...each, remarks })) });
      expect(live()).toBe(2);
    });

    it('strikes another quotation anew', async () => {
      for (const order of [await toOrder(), await toOrder()]) {
        const doomed = inMetadata(order, 'insufficient-credit');
        expect(await failureOf(lalamove.placeOrder(doomed))).toMatchObject({ upstreamStatus: 402 });
        await lalamove.placeOrder(doomed);
      }
    });

    it('gives way to a fault that was asked for, and strikes after it', async () => {
      const order = inMetadata(await toOrder(), 'insufficient-credit');
      sandbox.addFault({ call: 'placeOrder', answer: { code: 'ERR_RATE_LIMIT_EXCEEDED' } });
      expect(await failureOf(lalamove.placeOrder(order))).toMatchObject({ upstreamStatus: 429 });
      expect(await failureOf(lalamove.placeOrder(order))).toMatchObject({ upstreamStatus: 402 });
      await lalamove.placeOrder(order);
    });

    it('strikes nobody whose signature is wrong', async () => {
      const order = inMetadata(await toOrder(), 'reset-before-work');
      const thief = await clientOf(sandbox, { apiSecret: 'sk_test_wrong' });
      expect(await failureOf(thief.placeOrder(order))).toMatchObject({ upstreamStatus: 401 });
      expect(await failureOf(lalamove.placeOrder(order))).toMatchObject(UNKNOWN);
    });

    describe('slow-answer', () => {
      beforeEach(() => {
        // Latency is real time, and 3 seconds of it are long for a test.
        jest.useFakeTimers({
          doNotFake: ['Date', 'hrtime', 'performance', 'nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate'],
        });
      });

      afterEach(() => {
        jest.useRealTimers();
      });

      it.each([
        ['for a client that waits', {}, { status: 'ASSIGNING_DRIVER' }],
        ['for one that gives up, too', IMPATIENT, { ...UNKNOWN, cause: ANSWERS.hang.ends }],
      ])('books 3 seconds later, %s', async (_, timeoutMs, ends) => {
        const quotation = await lalamove.createQuotation(QUOTATION);
        const order = inMetadata(orderOf(quotation), 'slow-answer');
        const answer = lalamove.placeOrder(order, timeoutMs).catch((error: unknown) => error);
        await until(() => sandbox.requests.length === 2);
        jest.advanceTimersByTime(2999);
        await new Promise(setImmediate);
        expectLive(0, '0');
        jest.advanceTimersByTime(1);
        expect(await answer).toMatchObject(ends);
        await until(() => live() === 1);
        expectLive(1, quotation.priceBreakdown.total);
        expect(await lalamove.placeOrder(order)).toMatchObject({ status: 'ASSIGNING_DRIVER' });
        expectLive(2, quotation.priceBreakdown.total);
      });
    });
  });
});

describe('what is no fault', () => {
  let sandbox: LalamoveSandbox;

  beforeAll(async () => {
    sandbox = await LalamoveSandbox.start();
  });

  afterEach(() => sandbox.control.clearFaults());

  afterAll(() => sandbox.stop());

  it.each(BAD_FAULTS)('%j is refused', async (fault, problem) => {
    const answer = await fetch(`${sandbox.url}/_sandbox/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fault),
    });
    expect([answer.status, await answer.json()]).toEqual([400, { message: expect.stringMatching(problem) }]);
    expect(await sandbox.control.faults()).toEqual([]);
  });

  it('is refused in this process, too', async () => {
    const fault: Fault = { answer: 'reset', times: 0 };
    expect(() => sandbox.addFault(fault)).toThrow(RangeError);
    expect(await failureOf(sandbox.control.addFault(fault))).toBeInstanceOf(SandboxControlError);
    expect(await sandbox.control.faults()).toEqual([]);
  });
});

function workOf(name: string): NonNullable<CallFault['work']> {
  if (name === 'skipped' || name === 'done' || name === 'late') return name;
  throw new TypeError(`${name} is no way to treat the work.`);
}
