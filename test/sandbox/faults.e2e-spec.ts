import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LalamoveModuleOptions, LalamoveService, PlaceOrderDto } from 'nestjs-lalamove';
import { LalamoveSandbox, SandboxClock, type CallFault, type LedgerLine } from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { booked, EDIT, orderOf, QUOTATION } from '../support/inputs.js';
import { failureOf, startLalamove } from '../support/lalamove.js';
import { IMPATIENT, UNKNOWN, ANSWERS, until } from './fault-answers.js';

/** For each value of `work`: the number of couriers at once, and after 2 minutes, when late work is done. */
const WORKS: Record<NonNullable<CallFault['work']>, { atOnce: number; later: number }> = {
  skipped: { atOnce: 0, later: 0 },
  done: { atOnce: 1, later: 1 },
  late: { atOnce: 0, later: 1 },
};

describe('a fault', () => {
  let clock: SandboxClock;

  let sandbox: LalamoveSandbox;

  let lalamove: LalamoveService;

  /** Closes everything that a test has started. */
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

  /** A client that is closed after the test. */
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

  /** Checks the number of live couriers for the order's reference, and that exactly these are paid for. */
  const expectLive = (count: number, price: string): void => {
    expect(line().live).toHaveLength(count);
    expect(line().spent).toEqual(count === 0 ? {} : { HKD: String(count * Number(price)) });
  };

  describe.each(Object.entries(WORKS))('with the work %s', (work, { atOnce, later }) => {
    it.each(Object.entries(ANSWERS))(
      'and %s: an order ends as unknown, and the ledger has the real number',
      async (name, course) => {
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
      },
    );
  });

  it.each(Object.entries(ANSWERS))('of %s: a call that may be repeated reports it', async (name, { answer, ends }) => {
    // So that there is a connection, and the request arrives within the timeout.
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

  it('lets the call spend, edit and change although the answer was lost', async () => {
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
    'of a cancellation (%s) is solved by a retry, because a repeat does no harm',
    async (answer) => {
      const patient = await clientOf(sandbox, { retry: { maxAttempts: 2, baseDelayMs: 1 } });
      const { orderId } = await booked(lalamove);
      sandbox.addFault({ call: 'cancelOrder', work: 'done', answer });
      await patient.cancelOrder(orderId);
      expect(line()).toMatchObject({ orderIds: [orderId], live: [], spent: { HKD: '0' } });
      expect(sandbox.requests.filter(({ operation }) => operation === 'cancelOrder')).toHaveLength(2);
    },
  );

  describe('that does the work late', () => {
    it.each([
      ['4m 59s', 1],
      ['5m', 0],
      ['3h', 0],
    ])('%s after a quotation that is valid for 5 minutes: %i live orders', async (lateBy, count) => {
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

    it('refuses it then, unseen, if it would have been refused at once', async () => {
      sandbox.addFault({ call: 'placeOrder', work: 'late', answer: 'reset' });
      await failureOf(lalamove.placeOrder(await toOrder()));
      await sandbox.control.setBalance({ market: 'HK' }, '0');
      await sandbox.advance('1h');
      expect(sandbox.orders).toEqual([]);
    });
  });

  describe('of 429s', () => {
    it('is solved by a client that retries', async () => {
      sandbox.addFault({ call: 'placeOrder', times: 3, answer: { code: 'ERR_RATE_LIMIT_EXCEEDED' } });
      const stubborn = await clientOf(sandbox, { retry: { maxAttempts: 4, baseDelayMs: 1 } });
      await stubborn.placeOrder(await toOrder());
      expect(sandbox.requests.map(({ answer }) => answer?.status)).toEqual([201, 429, 429, 429, 201]);
      expect(live()).toBe(1);
    });

    it('outlasts a client that retries too few times', async () => {
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
  ] as const)('of wrong credentials: %s, and nothing is carried out', async (wrongCredentials, ends) => {
    const strict = await LalamoveSandbox.start({ clock, rateLimits: false, wrongCredentials });
    closers.push(() => strict.stop());
    const [right, wrong] = [await clientOf(strict), await clientOf(strict, { apiSecret: 'sk_test_wrong' })];
    const order = orderOf(await right.createQuotation(QUOTATION));
    expect(await failureOf(wrong.placeOrder(order))).toMatchObject(ends);
    expect(strict.orders).toEqual([]);
    expect(strict.requests.at(-1)).toMatchObject({ verdict: 'wrong signature', signed: false });
    expect(strict.requests.at(-1)?.answer?.body).toMatch(wrongCredentials === 'bad-gateway' ? /^<html>/ : /^$/);
  });
});

function workOf(name: string): NonNullable<CallFault['work']> {
  if (name === 'skipped' || name === 'done' || name === 'late') return name;
  throw new TypeError(`${name} is no way to treat the work.`);
}
