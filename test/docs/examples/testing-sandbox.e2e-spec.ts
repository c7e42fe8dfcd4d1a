import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { LalamoveModule, LalamoveService, type Order } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';

let sandbox: LalamoveSandbox;
let module: TestingModule;

beforeEach(async () => {
  sandbox = await LalamoveSandbox.start({ drivers: 'prompt' });
  const { apiKey, apiSecret, url: baseUrl } = sandbox;
  const account = LalamoveModule.forRoot({ apiKey, apiSecret, market: 'HK', baseUrl });
  module = await Test.createTestingModule({ imports: [account] }).compile();
});

afterEach(async () => {
  await module.close();
  await sandbox.stop();
});

it('delivers', async () => {
  const { orderId } = await book(module.get(LalamoveService));
  await sandbox.advance('2h');
  expect(await module.get(LalamoveService).getOrder(orderId)).toMatchObject({ status: 'COMPLETED' });
  expect(sandbox.ledgerFor({ reference: 'A-1' }).completed).toEqual([orderId]);
});

/** In your test, this is code of your app. */
async function book(lalamove: LalamoveService): Promise<Order> {
  const stops = [{ address: '1 Peak Road' }, { address: '8 Airport Road' }];
  const quotation = await lalamove.createQuotation({ serviceType: 'MOTORCYCLE', language: 'en_HK', stops });
  const [from, to] = quotation.stops;
  return lalamove.placeOrder({
    quotationId: quotation.quotationId,
    sender: { stopId: from.stopId, name: 'Shop', phone: '+85221234567' },
    recipients: [{ stopId: to.stopId, name: 'Ada', phone: '+85251234567' }],
    metadata: { reference: 'A-1' },
  });
}
