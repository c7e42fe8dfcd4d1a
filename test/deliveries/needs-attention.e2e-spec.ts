import { afterEach, describe, expect, it } from '@jest/globals';
import { LalamoveService } from 'nestjs-lalamove';
import { statusUpdated } from '../../src/deliveries/domain/order-updates.js';
import { newProgress, type DeliveryState } from '../../src/deliveries/domain/delivery-progress.js';
import { DEFAULT_POLICY } from '../../src/deliveries/domain/delivery-policy.js';
import { placed, reserved } from '../../src/deliveries/domain/transitions.js';
import { DeliveriesHost } from './deliveries-host.js';
import { bookingOf } from '../support/sample-booking.js';

/** The number of cancellation requests to Lalamove. */
const cancellations = ({ sandbox }: DeliveriesHost): number =>
  sandbox.requests.filter(({ method }) => method === 'DELETE').length;

describe('a delivery that needs attention', () => {
  let host: DeliveriesHost;

  afterEach(() => host.stop());

  it('retries its cancellation with growing pauses while Lalamove refuses the keys', async () => {
    host = await DeliveriesHost.start();
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    const fault = host.sandbox.addFault({
      call: 'cancelOrder',
      answer: { code: 'LALAMOVE_UNAUTHORIZED' },
      times: 'always',
    });
    expect(await host.deliveries.cancel('A-1')).toMatchObject({ state: 'needs_attention', cancellation: 'asked' });
    expect(cancellations(host)).toBeLessThan(4);
    await host.clock.advance('30m');
    expect(cancellations(host)).toBeGreaterThan(5);
    expect(cancellations(host)).toBeLessThan(15);
    const events = (await host.deliveries.timeline('A-1')).filter(
      (entry) => entry.source === 'delivery' && entry.event.type === 'needs_attention',
    );
    expect(events).toHaveLength(1);
    await host.sandbox.control.removeFault(fault.id);
    await host.clock.advance('16m');
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'canceled' });
    expect(host.sandbox.ledgerFor({ reference: 'A-1' }).live).toEqual([]);
  });

  it('waits while its account is unknown, and can be resolved with an order that was placed by hand', async () => {
    let asked = 0;
    let isKnown = true;
    host = await DeliveriesHost.start({
      deliveries: {
        accounts: {
          resolve: () => {
            asked += 1;
            const { apiKey, apiSecret } = host.sandbox;
            return isKnown ? { apiKey, apiSecret, market: 'HK' } : null;
          },
        },
        policy: { poll: false },
      },
    });
    isKnown = false;
    await host.deliveries.book(bookingOf('A-1', { account: 'merchant' }));
    await host.settle();
    const get = (): Promise<unknown> => host.deliveries.get('A-1', { account: 'merchant' });
    expect(await get()).toMatchObject({ state: 'needs_attention', reason: { code: 'ACCOUNT_UNKNOWN' } });
    expect(asked).toBe(1);
    const { orderId } = await placeElsewhere(host);
    isKnown = true;
    await host.deliveries.resolve('A-1', { orderId }, { account: 'merchant' });
    await host.settle();
    expect(await get()).toMatchObject({ state: 'assigning', orderId });
  });

  it('leaves no unknown attempt after a person has resolved that there is no order', async () => {
    host = await DeliveriesHost.start();
    host.sandbox.addFault({ call: 'placeOrder', work: 'skipped', answer: 'reset' });
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    expect(await host.deliveries.metrics()).toMatchObject({ unknownAttempts: 1 });
    await host.clock.advance('1h');
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'needs_attention' });
    expect(await host.deliveries.resolve('A-1', { cancel: true })).toMatchObject({ state: 'canceled' });
    expect(await host.deliveries.metrics()).toMatchObject({ unknownAttempts: 0 });
  });

  describe('with ifUnmodifiedSince', () => {
    it('is booked again once, although two people have decided so at the same time', async () => {
      host = await DeliveriesHost.start({ deliveries: { policy: { unknownOutcome: { waitMinutes: 0 } } } });
      host.sandbox.addFault({ call: 'placeOrder', work: 'skipped', answer: 'reset' });
      await host.deliveries.book(bookingOf('A-1'));
      await host.clock.advance('20m');
      const { state, updatedAt } = await host.deliveries.get('A-1');
      expect(state).toBe('needs_attention');
      const decide = (): Promise<unknown> =>
        host.deliveries.resolve('A-1', { rebook: true }, { ifUnmodifiedSince: updatedAt });
      const decisions = await Promise.allSettled([decide(), decide()]);
      expect(decisions.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      await host.settle();
      expect(host.sandbox.ledgerFor({ reference: 'A-1' }).live).toHaveLength(1);
    });

    it('stays as it is, if it has changed since the decision', async () => {
      host = await DeliveriesHost.start();
      await host.deliveries.book(bookingOf('A-1', { maxPrice: '1' }));
      await host.settle();
      const { updatedAt } = await host.deliveries.get('A-1');
      await host.clock.advance('1m');
      await host.deliveries.resolve('A-1', { rebook: true, maxPrice: '2' }, { ifUnmodifiedSince: updatedAt });
      await host.settle();
      const { orderId } = await placeElsewhere(host);
      const ways = [{ rebook: true, maxPrice: '900' }, { cancel: true }, { orderId }] as const;
      for (const way of ways)
        await expect(host.deliveries.resolve('A-1', way, { ifUnmodifiedSince: updatedAt })).rejects.toMatchObject({
          code: 'LALAMOVE_DELIVERY_CONFLICT',
          message: expect.stringContaining('has changed since'),
        });
      const now = await host.deliveries.get('A-1');
      expect(now).toMatchObject({ state: 'needs_attention', reason: { code: 'PRICE_ABOVE_MAX' } });
      await host.deliveries.resolve('A-1', { orderId }, { ifUnmodifiedSince: now.updatedAt });
      await host.settle();
      expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'assigning', orderId });
    });

    it.each(['yesterday', '', 1, {}])('refuses %j, which is no time', async (since) => {
      host = await DeliveriesHost.start();
      const resolving = host.deliveries.resolve('A-1', { cancel: true }, { ifUnmodifiedSince: since as string });
      await expect(resolving).rejects.toMatchObject({
        errors: [expect.objectContaining({ pointer: '/ifUnmodifiedSince' })],
      });
    });
  });
});

describe('a delivery that has ended', () => {
  it.each<DeliveryState>(['completed', 'failed', 'canceled'])('stays %s after any event of a cancellation', (state) => {
    const attempt = {
      id: '1',
      number: 1,
      quotationId: '1',
      quotationExpiresAt: 0,
      outcome: 'reserved',
      reservedAt: 0,
    } as const;
    const { progress } = placed(
      reserved({ state: 'quoting', progress: newProgress(0, undefined) }, attempt),
      '1',
      { orderId: '1', status: 'COMPLETED' },
      0,
    );
    for (const cancelParty of [undefined, 'USER', 'LALAMOVE_CUSTOMER_SUPPORT']) {
      const update = { status: 'CANCELED', driverId: '', cancelParty };
      const asked = { ...progress, cancelAskedAt: 1, cancelRefused: true };
      for (const known of [progress, asked]) {
        expect(statusUpdated({ state, progress: known }, update, 1, DEFAULT_POLICY, 1)).toMatchObject({
          state,
          events: [],
        });
      }
    }
  });
});

/** Places an order without the package, as a person does. */
async function placeElsewhere({ app }: DeliveriesHost): Promise<{ orderId: string }> {
  const lalamove = app.get(LalamoveService);
  const { quotation, sender, recipients } = bookingOf('by hand');
  const { quotationId, stops } = await lalamove.createQuotation(quotation);
  const [from, to] = stops.map(({ stopId }) => stopId);
  return lalamove.placeOrder({
    quotationId,
    sender: { ...sender, stopId: from ?? '' },
    recipients: recipients.map((recipient) => ({ ...recipient, stopId: to ?? '' })),
  });
}
