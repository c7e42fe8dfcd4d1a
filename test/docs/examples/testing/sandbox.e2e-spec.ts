import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { LalamoveService, type Order } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { LalamoveTestingModule } from 'nestjs-lalamove/testing';

let moduleRef: TestingModule;

beforeEach(async () => {
  moduleRef = await Test.createTestingModule({
    imports: [LalamoveTestingModule.forRoot({ drivers: 'prompt' })],
  }).compile();
});

afterEach(async () => {
  await moduleRef.close(); // stops the sandbox too
});

it('delivers', async () => {
  const lalamove = moduleRef.get(LalamoveService);
  const sandbox = moduleRef.get(LalamoveSandbox);
  const { orderId } = await book(lalamove);
  await sandbox.advance('2h');
  expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'COMPLETED' });
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
