import { afterEach, describe, expect, it } from '@jest/globals';
import { JournaledHost } from './journaled-host.js';

describe('a delivery whose order Lalamove does not know', () => {
  let host: JournaledHost;

  afterEach(() => host.stop());

  async function forgotten(): Promise<string> {
    host = await JournaledHost.withPolicy({ failures: { maxFailures: 3 } }, { sandbox: { drivers: 'still' } });
    await host.book();
    const orderId = await host.orderId();
    host.sandbox.addFault({ call: 'getOrder', answer: { code: 'ERR_ORDER_NOT_FOUND' }, times: 'always' });
    return orderId;
  }

  it('needs a person after as many reads as the policy says', async () => {
    const orderId = await forgotten();
    const later = await host.after('90m');
    expect(later).toMatchObject({ state: 'needs_attention', orderId, reason: { code: 'ORDER_NOT_FOUND' } });
    expect(host.calls('getOrder')).toBe(3);
  });

  it('is cancelled on the word of a person, and books nothing', async () => {
    await forgotten();
    await host.after('90m');
    expect(await host.deliveries.get('A-1')).toMatchObject({ reason: { code: 'ORDER_NOT_FOUND' } });
    await host.deliveries.resolve('A-1', { cancel: true });
    expect(await host.after('1m')).toMatchObject({ state: 'canceled' });
    expect(host.calls('placeOrder')).toBe(1);
  });

  it('is booked again on the word of a person', async () => {
    await forgotten();
    await host.after('90m');
    host.sandbox.addFault({ webhook: 'lost', times: 'always' });
    await host.sandbox.control.drive(await host.orderId(), { do: 'cancel' });
    await host.deliveries.resolve('A-1', { rebook: true });
    expect(await host.after('1m')).toMatchObject({ state: 'assigning', attempts: 2 });
    expect(host.calls('placeOrder')).toBe(2);
  });

  it('goes on with the next webhook of the order', async () => {
    const orderId = await forgotten();
    await host.after('90m');
    expect(await host.deliveries.get('A-1')).toMatchObject({ reason: { code: 'ORDER_NOT_FOUND' } });
    await host.sandbox.control.drive(orderId, { do: 'accept' });
    expect(await host.after('1m')).toMatchObject({ state: 'on_going', orderId });
    expect(host.calls('placeOrder')).toBe(1);
  });

  it('does not book again while other reads succeed in between', async () => {
    host = await JournaledHost.withPolicy({ failures: { maxFailures: 3 } }, { sandbox: { drivers: 'still' } });
    await host.book();
    for (let round = 0; round < 3; round += 1) {
      host.sandbox.addFault({ call: 'getOrder', answer: { code: 'ERR_ORDER_NOT_FOUND' }, times: 2 });
      await host.after('30m');
    }
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'assigning' });
  });
});
