import { afterEach, describe, expect, it } from '@jest/globals';
import type { GivenPolicy } from 'nestjs-lalamove/deliveries';
import { JournaledHost } from './journaled-host.js';

const HTML = '<html><body>Request blocked</body></html>';

/** Answers of a proxy that passed the request on, or that stopped waiting for Lalamove's answer. */
const FOREIGN: [number, string][] = [
  [403, HTML],
  [404, HTML],
  [404, 'no such host'],
  [422, '{"errors":[{"id":"ERR_'],
  [409, ''],
  [429, HTML],
  [408, '{"message":"ERR_TIMEOUT"}'],
  [425, ''],
  [460, ''],
  [499, ''],
];

const LOST = { webhook: 'lost', times: 'always' } as const;

describe('a delivery whose order was placed although a proxy refused the request', () => {
  let host: JournaledHost;

  afterEach(() => host.stop());

  async function start(policy: GivenPolicy = {}, drivers: 'still' | 'prompt' = 'still'): Promise<void> {
    host = await JournaledHost.start({ sandbox: { drivers }, deliveries: { policy, sweepSeconds: 300 } });
  }

  it.each(FOREIGN)('finds its order by a webhook after a %i with %j', async (status, body) => {
    await start();
    host.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: { status, body } });
    await host.book();
    const [orderId] = host.orders();
    // A webhook that a busy machine answers late is sent again.
    expect(await host.after('5m')).toMatchObject({ state: 'assigning', orderId, attempts: 1 });
    await host.after('1h');
    expect(host.orders()).toHaveLength(1);
    expect(host.calls('placeOrder')).toBe(1);
  });

  it.each(FOREIGN)('needs a person if no webhook arrives after a %i with %j', async (status, body) => {
    await start();
    host.sandbox.addFault(LOST);
    host.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: { status, body } });
    await host.book();
    expect(await host.deliveries.metrics()).toMatchObject({ unknownAttempts: 1 });
    expect(await host.after('1h')).toMatchObject({ state: 'needs_attention', reason: { code: 'OUTCOME_UNKNOWN' } });
    expect(host.orders()).toHaveLength(1);
    expect(host.calls('placeOrder')).toBe(1);
  });

  it('is booked again after a 429 of Lalamove, which has not processed the request', async () => {
    await start();
    host.sandbox.addFault({ call: 'placeOrder', answer: { code: 'ERR_RATE_LIMIT_EXCEEDED' } });
    await host.book();
    expect(await host.after('1m')).toMatchObject({ state: 'assigning', attempts: 1 });
    expect(host.orders()).toHaveLength(1);
  });

  it('does not treat its order as gone if a firewall refuses a read', async () => {
    await start({ unknownOutcome: { waitMinutes: 10, then: 'rebook' } }, 'prompt');
    // Only a read can show which delivery the order belongs to.
    host.sandbox.addFault({ webhook: 'lost', event: 'ORDER_CREATED', times: 'always' });
    host.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
    host.sandbox.addFault({ call: 'getOrder', answer: { status: 403, body: HTML }, times: 2 });
    await host.book();
    expect(await host.after('1h')).toMatchObject({ orderId: host.orders()[0] });
    expect(host.orders()).toHaveLength(1);
  });

  it('retries its cancellation if a firewall refuses it', async () => {
    await start();
    await host.book();
    host.sandbox.addFault({ call: 'cancelOrder', answer: { status: 403, body: HTML }, times: 2 });
    await host.deliveries.cancel('A-1');
    expect(await host.after('30m')).toMatchObject({ state: 'canceled', cancellation: 'asked' });
    expect(host.sandbox.ledgerFor({ reference: 'A-1' }).live).toEqual([]);
  });

  it('stores the reason of a refusal without personal data', async () => {
    await start();
    const [message, detail] = [
      "'Ada Lovelace' cannot be called",
      ["'phone' is '+852 9876 5432'", '/data/sender/phone:+85298765432'],
    ];
    const body = JSON.stringify({ errors: [{ id: 'ERR_NEW', message, detail }] });
    host.sandbox.addFault({ call: 'createQuotation', answer: { status: 422, body } });
    const { reason } = await host.book();
    expect(reason).toMatchObject({ code: 'ERR_NEW', message: expect.stringContaining("'phone' is '…'") });
    expect(reason?.message).toMatch(/^'…' cannot be called \(\/data\/sender\/phone…/);
    expect(JSON.stringify(reason)).not.toMatch(/Ada|9876/);
  });
});
