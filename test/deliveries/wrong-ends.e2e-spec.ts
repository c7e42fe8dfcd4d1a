import { afterEach, describe, expect, it } from '@jest/globals';
import type { GivenPolicy } from 'nestjs-lalamove/deliveries';
import { SandboxControl, type SandboxUnknowns } from 'nestjs-lalamove/sandbox';
import { ALL_WEBHOOKS_LOST, JournaledHost } from './journaled-host.js';

const REBOOK: GivenPolicy = { unknownOutcome: { waitMinutes: 0, then: 'rebook' }, rebook: { maxAttempts: 2 } };

let host: JournaledHost;

async function start(policy: GivenPolicy = {}, unknowns: Partial<SandboxUnknowns> = {}): Promise<void> {
  host = await JournaledHost.withPolicy(policy, { sandbox: { unknowns } });
}

async function clearFaults(): Promise<void> {
  await host.after('1s');
  await SandboxControl.connect(host.sandbox.url).clearFaults();
}

function live(): readonly string[] {
  return host.sandbox.ledgerFor({ reference: 'A-1' }).live;
}

describe('a delivery does not become canceled', () => {
  afterEach(() => host.stop());

  it('if its cancellation failed and customer service cancelled and replaced its order', async () => {
    await start({}, { metadata: 'order-only' });
    await host.book();
    const first = await host.orderId();
    host.sandbox.drive(first, { do: 'accept' });
    host.sandbox.addFault({ call: 'cancelOrder', work: 'skipped', answer: { status: 500, body: '' } });
    await host.deliveries.cancel('A-1');
    host.sandbox.addFault({ webhook: 'lost', event: 'ORDER_REPLACED', times: 'always' });
    host.sandbox.drive(first, { do: 'replace', gap: '0s' });
    const [, clone = ''] = host.orders();
    host.sandbox.drive(clone, { do: 'accept' });
    host.sandbox.drive(clone, { do: 'pick-up' });
    const { orderId, state } = await host.after('70m');
    expect(live()).toEqual([clone]);
    expect({ orderId, state }).toEqual({ orderId: clone, state: 'picked_up' });
  });

  it.each([
    ['a page', { status: 200, body: '', headers: { 'content-type': 'text/html' } }],
    ['an empty success', { status: 200, body: '' }],
  ])('for long if a proxy answered the cancellation with %s, thanks to webhooks', async (_, answer) => {
    await start();
    await host.book();
    const orderId = await host.orderId();
    host.sandbox.drive(orderId, { do: 'accept' });
    await host.after('6m');
    host.sandbox.addFault({ call: 'cancelOrder', work: 'skipped', answer });
    await host.deliveries.cancel('A-1');
    host.sandbox.drive(orderId, { do: 'pick-up' });
    expect(await host.after('5m')).toMatchObject({ state: 'picked_up', orderId, cancellation: 'refused' });
    host.sandbox.drive(orderId, { do: 'complete' });
    expect(await host.after('15m')).toMatchObject({ state: 'completed' });
  });

  it.each([
    ['is cancelled', (): Promise<unknown> => host.deliveries.cancel('A-1')],
    ['has expired', async (): Promise<unknown> => host.sandbox.moveOrder(await host.orderId(), 'EXPIRED')],
  ])('or failed if its order %s while an abandoned order may still be active', async (_, end) => {
    await start(REBOOK);
    host.sandbox.addFault(ALL_WEBHOOKS_LOST);
    host.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
    await host.book();
    expect(await host.after('7m')).toMatchObject({ state: 'assigning', attempts: 2 });
    const [first = ''] = host.orders();
    host.sandbox.drive(first, { do: 'accept' });
    await end();
    expect(await host.after('1h')).toMatchObject({ state: 'needs_attention', reason: { code: 'OUTCOME_UNKNOWN' } });
    expect(live()).toEqual([first]);
    // A person finds the order and resolves with its id.
    await host.deliveries.resolve('A-1', { orderId: first });
    await clearFaults();
    expect((await host.after('5m')).orderId).toBe(first);
  });
});

describe('a delivery that needs attention', () => {
  afterEach(() => host.stop());

  it('becomes completed if its order is completed', async () => {
    await start();
    await host.book();
    const orderId = await host.orderId();
    await host.after('3m');
    host.sandbox.addFault({ call: 'cancelOrder', answer: { code: 'LALAMOVE_UNAUTHORIZED' }, times: 'always' });
    await host.deliveries.cancel('A-1');
    expect(await host.after(0)).toMatchObject({ state: 'needs_attention' });
    for (const step of ['accept', 'arrive', 'pick-up', 'complete'] as const) host.sandbox.drive(orderId, { do: step });
    expect(await host.after('5m')).toMatchObject({ state: 'completed', orderId, reason: undefined });
  });
});

describe('a read', () => {
  afterEach(() => host.stop());

  it('that is answered with another order counts as failed, and is retried with growing pauses', async () => {
    await start();
    await host.book();
    const answer = { status: 200, body: '{"data":{"orderId":"999","status":"ON_GOING"}}' };
    host.sandbox.addFault({ call: 'getOrder', answer, times: 'always' });
    const before = host.calls('getOrder');
    await host.after('1h');
    expect(host.calls('getOrder') - before).toBeGreaterThan(3);
    expect(host.calls('getOrder') - before).toBeLessThan(20);
  });
});
