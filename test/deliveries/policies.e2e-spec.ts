import { afterEach, describe, expect, it } from '@jest/globals';
import type { DeliveryEvent, GivenPolicy } from 'nestjs-lalamove/deliveries';
import { type DeliveriesHostOptions } from './deliveries-host.js';
import { bookingOf } from '../support/sample-booking.js';
import { JournaledHost } from './delivery-journal.js';
import { until } from '../support/until.js';
import { FIRST_EVENTS } from '../webhooks/webhook-receiver.js';

let host: JournaledHost;

/** A host whose drivers stand still, unless they are told otherwise. */
async function start(policy: GivenPolicy = {}, options: DeliveriesHostOptions = {}): Promise<void> {
  host = await JournaledHost.start({ ...options, deliveries: { policy, sweepSeconds: 300, ...options.deliveries } });
}

/** The price of the one route of these tests, without fees. */
async function priceOf(): Promise<string> {
  const { price } = await host.book('price');
  await host.deliveries.cancel('price');
  return price?.total ?? '';
}

/** One unit more, or less. */
function byOne(amount: string, units: 1 | -1): string {
  const [whole = '', decimals = ''] = amount.split('.');
  const sum = BigInt(whole + decimals) + BigInt(units);
  const text = String(sum).padStart(decimals.length + 1, '0');
  return decimals === '' ? text : `${text.slice(0, -decimals.length)}.${text.slice(-decimals.length)}`;
}

function plus(amount: string, fee: number): string {
  return String(Number(amount) + fee);
}

const LOST = { webhook: 'lost', times: 'always' } as const;

describe('a delivery', () => {
  afterEach(() => host.stop());

  describe('may cost no more than maxPrice', () => {
    it('is booked at exactly that, needs attention one unit above it, and is booked at a price that a person allows', async () => {
      await start();
      const price = await priceOf();
      expect(await host.book('A-1', { maxPrice: price })).toMatchObject({ state: 'assigning' });
      const dear = await host.book('A-2', { maxPrice: byOne(price, -1) });
      expect(dear).toMatchObject({ state: 'needs_attention', reason: { code: 'PRICE_ABOVE_MAX' }, attempts: 0 });
      expect(host.orders('A-2')).toEqual([]);
      await host.deliveries.resolve('A-2', { rebook: true, maxPrice: price });
      expect(await host.after(0, 'A-2')).toMatchObject({ state: 'assigning', reason: undefined, attempts: 1 });
    });

    it('counts a rebooking too', async () => {
      await start({}, { sandbox: { drivers: 'rejecting' } });
      const price = await priceOf();
      await host.book('A-1', { maxPrice: price });
      expect(await host.after('1h')).toMatchObject({ state: 'failed', attempts: 3 });
    });
  });

  describe('whose quotation cannot be ordered any more', () => {
    /** Its first order is refused so long after the quotation that there is another one to be asked for. */
    async function stale(requote: boolean): Promise<void> {
      await start({ requote });
      host.sandbox.addFault({ call: 'placeOrder', answer: { code: 'ERR_INVALID_QUOTATION_ID' } });
      await host.book();
    }

    it('is quoted anew', async () => {
      await stale(true);
      expect(await host.after('1m')).toMatchObject({ state: 'assigning', attempts: 1 });
      expect(host.eventTypes()).toEqual(['requested', 'quoted', 'quoted', 'booked']);
    });

    it('is quoted anew where Lalamove calls it expired', async () => {
      await start();
      host.sandbox.addFault({ call: 'placeOrder', answer: { code: 'ERR_QUOTATION_EXPIRED' } });
      await host.book();
      expect(await host.after('1m')).toMatchObject({ state: 'assigning', attempts: 1 });
      expect(host.eventTypes()).toEqual(['requested', 'quoted', 'quoted', 'booked']);
    });

    it('needs a person where the policy says so', async () => {
      await stale(false);
      expect(await host.after('1h')).toMatchObject({ state: 'needs_attention', reason: { code: 'QUOTATION_EXPIRED' } });
      expect(host.calls('createQuotation')).toBe(1);
    });

    it.each([
      // The lease is over as well: the first attempt is not posted any more, and that is known.
      [true, { state: 'assigning', attempts: 1 }, 3],
      [false, { state: 'needs_attention', reason: { code: 'QUOTATION_EXPIRED' }, attempts: 0 }, 1],
    ])('is not ordered so late that it may have expired (requote: %s)', async (requote, end, times) => {
      let isSlow = true;
      const onStep = (step: string): void => {
        // The quotation has taken four minutes and three quarters of its five.
        if (step === 'quoted' && isSlow) host.host.clock.set(host.host.clock.now() + 285_000);
        if (step === 'quoted') isSlow = false;
      };
      await start({ requote }, { deliveries: { hooks: { onStep } } });
      expect(await host.book()).toMatchObject(end);
      expect(host.calls('createQuotation')).toBe(times);
      expect(host.calls('placeOrder')).toBe(requote ? 1 : 0);
    });

    it('is given up where every quotation is refused, and asked for ever more rarely until then', async () => {
      await start({ failures: { maxFailures: 6 } });
      host.sandbox.addFault({ call: 'placeOrder', answer: { code: 'ERR_INVALID_QUOTATION_ID' }, times: 'always' });
      await host.book();
      expect(await host.after('3h')).toMatchObject({ state: 'needs_attention', reason: { code: 'LALAMOVE_AWAY' } });
      expect(host.calls('placeOrder')).toBe(6);
    });
  });

  describe('raises the priority fee', () => {
    const raiseFee = [
      { afterMinutes: 10, priorityFee: '20' },
      { afterMinutes: 20, priorityFee: '40' },
    ];
    const raised = (event: DeliveryEvent): string[] => (event.type === 'fee_raised' ? [event.priorityFee] : []);

    it('on its schedule, each step once', async () => {
      await start({ raiseFee });
      const { price } = await host.book();
      await host.after('9m');
      expect(host.calls('addPriorityFee')).toBe(0);
      const { price: first } = await host.after('1m');
      expect(first?.total).toBe(plus(price?.total ?? '', 20));
      const { price: second } = await host.after('90m');
      expect(second?.total).toBe(plus(price?.total ?? '', 40));
      expect(host.events().flatMap(raised)).toEqual(['20', '40']);
      expect(host.calls('addPriorityFee')).toBe(2);
    });

    it('up to exactly maxPrice, and leaves out what would be more', async () => {
      await start({ raiseFee });
      const price = await priceOf();
      await host.book('A-1', { maxPrice: plus(price, 20) });
      await host.book('A-2', { maxPrice: byOne(plus(price, 20), -1) });
      await host.after('1h');
      expect(host.events('A-1').flatMap(raised)).toEqual(['20']);
      expect(host.events('A-2').flatMap(raised)).toEqual([]);
      expect((await host.deliveries.get('A-1')).price?.total).toBe(plus(price, 20));
    });

    it('not once a driver is there, nor again after an answer that was lost', async () => {
      await start({ raiseFee });
      await host.book('A-1');
      await host.book('A-2');
      host.sandbox.drive(await host.orderId('A-1'), { do: 'accept' });
      host.sandbox.addFault({ call: 'addPriorityFee', work: 'done', answer: 'reset' });
      await host.after('15m');
      expect(host.calls('addPriorityFee')).toBe(1);
      expect(host.events('A-1').flatMap(raised)).toEqual([]);
      await host.after('25m');
      expect(host.calls('addPriorityFee')).toBe(2);
    });
  });

  describe('that no driver takes', () => {
    it.each([
      ['drivers reject it', 'rejecting', 'REJECTED'],
      ['nobody accepts for two hours', 'still', 'EXPIRED'],
    ] as const)('is booked again where %s, three times in all, and has failed then', async (_, drivers, because) => {
      await start({}, { sandbox: { drivers } });
      await host.book();
      expect(await host.after('8h')).toMatchObject({ state: 'failed', reason: { code: 'NO_DRIVER' }, attempts: 3 });
      expect(host.orders()).toHaveLength(3);
      const causes = host.events().flatMap((event) => (event.type === 'rebooking' ? [event.because] : []));
      expect(causes).toEqual([because, because]);
    });

    it.each([[{ maxAttempts: 2 }, 2] as const, [false, 1] as const])(
      'is booked as often as the policy %j allows',
      async (rebook, times) => {
        await start({ rebook }, { sandbox: { drivers: 'rejecting' } });
        await host.book();
        expect(await host.after('3h')).toMatchObject({ state: 'failed', attempts: times });
        expect(host.orders()).toHaveLength(times);
      },
    );
  });

  describe('whose driver is late', () => {
    it.each([
      [{ afterMinutes: 20, maxChanges: 2 }, 2],
      [{ afterMinutes: 45, maxChanges: 1 }, 1],
      [false as const, 0],
    ])('gets another one as often as the policy %j allows', async (changeDriver, times) => {
      await start({ changeDriver }, { sandbox: { drivers: 'late' } });
      await host.book();
      expect(await host.after('4h')).toMatchObject({ state: 'completed', attempts: 1 });
      expect(host.calls('changeDriver')).toBe(times);
      expect(host.eventTypes().filter((type) => type === 'driver_change_asked')).toHaveLength(times);
      expect(host.eventTypes().filter((type) => type === 'driver_assigned')).toHaveLength(times + 1);
    });
  });

  describe('that customer service cancels', () => {
    it('follows the order that is put in its place', async () => {
      await start();
      await host.book();
      const first = await host.orderId();
      host.sandbox.drive(first, { do: 'accept' });
      await host.after('1m');
      host.sandbox.drive(first, { do: 'replace', gap: '30m' });
      expect(await host.after('20m')).toMatchObject({ state: 'on_going', orderId: first });
      const { state, orderId } = await host.after('11m');
      expect(state).toBe('assigning');
      expect(orderId).not.toBe(first);
      expect(host.calls('placeOrder')).toBe(1);
    });

    it.each([
      ['its webhook has told', false, 'REPLACEMENT_MISSING'],
      ['only a read has told', true, 'CANCELED_UNEXPLAINED'],
    ])('waits for a person where %s and no other comes, and is not booked again', async (_, isLost, code) => {
      await start();
      if (isLost) host.sandbox.addFault(LOST);
      await host.book();
      host.sandbox.drive(await host.orderId(), { do: 'cancel' });
      expect(await host.after('59m')).toMatchObject({ state: 'assigning', orderStatus: 'CANCELED' });
      expect(await host.after('5m')).toMatchObject({ state: 'needs_attention', reason: { code } });
      await host.after('3h');
      expect(host.calls('placeOrder')).toBe(1);
      await host.deliveries.resolve('A-1', { rebook: true });
      expect(await host.after(0)).toMatchObject({ state: 'assigning', attempts: 2 });
    });

    it('waits no less for its ORDER_CREATED, which comes after all', async () => {
      await start();
      host.sandbox.addFault({ webhook: 'delayed', event: 'ORDER_CREATED', delay: '20m' });
      await host.book();
      host.sandbox.drive(await host.orderId(), { do: 'cancel' });
      await host.after('65m');
      expect(await host.deliveries.get('A-1')).toMatchObject({ reason: { code: 'REPLACEMENT_MISSING' } });
      expect(host.eventTypes()).toEqual(['requested', 'quoted', 'booked', 'needs_attention']);
    });

    it('is revived by a replacement that comes when a person has been asked for', async () => {
      await start();
      await host.book();
      host.sandbox.drive(await host.orderId(), { do: 'replace', gap: '2h' });
      expect(await host.after('90m')).toMatchObject({ state: 'needs_attention' });
      expect(await host.after('31m')).toMatchObject({ state: 'assigning', reason: undefined });
      expect(host.eventTypes().slice(-2)).toEqual(['needs_attention', 'replaced']);
    });

    it('is revived by a replacement that comes after it was canceled here, which is cancelled then', async () => {
      await start();
      await host.book();
      host.sandbox.drive(await host.orderId(), { do: 'replace', gap: '2h' });
      await host.after('90m');
      // A clone may be on its way: only a person can say that there is none.
      expect(await host.deliveries.cancel('A-1')).toMatchObject({ state: 'needs_attention', cancellation: 'asked' });
      expect(await host.deliveries.resolve('A-1', { cancel: true })).toMatchObject({ state: 'canceled' });
      expect(await host.after('31m')).toMatchObject({ state: 'canceled' });
      expect(host.eventTypes().slice(-3)).toEqual(['canceled', 'replaced', 'canceled']);
      expect(host.sandbox.ledgerFor({ reference: 'A-1' }).live).toEqual([]);
    });
  });

  describe('whose webhooks are silent', () => {
    it('is read ever more rarely', async () => {
      await start();
      host.sandbox.addFault(LOST);
      await host.book();
      const from = host.host.clock.now();
      await host.after('115m');
      const reads = host.sandbox.requests.filter(({ operation }) => operation === 'getOrder');
      expect(reads.map(({ at }) => Math.round((at - from) / 60_000))).toEqual([2, 6, 14, 30, 60, 90]);
    });

    it('is not read for the hours before a pick-up', async () => {
      await start();
      host.sandbox.addFault(LOST);
      const scheduleAt = new Date(host.host.clock.now() + 6 * 3_600_000).toISOString();
      const { quotation } = bookingOf('A-1');
      await host.book('A-1', { quotation: { ...quotation, scheduleAt } });
      await host.after('299m');
      expect(host.calls('getOrder')).toBe(0);
      await host.after('2m');
      expect(host.calls('getOrder')).toBe(1);
    });

    it('is never read where the policy says so', async () => {
      await start({ poll: false });
      host.sandbox.addFault(LOST);
      await host.book();
      await host.after('3h');
      expect(host.sandbox.requests.map(({ operation }) => operation).slice(1)).toEqual([
        'createQuotation',
        'placeOrder',
      ]);
    });
  });

  describe('that is to be cancelled', () => {
    it('is, before it is booked, while a driver is sought, and just after the match', async () => {
      await start();
      host.sandbox.addFault({ call: 'createQuotation', answer: { code: 'LALAMOVE_SERVER_ERROR' } });
      await host.book('A-1');
      await host.book('A-2');
      await host.book('A-3');
      host.sandbox.drive(await host.orderId('A-3'), { do: 'accept' });
      await host.after('5m');
      for (const reference of ['A-2', 'A-3']) {
        expect(await host.deliveries.cancel(reference)).toMatchObject({ state: 'canceled', cancellation: 'asked' });
        expect(await host.deliveries.cancel(reference)).toMatchObject({ state: 'canceled' });
        expect(host.sandbox.ledgerFor({ reference }).live).toEqual([]);
        await host.after(0, reference);
        expect(host.eventTypes(reference).filter((type) => type === 'canceled')).toHaveLength(1);
      }
    });

    it('is, where nothing has been sent yet', async () => {
      await start();
      host.sandbox.addFault({ call: 'createQuotation', answer: { code: 'LALAMOVE_SERVER_ERROR' }, times: 'always' });
      await host.book();
      expect(await host.deliveries.cancel('A-1')).toMatchObject({ state: 'canceled', attempts: 0 });
      await host.after('1h');
      expect(host.calls('placeOrder')).toBe(0);
    });

    it('goes on where Lalamove does not allow it any more, and is cancelled once it has no driver', async () => {
      await start();
      await host.book();
      const orderId = await host.orderId();
      host.sandbox.drive(orderId, { do: 'accept' });
      await host.after('6m');
      expect(await host.deliveries.cancel('A-1')).toMatchObject({ state: 'on_going', cancellation: 'refused' });
      await host.deliveries.cancel('A-1');
      expect(host.calls('cancelOrder')).toBe(1);
      await host.after('1m');
      expect(host.events().at(-1)).toMatchObject({
        type: 'cancel_refused',
        code: 'ERR_CANCELLATION_FORBIDDEN',
        orderId,
      });
      host.sandbox.drive(orderId, { do: 'reject' });
      expect(await host.after('1m')).toMatchObject({ state: 'canceled' });
    });

    it('is cancelled once its order is there, where it is just being placed', async () => {
      await start();
      host.sandbox.addFault({ call: 'placeOrder', latencyMs: 60 });
      const booking = host.book();
      await until(() => host.calls('placeOrder') === 1);
      expect(await host.deliveries.cancel('A-1')).toMatchObject({ state: 'booking', cancellation: 'asked' });
      await booking;
      expect(await host.after(0)).toMatchObject({ state: 'canceled', attempts: 1 });
      expect(host.sandbox.ledgerFor({ reference: 'A-1' }).live).toEqual([]);
    });

    it('is cancelled once it is known whether there is an order', async () => {
      await start({}, { sandbox: { unknowns: { orderCreated: 'after-answer' } } });
      host.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
      host.sandbox.addFault({ webhook: 'delayed', event: FIRST_EVENTS, times: FIRST_EVENTS.length, delay: '5m' });
      await host.book();
      expect(await host.deliveries.cancel('A-1')).toMatchObject({ state: 'booking', cancellation: 'asked' });
      expect(await host.after('6m')).toMatchObject({ state: 'canceled' });
      expect(host.sandbox.ledgerFor({ reference: 'A-1' }).live).toEqual([]);
      expect(host.eventTypes()).toEqual([
        'requested',
        'quoted',
        'outcome_unknown',
        'cancel_requested',
        'booked',
        'canceled',
      ]);
    });

    it('asks a person once where Lalamove refuses the keys, and is cancelled when it takes them again', async () => {
      await start();
      await host.book();
      const fault = host.sandbox.addFault({
        call: 'cancelOrder',
        answer: { code: 'LALAMOVE_UNAUTHORIZED' },
        times: 'always',
      });
      expect(await host.deliveries.cancel('A-1')).toMatchObject({ state: 'needs_attention' });
      await host.after('1h');
      expect(host.eventTypes().filter((type) => type === 'needs_attention')).toHaveLength(1);
      expect(host.calls('cancelOrder')).toBeLessThan(15);
      await host.sandbox.control.removeFault(fault.id);
      expect(await host.after('16m')).toMatchObject({ state: 'canceled' });
      expect(host.sandbox.ledgerFor({ reference: 'A-1' }).live).toEqual([]);
    });

    it('is not given up by a person while its order may be on its way', async () => {
      await start();
      await host.book();
      host.sandbox.addFault({ call: 'cancelOrder', answer: { code: 'LALAMOVE_UNAUTHORIZED' }, times: 'always' });
      await host.deliveries.cancel('A-1');
      for (const resolution of [{ rebook: true }, { cancel: true }] as const) {
        await expect(host.deliveries.resolve('A-1', resolution)).rejects.toThrow('may be on its way');
      }
    });
  });

  describe('whose answer is lost', () => {
    it.each(['every-event', 'whole-orders', 'order-only'] as const)(
      'is found by its webhook, with metadata in %s',
      async (metadata) => {
        await start({}, { sandbox: { unknowns: { metadata, orderCreated: 'after-answer' } } });
        host.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
        await host.book();
        expect(await host.after(0)).toMatchObject({ state: 'assigning', attempts: 1 });
        expect(host.calls('placeOrder')).toBe(1);
        expect(host.calls('getOrder')).toBe(metadata === 'order-only' ? 2 : 0);
      },
    );

    it.each([
      ['was carried out', 'done'],
      ['was not', 'skipped'],
    ] as const)('is held for a person where no webhook tells, whether it %s', async (_, work) => {
      await start();
      host.sandbox.addFault(LOST);
      host.sandbox.addFault({ call: 'placeOrder', work, answer: 'reset' });
      await host.book();
      expect(await host.after('14m')).toMatchObject({ state: 'booking' });
      expect(await host.after('2m')).toMatchObject({ state: 'needs_attention', reason: { code: 'OUTCOME_UNKNOWN' } });
      await host.after('3h');
      expect(host.calls('placeOrder')).toBe(1);
      expect(await host.deliveries.metrics()).toMatchObject({ unknownAttempts: 1 });
      const [orderId] = host.orders();
      await host.deliveries.resolve('A-1', orderId === undefined ? { rebook: true } : { orderId });
      // For hours nobody has taken the one that was carried out.
      expect(await host.after(0)).toMatchObject({ state: 'assigning', attempts: 2 });
      expect(await host.deliveries.metrics()).toMatchObject({ unknownAttempts: 0 });
    });

    it('is settled by who knows the order, before it needs attention; by nothing else', async () => {
      await start({ unknownOutcome: { waitMinutes: 60 } });
      host.sandbox.addFault(LOST);
      host.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
      await host.book();
      const { dueAt } = await host.after('1m');
      for (const resolution of [{ rebook: true }, { cancel: true }] as const) {
        const refusal = host.deliveries.resolve('A-1', resolution);
        await expect(refusal).rejects.toThrow(`Until ${String(dueAt)} its order may turn up by itself`);
      }
      const [orderId = ''] = host.orders();
      expect(await host.deliveries.resolve('A-1', { orderId })).toMatchObject({ state: 'assigning', orderId });
      await expect(host.deliveries.resolve('A-1', { orderId })).rejects.toThrow('only what needs attention');
      expect(await host.after(0)).toMatchObject({ state: 'assigning', orderId, attempts: 1 });
      expect(host.calls('placeOrder')).toBe(1);
    });

    it('is settled by a person who cancels it; should its order turn up, that is cancelled', async () => {
      await start();
      host.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
      host.sandbox.addFault({ webhook: 'delayed', event: FIRST_EVENTS, times: FIRST_EVENTS.length, delay: '1h' });
      await host.book();
      await host.after('30m');
      expect(await host.deliveries.resolve('A-1', { cancel: true })).toMatchObject({ state: 'canceled' });
      expect(await host.deliveries.metrics()).toMatchObject({ unknownAttempts: 0 });
      await host.after('1h');
      expect(host.sandbox.ledgerFor({ reference: 'A-1' }).live).toEqual([]);
      expect(host.eventTypes().slice(-3)).toEqual(['canceled', 'duplicate_found', 'duplicate_canceled']);
      // It does not stand in the way of the next one whose answer is lost.
      host.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
      await host.book('A-2');
      expect(await host.after('1m', 'A-2')).toMatchObject({ state: 'assigning' });
    });

    it.each(['every-event', 'order-only'] as const)(
      'is booked again where the policy says so; the first is cancelled where it turns up, with metadata in %s',
      async (metadata) => {
        const policy = { unknownOutcome: { waitMinutes: 0, then: 'rebook' as const } };
        await start(policy, { sandbox: { unknowns: { metadata } } });
        host.sandbox.addFault({ call: 'placeOrder', work: 'late', lateBy: '4m', answer: 'reset' });
        host.sandbox.addFault({ webhook: 'delayed', event: FIRST_EVENTS, times: FIRST_EVENTS.length, delay: '10m' });
        await host.book();
        expect(await host.after('6m')).toMatchObject({ state: 'assigning', attempts: 2 });
        const { orderId } = await host.after('10m');
        expect(host.sandbox.ledgerFor({ reference: 'A-1' }).live).toEqual([orderId]);
        expect(host.eventTypes().slice(-3)).toEqual(['booked', 'duplicate_found', 'duplicate_canceled']);
      },
    );

    it.each([10, 60])(
      'finds a clone by its own webhooks when its ORDER_REPLACED is lost, waiting %i minutes',
      async (wait) => {
        await start(
          { replacement: { waitMinutes: wait }, poll: false },
          { sandbox: { unknowns: { metadata: 'order-only' } } },
        );
        await host.book();
        const first = await host.orderId();
        host.sandbox.addFault({ webhook: 'lost', event: 'ORDER_REPLACED', times: 'always' });
        host.sandbox.drive(first, { do: 'replace' });
        await host.after('30m');
        const [, clone = ''] = host.sandbox.ledgerFor({ reference: 'A-1' }).orderIds;
        host.sandbox.drive(clone, { do: 'accept' });
        expect(await host.after('10m')).toMatchObject({ state: 'on_going', orderId: clone, reason: undefined });
        expect(host.eventTypes()).toContain('replaced');
      },
    );

    it('does not take a clone that nobody has told of for its own, nor for one too many', async () => {
      await start();
      await host.book('A-1');
      const first = await host.orderId('A-1');
      host.sandbox.addFault({ webhook: 'lost', event: ['ORDER_REPLACED', 'ORDER_STATUS_CHANGED'], times: 'always' });
      host.sandbox.addFault({ call: 'placeOrder', work: 'skipped', answer: 'reset' });
      await host.book('A-2');
      host.sandbox.drive(first, { do: 'replace' });
      await host.after('2m', 'A-2');
      expect(host.calls('cancelOrder')).toBe(0);
      expect(host.eventTypes('A-1')).toContain('replaced');
      const { live } = host.sandbox.ledgerFor({ reference: 'A-1' });
      expect(live).toEqual([await host.orderId('A-1')]);
      expect(await host.deliveries.get('A-2')).toMatchObject({ state: 'booking', attempts: 1 });
    });

    it('is booked again no more often than the policy allows', async () => {
      await start({ unknownOutcome: { waitMinutes: 1 / 7, then: 'rebook' } });
      host.sandbox.addFault({ call: 'placeOrder', work: 'skipped', answer: 'reset', times: 'always' });
      await host.book();
      expect(await host.after('3h')).toMatchObject({ state: 'needs_attention', reason: { code: 'OUTCOME_UNKNOWN' } });
      expect(host.calls('placeOrder')).toBe(3);
    });
  });

  describe('that Lalamove refuses', () => {
    it.each([
      ['createQuotation', 'ERR_OUT_OF_SERVICE_AREA'],
      ['createQuotation', 'LALAMOVE_UNAUTHORIZED'],
      ['placeOrder', 'ERR_INSUFFICIENT_CREDIT'],
      ['placeOrder', 'ERR_INVALID_PHONE_NUMBER'],
    ] as const)('needs a person where %s is refused with %s, and is booked when he says so', async (call, code) => {
      await start();
      host.sandbox.addFault({ call, answer: { code } });
      expect(await host.book()).toMatchObject({ state: 'needs_attention', reason: { code }, attempts: 0 });
      await host.after('3h');
      expect(host.calls(call)).toBe(1);
      await host.deliveries.resolve('A-1', { rebook: true });
      expect(await host.after(0)).toMatchObject({ state: 'assigning', attempts: 1, reason: undefined });
    });

    it.each(['LALAMOVE_SERVER_ERROR', 'ERR_RATE_LIMIT_EXCEEDED', 'reset'] as const)(
      'is quoted again, later and later, where quoting ends in %s',
      async (answer) => {
        await start();
        host.sandbox.addFault({
          call: 'createQuotation',
          answer: answer === 'reset' ? answer : { code: answer },
          times: 4,
        });
        await host.book();
        expect(await host.after('3m')).toMatchObject({ state: 'assigning', attempts: 1 });
        const [first = 0, ...rest] = host.sandbox.requests.flatMap(({ operation, at }) =>
          operation === 'createQuotation' ? [at] : [],
        );
        expect(rest).toHaveLength(4);
        rest.reduce((before, at, index) => {
          expect(at - before).toBeGreaterThanOrEqual(2500 * 2 ** index);
          return at;
        }, first);
      },
    );

    it('is never posted a second time after what may have been carried out', async () => {
      await start();
      host.sandbox.addFault({ call: 'placeOrder', answer: { code: 'LALAMOVE_SERVER_ERROR' }, times: 'always' });
      await host.book();
      expect(await host.after('3h')).toMatchObject({ state: 'needs_attention', reason: { code: 'OUTCOME_UNKNOWN' } });
      expect(host.calls('placeOrder')).toBe(1);
    });

    it('needs a person when Lalamove has been away for hours, whichever call it is that fails', async () => {
      await start();
      host.sandbox.addFault({ call: 'createQuotation', answer: { code: 'LALAMOVE_SERVER_ERROR' }, times: 12 });
      host.sandbox.addFault({ call: 'placeOrder', answer: { code: 'ERR_RATE_LIMIT_EXCEEDED' }, times: 'always' });
      await host.book('A-1');
      expect(await host.after('4h')).toMatchObject({ state: 'needs_attention', reason: { code: 'LALAMOVE_AWAY' } });
      await host.book('A-2');
      expect(await host.after('4h', 'A-2')).toMatchObject({ reason: { code: 'LALAMOVE_AWAY' }, attempts: 0 });
      expect(host.calls('placeOrder')).toBe(12);
    });
  });
});
