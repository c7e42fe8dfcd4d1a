import { afterEach, describe, expect, it } from '@jest/globals';
import type { GivenPolicy } from 'nestjs-lalamove/deliveries';
import { FIRST_EVENTS } from '../webhooks/webhook-receiver.js';
import type { DeliveriesHostOptions } from './deliveries-host.js';
import { ALL_WEBHOOKS_LOST, JournaledHost } from './journaled-host.js';

let host: JournaledHost;

/** Starts a host whose drivers do nothing until a test moves them. */
async function start(policy: GivenPolicy = {}, options: DeliveriesHostOptions = {}): Promise<void> {
  host = await JournaledHost.withPolicy(policy, options);
}

describe('a delivery', () => {
  afterEach(() => host.stop());

  describe('whose answer to the POST is lost', () => {
    it.each(['every-event', 'whole-orders', 'order-only'] as const)(
      'is identified by its webhook, with metadata in %s',
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
      ['was placed', 'done'],
      ['was not placed', 'skipped'],
    ] as const)('needs a person if no webhook arrives and the order %s', async (_, work) => {
      await start();
      host.sandbox.addFault(ALL_WEBHOOKS_LOST);
      host.sandbox.addFault({ call: 'placeOrder', work, answer: 'reset' });
      await host.book();
      expect(await host.after('14m')).toMatchObject({ state: 'booking' });
      expect(await host.after('2m')).toMatchObject({ state: 'needs_attention', reason: { code: 'OUTCOME_UNKNOWN' } });
      await host.after('3h');
      expect(host.calls('placeOrder')).toBe(1);
      expect(await host.deliveries.metrics()).toMatchObject({ unknownAttempts: 1 });
      const [orderId] = host.orders();
      await host.deliveries.resolve('A-1', orderId === undefined ? { rebook: true } : { orderId });
      // No driver has accepted the placed order for hours, so that it has expired.
      expect(await host.after(0)).toMatchObject({ state: 'assigning', attempts: 2 });
      expect(await host.deliveries.metrics()).toMatchObject({ unknownAttempts: 0 });
    });

    it('can be resolved before it needs attention, but only with an order id', async () => {
      await start({ unknownOutcome: { waitMinutes: 60 } });
      host.sandbox.addFault(ALL_WEBHOOKS_LOST);
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

    it('can be cancelled by a person, and its order is cancelled if it appears later', async () => {
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
      // It does not affect the next delivery whose answer is lost.
      host.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
      await host.book('A-2');
      expect(await host.after('1m', 'A-2')).toMatchObject({ state: 'assigning' });
    });

    it.each(['every-event', 'order-only'] as const)(
      'is booked again if the policy says so, and a late first order is cancelled, with metadata in %s',
      async (metadata) => {
        const policy = { unknownOutcome: { waitMinutes: 0, then: 'rebook' as const } };
        await start(policy, { sandbox: { unknowns: { metadata } } });
        host.sandbox.addFault({ call: 'placeOrder', work: 'late', lateBy: '4m', answer: 'reset' });
        host.sandbox.addFault({ webhook: 'delayed', event: FIRST_EVENTS, times: FIRST_EVENTS.length, delay: '10m' });
        await host.book();
        expect(await host.after('6m')).toMatchObject({ state: 'assigning', attempts: 2 });
        const { orderId } = await host.after('10m');
        expect(host.sandbox.ledgerFor({ reference: 'A-1' }).live).toEqual([orderId]);
        const types = host.eventTypes();
        const since = types.slice(types.lastIndexOf('booked'));
        // With several connections, a webhook from before the cancellation may be applied after it: found again.
        expect(since.slice(0, 3)).toEqual(['booked', 'duplicate_found', 'duplicate_canceled']);
        expect(new Set(since)).toEqual(new Set(['booked', 'duplicate_found', 'duplicate_canceled']));
      },
    );

    it.each([10, 60])(
      'finds a replacing order by its webhooks if ORDER_REPLACED is lost, with a wait of %i minutes',
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

    it('does not adopt or cancel the replacing order of another delivery', async () => {
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

    it('is booked again only as often as the policy allows', async () => {
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
    ] as const)(
      'needs a person if %s is refused with %s, and is booked after the person resolves it',
      async (call, code) => {
        await start();
        host.sandbox.addFault({ call, answer: { code } });
        expect(await host.book()).toMatchObject({ state: 'needs_attention', reason: { code }, attempts: 0 });
        await host.after('3h');
        expect(host.calls(call)).toBe(1);
        await host.deliveries.resolve('A-1', { rebook: true });
        expect(await host.after(0)).toMatchObject({ state: 'assigning', attempts: 1, reason: undefined });
      },
    );

    it.each(['LALAMOVE_SERVER_ERROR', 'ERR_RATE_LIMIT_EXCEEDED', 'reset'] as const)(
      'is quoted again with growing pauses if the quotation fails with %s',
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

    it('is never posted again after a POST that may have placed an order', async () => {
      await start();
      host.sandbox.addFault({ call: 'placeOrder', answer: { code: 'LALAMOVE_SERVER_ERROR' }, times: 'always' });
      await host.book();
      expect(await host.after('3h')).toMatchObject({ state: 'needs_attention', reason: { code: 'OUTCOME_UNKNOWN' } });
      expect(host.calls('placeOrder')).toBe(1);
    });

    it('needs a person if Lalamove fails for hours, whichever call fails', async () => {
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
