import { afterEach, describe, expect, it } from '@jest/globals';
import type { GivenPolicy } from 'nestjs-lalamove/deliveries';
import { SandboxControl } from 'nestjs-lalamove/sandbox';
import { ALL_WEBHOOKS_LOST, JournaledHost } from './journaled-host.js';

const REBOOK: GivenPolicy = { unknownOutcome: { waitMinutes: 0, then: 'rebook' } };

let host: JournaledHost;

/** Removes the faults: from now on nothing is lost. */
async function clearFaults(): Promise<void> {
  await host.after('1s');
  await SandboxControl.connect(host.sandbox.url).clearFaults();
}

/** Creates two orders of one reference. The first one was abandoned before it became known. */
interface Orders {
  readonly first: string;
  readonly second: string;
}

/** Loses the answer to the first order and its webhooks, so that a second order is placed. */
async function bookedTwice(policy: GivenPolicy = REBOOK): Promise<Orders> {
  host = await JournaledHost.start({ deliveries: { policy, sweepSeconds: 300 } });
  host.sandbox.addFault(ALL_WEBHOOKS_LOST);
  host.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
  await host.book();
  await host.after('16m');
  if (policy !== REBOOK) {
    expect(await host.deliveries.get('A-1')).toMatchObject({ reason: { code: 'OUTCOME_UNKNOWN' } });
    await host.deliveries.resolve('A-1', { rebook: true });
    await host.after(0);
  }
  const [first = '', second = ''] = host.orders();
  expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'assigning', orderId: second, attempts: 2 });
  await clearFaults();
  return { first, second };
}

/** Lets the first order be picked up before its webhooks arrive. */
async function kept(policy?: GivenPolicy): Promise<Orders> {
  const orders = await bookedTwice(policy);
  host.sandbox.addFault(ALL_WEBHOOKS_LOST);
  host.sandbox.drive(orders.first, { do: 'accept' });
  await clearFaults();
  host.sandbox.drive(orders.first, { do: 'pick-up' });
  await host.after('1m');
  expect(host.eventTypes()).toEqual(expect.arrayContaining(['duplicate_found', 'duplicate_kept']));
  return orders;
}

function requestsFor(operation: string, orderId: string): number {
  return host.sandbox.requests.filter((request) => request.operation === operation && request.path.includes(orderId))
    .length;
}

describe('a duplicate order that Lalamove no longer cancels', () => {
  afterEach(() => host.stop());

  it.each(['REJECTED', 'EXPIRED'] as const)(
    'replaces the live order if that ends as %s, so that no third order is booked',
    async (status) => {
      const { first, second } = await kept();
      host.sandbox.moveOrder(second, status);
      expect(await host.after('10m')).toMatchObject({ state: 'picked_up', orderId: first, duplicateOrders: [] });
      expect(host.orders()).toEqual([first, second]);
      host.sandbox.drive(first, { do: 'complete' });
      expect(await host.after('1m')).toMatchObject({ state: 'completed', orderId: first });
      expect(host.eventTypes().slice(-3)).toEqual(['duplicate_adopted', 'picked_up', 'completed']);
    },
  );

  it('replaces the live order also after a person has resolved with rebook', async () => {
    const { first, second } = await kept({});
    host.sandbox.moveOrder(second, 'EXPIRED');
    expect(await host.after('10m')).toMatchObject({ state: 'picked_up', orderId: first });
    expect(host.orders()).toHaveLength(2);
    host.sandbox.drive(first, { do: 'complete' });
    await host.after('1m');
  });

  it('keeps the delivery from becoming canceled if the host cancels, and is tracked to its end', async () => {
    const { first, second } = await kept();
    await host.deliveries.cancel('A-1');
    const after = await host.after('1m');
    expect(after).toMatchObject({ state: 'picked_up', orderId: first, cancellation: 'refused' });
    expect(host.sandbox.ledgerFor({ reference: 'A-1' }).live).toEqual([first]);
    expect(requestsFor('cancelOrder', second)).toBe(1);
    host.sandbox.drive(first, { do: 'complete' });
    expect(await host.after('1m')).toMatchObject({ state: 'completed', orderId: first });
    expect(host.eventTypes()).not.toContain('canceled');
  });

  it('completes the delivery if it is delivered first, and the other order is cancelled', async () => {
    const { first, second } = await kept();
    host.sandbox.drive(first, { do: 'complete' });
    expect(await host.after('1m')).toMatchObject({ state: 'completed', orderId: first, duplicateOrders: [] });
    expect(host.sandbox.ledgerFor({ reference: 'A-1' })).toMatchObject({ live: [], completed: [first] });
    expect(requestsFor('cancelOrder', second)).toBe(1);
  });

  it('is read while its webhooks are lost, so that its end is found', async () => {
    const { first } = await kept();
    host.sandbox.addFault(ALL_WEBHOOKS_LOST);
    host.sandbox.drive(first, { do: 'complete' });
    expect(await host.after('1h')).toMatchObject({ state: 'completed', orderId: first });
  });

  it('is cancelled later if its driver leaves it', async () => {
    const orders = await bookedTwice();
    host.sandbox.addFault(ALL_WEBHOOKS_LOST);
    host.sandbox.drive(orders.first, { do: 'accept' });
    await clearFaults();
    await host.after('6m');
    host.sandbox.drive(orders.first, { do: 'arrive' });
    await host.after('1m');
    host.sandbox.drive(orders.first, { do: 'pick-up' });
    await host.after('1m');
    expect(host.eventTypes()).toContain('duplicate_kept');
    host.sandbox.drive(orders.first, { do: 'reject' });
    expect(await host.after('1m')).toMatchObject({ orderId: orders.second, duplicateOrders: [] });
    expect(host.sandbox.ledgerFor({ reference: 'A-1' }).live).toEqual([orders.second]);
  });

  it('prevents a person from resolving the delivery as without an order', async () => {
    const { first, second } = await kept();
    host.sandbox.addFault({ call: 'cancelOrder', answer: { code: 'LALAMOVE_UNAUTHORIZED' }, times: 'always' });
    await host.deliveries.cancel('A-1');
    expect(await host.after(0)).toMatchObject({ state: 'needs_attention', orderId: second });
    for (const resolution of [{ rebook: true }, { cancel: true }] as const) {
      await expect(host.deliveries.resolve('A-1', resolution)).rejects.toThrow(`${second} may be on its way`);
    }
    expect(await host.deliveries.resolve('A-1', { orderId: first })).toMatchObject({
      orderId: first,
      duplicateOrders: [{ orderId: second }],
    });
    await clearFaults();
    host.sandbox.drive(first, { do: 'complete' });
    await host.after('20m');
    expect(host.sandbox.ledgerFor({ reference: 'A-1' })).toMatchObject({ live: [], completed: [first] });
  });

  it('reopens a delivery that was canceled before the duplicate became known', async () => {
    host = await JournaledHost.start({ deliveries: { sweepSeconds: 300 } });
    host.sandbox.addFault(ALL_WEBHOOKS_LOST);
    host.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
    await host.book();
    await host.after('30m');
    await host.deliveries.resolve('A-1', { cancel: true });
    const [first = ''] = host.orders();
    host.sandbox.drive(first, { do: 'accept' });
    await clearFaults();
    host.sandbox.drive(first, { do: 'pick-up' });
    expect(await host.after('1m')).toMatchObject({ state: 'picked_up', orderId: first, cancellation: 'refused' });
    host.sandbox.drive(first, { do: 'complete' });
    expect(await host.after('1m')).toMatchObject({ state: 'completed' });
  });
});

describe('a duplicate order whose cancellation keeps failing', () => {
  afterEach(() => host.stop());

  it('blocks neither the reads of the live order nor its cancellation', async () => {
    const { first, second } = await bookedTwice();
    const failing = { code: 'LALAMOVE_SERVER_ERROR' } as const;
    host.sandbox.addFault({ call: 'cancelOrder', answer: failing, times: 'always' });
    // A webhook makes the first order known.
    host.sandbox.drive(first, { do: 'accept' });
    await host.after('1m');
    expect(requestsFor('cancelOrder', first)).toBeGreaterThanOrEqual(2);
    const readsBefore = requestsFor('getOrder', second);
    await host.after('35m');
    expect(requestsFor('getOrder', second) - readsBefore).toBeGreaterThanOrEqual(1);
    await host.deliveries.cancel('A-1');
    expect(requestsFor('cancelOrder', second)).toBe(1);
    await clearFaults();
    await host.after('20m');
    // Its driver is late and is changed. After that Lalamove accepts the cancellation of this order too.
    expect(host.sandbox.ledgerFor({ reference: 'A-1' }).live).toEqual([]);
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'canceled', duplicateOrders: [] });
  });
});
