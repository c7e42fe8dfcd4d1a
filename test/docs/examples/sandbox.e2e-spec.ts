import { afterEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { LalamoveModule, LalamoveService } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';

const environment = { ...process.env };

afterEach(() => {
  process.env = { ...environment };
});

describe('the examples of docs/guides/sandbox.md', () => {
  it('start a sandbox and let its time pass', async () => {
    await expect(import('./sandbox/start.js')).resolves.toBeDefined();
    await expect(import('./sandbox/time.js')).resolves.toBeDefined();
  });

  it('follow the clock of another process', async () => {
    Object.assign(process.env, { LALAMOVE_API_KEY: 'pk_test_key', LALAMOVE_API_SECRET: 'sk_test_secret' });
    process.env.LALAMOVE_MARKET = 'HK';
    const { clock } = await import('./sandbox/follow.js');
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(10_000);
    clock.stop();
  });

  it('give drivers their steps', async () => {
    const sandbox = await LalamoveSandbox.start({
      drivers: [
        { do: 'accept', after: '1m' },
        { do: 'arrive' },
        { do: 'pick-up' },
        { do: 'fail', stop: 1 },
        { do: 'complete' },
      ],
    });
    const { orderId, stop } = await started(sandbox);
    await sandbox.advance('2h');
    expect(sandbox.orders).toMatchObject([{ orderId, status: 'COMPLETED' }]);
    await stop();
  });

  it('move an order by hand, and know what really happened', async () => {
    const { sandbox, orderId, stop } = await started(await LalamoveSandbox.start());
    sandbox.moveOrder(orderId, 'ON_GOING'); // also PICKED_UP, COMPLETED, CANCELED, …
    sandbox.drive(orderId, { do: 'pick-up' }); // one step, now
    sandbox.drive(orderId, { do: 'deliver', stop: 1, proof: 'signature' });
    expect(sandbox.ledgerFor({ reference: 'A-1' }).live).toHaveLength(1); // one courier for the order A-1
    expect(sandbox.ledger.total.completed).toEqual([]); // also byQuotation, byMetadata
    expect(sandbox.orders).toHaveLength(1); // as the API would return them
    expect(sandbox.requests.every(({ verdict }) => verdict === 'right')).toBe(true); // every request, with its answer
    await stop();
  });

  it('have things go wrong', async () => {
    const { sandbox, stop } = await started(await LalamoveSandbox.start());
    sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' }); // the order is placed, the answer is lost
    sandbox.addFault({ call: ['getOrder', 'getDriver'], latencyMs: 3000, probability: 0.1, times: 'always' });
    sandbox.addFault({ answer: { code: 'ERR_RATE_LIMIT_EXCEEDED' }, times: 5 }); // any code of the error table
    sandbox.addFault({ webhook: 'doubled', event: 'ORDER_STATUS_CHANGED', times: 'always' });
    sandbox.respondNext({ status: 502, body: '<html>' }); // short for a fault with an answer
    await sandbox.control.refuseConnections(500);
    expect(await sandbox.control.faults()).toHaveLength(5);
    await stop();
  });
});

/** A sandbox with one order, by its own client. */
async function started(
  sandbox: LalamoveSandbox,
): Promise<{ sandbox: LalamoveSandbox; orderId: string; stop: () => Promise<void> }> {
  const { apiKey, apiSecret, url: baseUrl } = sandbox;
  const account = LalamoveModule.forRoot({ apiKey, apiSecret, market: 'HK', baseUrl });
  const module = await Test.createTestingModule({ imports: [account] }).compile();
  const lalamove = module.get(LalamoveService);
  const stops = [{ address: '1 Peak Road' }, { address: '8 Airport Road' }];
  const quotation = await lalamove.createQuotation({ serviceType: 'MOTORCYCLE', language: 'en_HK', stops });
  const [from, to] = quotation.stops;
  const { orderId } = await lalamove.placeOrder({
    quotationId: quotation.quotationId,
    sender: { stopId: from.stopId, name: 'Shop', phone: '+85221234567' },
    recipients: [{ stopId: to.stopId, name: 'Ada', phone: '+85251234567' }],
    metadata: { reference: 'A-1' },
    isPODEnabled: true,
  });
  const stop = async (): Promise<void> => {
    await module.close();
    await sandbox.stop();
  };
  return { sandbox, orderId, stop };
}
