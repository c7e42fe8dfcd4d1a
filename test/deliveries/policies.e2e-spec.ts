import { afterEach, describe, expect, it } from '@jest/globals';
import type { DeliveryEvent, GivenPolicy } from 'nestjs-lalamove/deliveries';
import { bookingOf } from '../support/sample-booking.js';
import type { DeliveriesHostOptions } from './deliveries-host.js';
import { ALL_WEBHOOKS_LOST, JournaledHost } from './journaled-host.js';

let host: JournaledHost;

/** Starts a host whose drivers do nothing until a test moves them. */
async function start(policy: GivenPolicy = {}, options: DeliveriesHostOptions = {}): Promise<void> {
  host = await JournaledHost.withPolicy(policy, options);
}

/** The price of the route of these tests, without fees. */
async function priceOf(): Promise<string> {
  const { price } = await host.book('price');
  await host.deliveries.cancel('price');
  return price?.total ?? '';
}

/** An amount that is one unit of its last decimal larger or smaller. */
function byOne(amount: string, units: 1 | -1): string {
  const [whole = '', decimals = ''] = amount.split('.');
  const sum = BigInt(whole + decimals) + BigInt(units);
  const text = String(sum).padStart(decimals.length + 1, '0');
  return decimals === '' ? text : `${text.slice(0, -decimals.length)}.${text.slice(-decimals.length)}`;
}

function plus(amount: string, fee: number): string {
  return String(Number(amount) + fee);
}

describe('a delivery', () => {
  afterEach(() => host.stop());

  describe('with maxPrice', () => {
    it('is booked at exactly maxPrice, not one unit above it, and then at a price that a person allows', async () => {
      await start();
      const price = await priceOf();
      expect(await host.book('A-1', { maxPrice: price })).toMatchObject({ state: 'assigning' });
      const dear = await host.book('A-2', { maxPrice: byOne(price, -1) });
      expect(dear).toMatchObject({ state: 'needs_attention', reason: { code: 'PRICE_ABOVE_MAX' }, attempts: 0 });
      expect(host.orders('A-2')).toEqual([]);
      await host.deliveries.resolve('A-2', { rebook: true, maxPrice: price });
      expect(await host.after(0, 'A-2')).toMatchObject({ state: 'assigning', reason: undefined, attempts: 1 });
    });

    it('is booked again within maxPrice', async () => {
      await start({}, { sandbox: { drivers: 'rejecting' } });
      const price = await priceOf();
      await host.book('A-1', { maxPrice: price });
      expect(await host.after('1h')).toMatchObject({ state: 'failed', attempts: 3 });
    });
  });

  describe('whose quotation cannot be used any more', () => {
    /** Lalamove refuses the first order because its quotation cannot be used any more. */
    async function stale(requote: boolean): Promise<void> {
      await start({ requote });
      host.sandbox.addFault({ call: 'placeOrder', answer: { code: 'ERR_INVALID_QUOTATION_ID' } });
      await host.book();
    }

    it('requests a new quotation', async () => {
      await stale(true);
      expect(await host.after('1m')).toMatchObject({ state: 'assigning', attempts: 1 });
      expect(host.eventTypes()).toEqual(['requested', 'quoted', 'quoted', 'booked']);
    });

    it('requests a new quotation if Lalamove calls it expired', async () => {
      await start();
      host.sandbox.addFault({ call: 'placeOrder', answer: { code: 'ERR_QUOTATION_EXPIRED' } });
      await host.book();
      expect(await host.after('1m')).toMatchObject({ state: 'assigning', attempts: 1 });
      expect(host.eventTypes()).toEqual(['requested', 'quoted', 'quoted', 'booked']);
    });

    it('needs a person if requote is false', async () => {
      await stale(false);
      expect(await host.after('1h')).toMatchObject({ state: 'needs_attention', reason: { code: 'QUOTATION_EXPIRED' } });
      expect(host.calls('createQuotation')).toBe(1);
    });

    it.each([
      [true, { state: 'assigning', attempts: 1 }, 2],
      [false, { state: 'needs_attention', reason: { code: 'QUOTATION_EXPIRED' }, attempts: 0 }, 1],
    ])('is not ordered shortly before the quotation expires (requote: %s)', async (requote, end, times) => {
      let isSlow = true;
      const onStep = (step: string): void => {
        // 4 minutes and 45 seconds of the quotation's five minutes have passed.
        if (step === 'quoted' && isSlow) host.host.clock.set(host.host.clock.now() + 285_000);
        if (step === 'quoted') isSlow = false;
      };
      await start({ requote }, { deliveries: { hooks: { onStep } } });
      expect(await host.book()).toMatchObject(end);
      expect(host.calls('createQuotation')).toBe(times);
      expect(host.calls('placeOrder')).toBe(requote ? 1 : 0);
    });

    it('retries with growing pauses and then needs a person if every quotation is refused', async () => {
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

    it('up to exactly maxPrice, and skips a step above it', async () => {
      await start({ raiseFee });
      const price = await priceOf();
      await host.book('A-1', { maxPrice: plus(price, 20) });
      await host.book('A-2', { maxPrice: byOne(plus(price, 20), -1) });
      await host.after('1h');
      expect(host.events('A-1').flatMap(raised)).toEqual(['20']);
      expect(host.events('A-2').flatMap(raised)).toEqual([]);
      expect((await host.deliveries.get('A-1')).price?.total).toBe(plus(price, 20));
    });

    it('neither after a driver was assigned, nor again after a lost answer', async () => {
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

  describe('that no driver accepts', () => {
    it.each([
      ['drivers reject the order', 'rejecting', 'REJECTED'],
      ['no driver accepts for two hours', 'still', 'EXPIRED'],
    ] as const)('is booked three times in total if %s, and then fails', async (_, drivers, because) => {
      await start({}, { sandbox: { drivers } });
      await host.book();
      expect(await host.after('8h')).toMatchObject({ state: 'failed', reason: { code: 'NO_DRIVER' }, attempts: 3 });
      expect(host.orders()).toHaveLength(3);
      const causes = host.events().flatMap((event) => (event.type === 'rebooking' ? [event.because] : []));
      expect(causes).toEqual([because, because]);
    });

    it.each([[{ maxAttempts: 2 }, 2] as const, [false, 1] as const])(
      'is booked as often as rebook %j allows',
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
    ])('gets another driver as often as changeDriver %j allows', async (changeDriver, times) => {
      await start({ changeDriver }, { sandbox: { drivers: 'late' } });
      await host.book();
      expect(await host.after('4h')).toMatchObject({ state: 'completed', attempts: 1 });
      expect(host.calls('changeDriver')).toBe(times);
      expect(host.eventTypes().filter((type) => type === 'driver_change_asked')).toHaveLength(times);
      expect(host.eventTypes().filter((type) => type === 'driver_assigned')).toHaveLength(times + 1);
    });
  });

  describe('without webhooks', () => {
    it('is read with growing intervals', async () => {
      await start();
      host.sandbox.addFault(ALL_WEBHOOKS_LOST);
      await host.book();
      const from = host.host.clock.now();
      await host.after('115m');
      const reads = host.sandbox.requests.filter(({ operation }) => operation === 'getOrder');
      expect(reads.map(({ at }) => Math.round((at - from) / 60_000))).toEqual([2, 6, 14, 30, 60, 90]);
    });

    it('is not read in the hours before a scheduled pick-up', async () => {
      await start();
      host.sandbox.addFault(ALL_WEBHOOKS_LOST);
      const scheduleAt = new Date(host.host.clock.now() + 6 * 3_600_000).toISOString();
      const { quotation } = bookingOf('A-1');
      await host.book('A-1', { quotation: { ...quotation, scheduleAt } });
      await host.after('299m');
      expect(host.calls('getOrder')).toBe(0);
      await host.after('2m');
      expect(host.calls('getOrder')).toBe(1);
    });

    it('is never read if poll is false', async () => {
      await start({ poll: false });
      host.sandbox.addFault(ALL_WEBHOOKS_LOST);
      await host.book();
      await host.after('3h');
      expect(host.sandbox.requests.map(({ operation }) => operation).slice(1)).toEqual([
        'createQuotation',
        'placeOrder',
      ]);
    });
  });
});
