import { afterEach, describe, expect, it } from '@jest/globals';
import type { GivenPolicy } from 'nestjs-lalamove/deliveries';
import { until } from '../support/until.js';
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

  describe('whose order is canceled by customer service', () => {
    it('tracks the replacing order', async () => {
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
      ['a webhook', false, 'REPLACEMENT_MISSING'],
      ['only a read', true, 'CANCELED_UNEXPLAINED'],
    ])('waits for a person if %s shows the cancellation and no replacement comes', async (_, isLost, code) => {
      await start();
      if (isLost) host.sandbox.addFault(ALL_WEBHOOKS_LOST);
      await host.book();
      host.sandbox.drive(await host.orderId(), { do: 'cancel' });
      expect(await host.after('59m')).toMatchObject({ state: 'assigning', orderStatus: 'CANCELED' });
      expect(await host.after('5m')).toMatchObject({ state: 'needs_attention', reason: { code } });
      await host.after('3h');
      expect(host.calls('placeOrder')).toBe(1);
      await host.deliveries.resolve('A-1', { rebook: true });
      expect(await host.after(0)).toMatchObject({ state: 'assigning', attempts: 2 });
    });

    it('waits as long if ORDER_CREATED arrives late', async () => {
      await start();
      host.sandbox.addFault({ webhook: 'delayed', event: 'ORDER_CREATED', delay: '20m' });
      await host.book();
      host.sandbox.drive(await host.orderId(), { do: 'cancel' });
      await host.after('65m');
      expect(await host.deliveries.get('A-1')).toMatchObject({ reason: { code: 'REPLACEMENT_MISSING' } });
      expect(host.eventTypes()).toEqual(['requested', 'quoted', 'booked', 'needs_attention']);
    });

    it('goes on if a replacement comes after it needed attention', async () => {
      await start();
      await host.book();
      host.sandbox.drive(await host.orderId(), { do: 'replace', gap: '2h' });
      expect(await host.after('90m')).toMatchObject({ state: 'needs_attention' });
      expect(await host.after('31m')).toMatchObject({ state: 'assigning', reason: undefined });
      expect(host.eventTypes().slice(-2)).toEqual(['needs_attention', 'replaced']);
    });

    it('cancels a replacement that comes after the delivery was canceled', async () => {
      await start();
      await host.book();
      host.sandbox.drive(await host.orderId(), { do: 'replace', gap: '2h' });
      await host.after('90m');
      // A replacing order may exist. Only a person can say that there is none.
      expect(await host.deliveries.cancel('A-1')).toMatchObject({ state: 'needs_attention', cancellation: 'asked' });
      expect(await host.deliveries.resolve('A-1', { cancel: true })).toMatchObject({ state: 'canceled' });
      expect(await host.after('31m')).toMatchObject({ state: 'canceled' });
      expect(host.eventTypes().slice(-3)).toEqual(['canceled', 'replaced', 'canceled']);
      expect(host.sandbox.ledgerFor({ reference: 'A-1' }).live).toEqual([]);
    });
  });

  describe('whose cancellation is requested', () => {
    it('is cancelled while Lalamove looks for a driver, and just after a driver was assigned', async () => {
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

    it('is cancelled if nothing has been sent yet', async () => {
      await start();
      host.sandbox.addFault({ call: 'createQuotation', answer: { code: 'LALAMOVE_SERVER_ERROR' }, times: 'always' });
      await host.book();
      expect(await host.deliveries.cancel('A-1')).toMatchObject({ state: 'canceled', attempts: 0 });
      await host.after('1h');
      expect(host.calls('placeOrder')).toBe(0);
    });

    it('goes on if Lalamove refuses the cancellation, and is cancelled after its driver has left', async () => {
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

    it('is cancelled after its order was placed, if the POST is running', async () => {
      await start();
      host.sandbox.addFault({ call: 'placeOrder', latencyMs: 60 });
      const booking = host.book();
      await until(() => host.calls('placeOrder') === 1);
      expect(await host.deliveries.cancel('A-1')).toMatchObject({ state: 'booking', cancellation: 'asked' });
      await booking;
      expect(await host.after(0)).toMatchObject({ state: 'canceled', attempts: 1 });
      expect(host.sandbox.ledgerFor({ reference: 'A-1' }).live).toEqual([]);
    });

    it('is cancelled as soon as it is known that its order exists', async () => {
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

    it('needs a person once if Lalamove refuses the keys, and is cancelled when it accepts them again', async () => {
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

    it('cannot be resolved as without an order while its order may be active', async () => {
      await start();
      await host.book();
      host.sandbox.addFault({ call: 'cancelOrder', answer: { code: 'LALAMOVE_UNAUTHORIZED' }, times: 'always' });
      await host.deliveries.cancel('A-1');
      for (const resolution of [{ rebook: true }, { cancel: true }] as const) {
        await expect(host.deliveries.resolve('A-1', resolution)).rejects.toThrow('may be on its way');
      }
    });
  });
});
