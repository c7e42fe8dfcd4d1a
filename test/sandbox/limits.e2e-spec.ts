import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import { LalamoveSandbox, SandboxClock, type LalamoveSandboxOptions } from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { orderOf, QUOTATION } from '../support/inputs.js';
import { failureOf, startLalamove } from '../support/lalamove.js';

const START = Date.parse('2026-11-22T08:00:00Z');
const MINUTE = 60_000;

/** Every call with its budget (`lalamove-api.md` §2), the name of its family in headers, and the observed spelling. */
const CALLS = {
  createQuotation: ['POST', '/v3/quotations', 30, 100, 'postquotation', 'plural'],
  getQuotation: ['GET', '/v3/quotations/1', 50, 300, 'getquotation', 'plain'],
  placeOrder: ['POST', '/v3/orders', 30, 100, 'postorder', 'plural'],
  getOrder: ['GET', '/v3/orders/1', 50, 300, 'getorder', 'plain'],
  editOrder: ['PATCH', '/v3/orders/1', 30, 100, 'patchorder', 'plain'],
  cancelOrder: ['DELETE', '/v3/orders/1', 30, 100, 'deleteorder', 'plain'],
  addPriorityFee: ['POST', '/v3/orders/1/priority-fee', 30, 100, 'postpriorityfee', 'plain'],
  getDriver: ['GET', '/v3/orders/1/drivers/2', 50, 300, 'getdriver', 'plain'],
  changeDriver: ['DELETE', '/v3/orders/1/drivers/2', 30, 100, 'deletedriver', 'plain'],
  getCities: ['GET', '/v3/cities', 50, 300, 'getcities', 'plural'],
  setWebhookUrl: ['PATCH', '/v3/webhook', 30, 100, 'patchweb', 'plural'],
} as const;
type CallName = keyof typeof CALLS;
const isCall = (name: string): name is CallName => Object.hasOwn(CALLS, name);
const ALL = Object.keys(CALLS).filter(isCall);

/** The part of an answer that concerns limits. */
interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  /** The names of the rate-limit headers, as received. */
  readonly names: readonly string[];
  readonly limit: number;
  readonly remaining: number;
  readonly reset: number;
}

describe('the rate limits of the sandbox', () => {
  let sandbox: LalamoveSandbox;
  let agent: Agent;
  let stop: () => Promise<void> = () => Promise.resolve();

  async function start(options: LalamoveSandboxOptions = {}): Promise<void> {
    await stop();
    const clock = new SandboxClock({ speed: 0, startAt: START });
    const started = await LalamoveSandbox.start({ clock, ...options });
    sandbox = started;
    stop = () => started.stop();
  }

  beforeEach(() => {
    agent = new Agent({ keepAlive: true, maxSockets: 32 });
  });

  afterEach(async () => {
    agent.destroy();
    await stop();
    stop = () => Promise.resolve();
  });

  /** Makes a call for something that does not exist. It is counted like any other. */
  function ask(name: CallName, { apiKey, apiSecret, market = 'HK' } = keys()): Promise<Answer> {
    const [method, path] = CALLS[name];
    const timestamp = String(sandbox.clock.now());
    const signature = createHmac('sha256', apiSecret)
      .update(`${timestamp}\r\n${method}\r\n${path}\r\n\r\n`)
      .digest('hex');
    const headers = { Authorization: `hmac ${apiKey}:${timestamp}:${signature}`, Market: market };
    return new Promise((resolve, reject) => {
      const outgoing = request(sandbox.url + path, { method, agent, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', reject).on('end', () => {
          const names = response.rawHeaders.filter((name, index) => index % 2 === 0 && /^ratelimits?-/i.test(name));
          const value = (member: string): number => {
            const header = names.find((name) => name.toLowerCase().split('-')[1] === member);
            return Number(response.headers[header?.toLowerCase() ?? ''] ?? Number.NaN);
          };
          const code = /ERR_[A-Z_]+/.exec(text)?.[0];
          const [limit, remaining, reset] = [value('limit'), value('remaining'), value('reset')];
          resolve({ status: response.statusCode ?? 0, code, names, limit, remaining, reset });
        });
      });
      outgoing.on('error', reject).end();
    });
  }

  const keys = (market?: string): { apiKey: string; apiSecret: string; market?: string } => ({
    apiKey: sandbox.apiKey,
    apiSecret: sandbox.apiSecret,
    ...(market !== undefined && { market }),
  });
  const askOften = (times: number, name: CallName, by = keys()): Promise<Answer[]> =>
    Promise.all(Array.from({ length: times }, () => ask(name, by)));
  /** Whether a call exceeds its budget. The limit of orders a second has another code. */
  const isOver = ({ code }: Answer): boolean => code === 'ERR_RATE_LIMIT_EXCEEDED';
  const isOverAfter = async (ms: number, name: CallName): Promise<boolean> => {
    await sandbox.advance(ms);
    return isOver(await ask(name));
  };

  describe('allow a number of requests for each call', () => {
    it.each(ALL)("%s: as many as in Lalamove's sandbox, and not one more", async (name) => {
      const limit = CALLS[name][2];
      await start();
      const answers = await askOften(limit + 1, name);
      expect(answers.filter(isOver)).toHaveLength(1);
      expect(answers.find(isOver)).toMatchObject({ status: 429, limit, remaining: 0 });
      const remaining = answers.filter((answer) => !isOver(answer)).map((answer) => answer.remaining);
      expect(remaining.sort((a, b) => b - a)).toEqual([...Array(limit).keys()].reverse());
    });

    it.each(ALL)('%s: as many as its headers say, in production', async (name) => {
      const limit = CALLS[name][3];
      await start({ rateLimits: 'production' });
      expect(await ask(name)).toMatchObject({ limit, remaining: limit - 1 });
    });

    it.each([
      ['createQuotation', 100],
      ['getOrder', 300],
    ] as const)('%s: as many as in production, and not one more', async (name, limit) => {
      await start({ rateLimits: 'production' });
      const answers = await askOften(limit + 1, name);
      expect(answers.filter(isOver)).toHaveLength(1);
    });

    it('for each call separately', async () => {
      await start();
      await askOften(31, 'createQuotation');
      for (const name of ALL.filter((each) => each !== 'createQuotation')) {
        expect(await ask(name)).toMatchObject({ remaining: CALLS[name][2] - 1 });
      }
      expect(isOver(await ask('createQuotation'))).toBe(true);
    });

    it('without counting requests with a wrong signature', async () => {
      await start();
      const wrong = { ...keys(), apiSecret: 'sk_test_wrong' };
      expect(await ask('getCities', wrong)).toMatchObject({ status: 401, names: [] });
      expect(await ask('getCities')).toMatchObject({ status: 200, remaining: 49 });
    });

    it('and count a request that is refused for another reason', async () => {
      await start();
      expect(await ask('getOrder')).toMatchObject({ status: 404, remaining: 49 });
      expect(await ask('getCities', keys('XX'))).toMatchObject({ status: 422, remaining: 49 });
      expect(await ask('getCities')).toMatchObject({ status: 200, remaining: 48 });
    });
  });

  describe('leak', () => {
    it.each([
      ['sandbox', 'createQuotation', 2000],
      ['sandbox', 'getOrder', 1200],
      ['production', 'createQuotation', 600],
      ['production', 'getOrder', 200],
    ] as const)('in %s, for %s, one request every %d ms, to the millisecond', async (rateLimits, name, drop) => {
      await start({ rateLimits, unknowns: { refusedRequests: 'ignored' } });
      await askOften(MINUTE / drop, name);
      expect(await isOverAfter(0, name)).toBe(true);
      expect(await isOverAfter(drop - 1, name)).toBe(true);
      expect(await isOverAfter(1, name)).toBe(false);
      expect(await isOverAfter(0, name)).toBe(true);
      expect(await isOverAfter(2 * drop - 1, name)).toBe(false);
      expect(await isOverAfter(0, name)).toBe(true);
      expect(await isOverAfter(1, name)).toBe(false);
    });

    it('until the bucket is empty; a longer pause changes nothing', async () => {
      await start();
      await askOften(30, 'createQuotation');
      await sandbox.advance('1d');
      const answers = await askOften(31, 'createQuotation');
      expect(answers.filter(isOver)).toHaveLength(1);
    });

    it('evenly: at the rate of the leak no request is refused, and none is gained', async () => {
      await start();
      await askOften(30, 'createQuotation');
      for (let count = 0; count < 40; count += 1) {
        await sandbox.advance(2000);
        expect(await ask('createQuotation')).toMatchObject({ code: 'ERR_INVALID_FIELD', remaining: 0 });
      }
    });
  });

  describe('report', () => {
    it('the Unix second in which the bucket will be full again', async () => {
      await start();
      const second = START / 1000;
      const resets: number[] = [];
      for (let count = 0; count < 6; count += 1) resets.push((await ask('getOrder')).reset - second);
      // After 1.2, 2.4, 3.6, 4.8, 6 and 7.2 seconds.
      expect(resets).toEqual([2, 3, 4, 5, 6, 8]);
    });

    it('a second in which it is full, and not a millisecond before', async () => {
      for (const [early, remaining] of [
        [1, 48],
        [0, 49],
      ] as const) {
        await start();
        const reset = (await askOften(5, 'getOrder')).map((answer) => answer.reset).sort((a, b) => b - a)[0] ?? 0;
        await sandbox.advance(reset * 1000 - START - early);
        expect(await ask('getOrder')).toMatchObject({ remaining });
      }
    });

    it('how many requests are left, which grows with time', async () => {
      await start();
      expect(await ask('getOrder')).toMatchObject({ limit: 50, remaining: 49 });
      expect(await ask('getOrder')).toMatchObject({ limit: 50, remaining: 48 });
      await sandbox.advance(1199);
      expect(await ask('getOrder')).toMatchObject({ remaining: 47 });
      await sandbox.advance(1);
      expect(await ask('getOrder')).toMatchObject({ remaining: 47 });
    });

    it.each(ALL)('all that, for %s, in the observed spelling', async (name) => {
      const [, , , , family, spelling] = CALLS[name];
      await start();
      const { names } = await ask(name);
      const plain = ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'];
      const plural = ['limit', 'remaining', 'reset'].map((member) => `ratelimits-${member}-${family}`);
      expect(names).toEqual(spelling === 'plain' ? plain : plural);
    });

    it.each([
      ['plain', 'getOrder', ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset']],
      ['plain', 'placeOrder', ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset']],
      [
        'plural',
        'getOrder',
        ['ratelimits-limit-getorder', 'ratelimits-remaining-getorder', 'ratelimits-reset-getorder'],
      ],
      [
        'plural',
        'placeOrder',
        ['ratelimits-limit-postorder', 'ratelimits-remaining-postorder', 'ratelimits-reset-postorder'],
      ],
      ['guide', 'getOrder', ['RateLimit-Limit-Getorder', 'RateLimit-Remaining-Getorder', 'RateLimit-Reset-Getorder']],
      [
        'guide',
        'placeOrder',
        ['RateLimit-Limit-Postorder', 'RateLimit-Remaining-Postorder', 'RateLimit-Reset-Postorder'],
      ],
    ] as const)('in the spelling %s, if configured, all that for %s', async (rateLimitHeaders, name, names) => {
      await start({ rateLimitHeaders });
      expect(await ask(name)).toMatchObject({ names, limit: CALLS[name][2], reset: expect.any(Number) });
    });

    it('also with a 429, so that a client knows when to retry', async () => {
      await start({ unknowns: { refusedRequests: 'ignored' } });
      await askOften(30, 'createQuotation');
      expect(await ask('createQuotation')).toMatchObject({ status: 429, remaining: 0, reset: START / 1000 + 60 });
    });
  });

  describe('allow two orders a second', () => {
    it.each([['sandbox'], ['production']] as const)('in %s, within any second', async (rateLimits) => {
      await start({ rateLimits });
      const codes: (string | undefined)[] = [];
      for (const pause of [0, 500, 499, 1, 499, 1]) {
        await sandbox.advance(pause);
        codes.push((await ask('placeOrder')).code);
      }
      const [let_in, over] = ['ERR_MISSING_FIELD', 'ERR_TOO_MANY_REQUESTS'];
      // At 0, 500, 999, 1000, 1499 and 1500 ms.
      expect(codes).toEqual([let_in, let_in, over, let_in, over, let_in]);
    });

    it('and a third one is not placed', async () => {
      await start();
      const { lalamove, close } = await startLalamove(accountOn(sandbox, { clock: sandbox.clock }));
      const order = orderOf(await lalamove.createQuotation(QUOTATION));
      await lalamove.placeOrder(order);
      await lalamove.placeOrder(order);
      expect(await failureOf(lalamove.placeOrder(order))).toMatchObject({
        name: 'RateLimitedException',
        code: 'ERR_TOO_MANY_REQUESTS',
        upstreamStatus: 429,
      });
      await sandbox.advance(999);
      await failureOf(lalamove.placeOrder(order));
      expect(sandbox.orders).toHaveLength(2);
      await sandbox.advance(1);
      await lalamove.placeOrder(order);
      expect(sandbox.orders).toHaveLength(3);
      await close();
    });
  });

  describe('count', () => {
    const OTHER = { apiKey: 'pk_test_other', apiSecret: 'sk_test_other' };

    it.each([
      ['address', [48, 47, 46]],
      ['key', [48, 49, 48]],
      ['market', [49, 49, 49]],
    ] as const)('per %s', async (limitsPer, [market, key, both]) => {
      await start({ accounts: [OTHER], unknowns: { limitsPer } });
      expect(await ask('getCities')).toMatchObject({ remaining: 49 });
      expect(await ask('getCities', keys('TH'))).toMatchObject({ remaining: market });
      expect(await ask('getCities', OTHER)).toMatchObject({ remaining: key });
      expect(await ask('getCities', { ...OTHER, market: 'TH' })).toMatchObject({ remaining: both });
    });

    it.each([
      ['address', 'ERR_TOO_MANY_REQUESTS', 'ERR_TOO_MANY_REQUESTS'],
      ['key', 'ERR_TOO_MANY_REQUESTS', 'ERR_MISSING_FIELD'],
      ['market', 'ERR_MISSING_FIELD', 'ERR_MISSING_FIELD'],
    ] as const)('orders a second per %s as well', async (limitsPer, market, key) => {
      await start({ accounts: [OTHER], unknowns: { limitsPer } });
      for (let count = 0; count < 2; count += 1) await ask('placeOrder');
      expect(await ask('placeOrder', keys('TH'))).toMatchObject({ code: market });
      expect(await ask('placeOrder', OTHER)).toMatchObject({ code: key });
    });

    it('refused requests, which is the worse case: a client that insists waits longer', async () => {
      for (const [wait, isRefused] of [
        [3999, true],
        [4000, false],
      ] as const) {
        await start();
        await askOften(31, 'createQuotation');
        expect(await isOverAfter(wait, 'createQuotation')).toBe(isRefused);
      }
    });

    it('up to twice the size of the bucket', async () => {
      for (const [wait, isRefused] of [
        [61_999, true],
        [62_000, false],
      ] as const) {
        await start();
        const answers = await askOften(100, 'createQuotation');
        expect(Math.max(...answers.map(({ reset }) => reset))).toBe(START / 1000 + 120);
        expect(await isOverAfter(wait, 'createQuotation')).toBe(isRefused);
      }
    });

    it('no refused requests, if configured', async () => {
      await start({ unknowns: { refusedRequests: 'ignored' } });
      await askOften(100, 'createQuotation');
      expect(await isOverAfter(1999, 'createQuotation')).toBe(true);
      expect(await isOverAfter(1, 'createQuotation')).toBe(false);
    });
  });

  it('can be switched off, and then there are no headers', async () => {
    await start({ rateLimits: false });
    const answers = [...(await askOften(60, 'createQuotation')), ...(await askOften(5, 'placeOrder'))];
    expect(answers.filter(({ status }) => status === 429)).toEqual([]);
    expect(answers.flatMap(({ names }) => names)).toEqual([]);
  });

  it('refuse an unknown setting', async () => {
    await expect(LalamoveSandbox.start({ rateLimits: 'none' as never })).rejects.toThrow(RangeError);
  });
});
