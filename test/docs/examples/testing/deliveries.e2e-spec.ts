import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DeliveriesService } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { LalamoveTestingModule, untilState } from 'nestjs-lalamove/testing';

let app: INestApplication;

beforeEach(async () => {
  const webhook = { path: 'webhooks/lalamove' };
  const moduleRef = await Test.createTestingModule({
    imports: [LalamoveTestingModule.forRoot({ drivers: 'prompt', webhook, deliveries: true })],
  }).compile();
  app = moduleRef.createNestApplication();
  await app.listen(0);
});

afterEach(async () => {
  await app.close();
});

it('is delivered, by one courier', async () => {
  const deliveries = app.get(DeliveriesService);
  const sandbox = app.get(LalamoveSandbox);
  const order = {
    reference: 'A-1',
    quotation: {
      serviceType: 'MOTORCYCLE',
      language: 'en_HK',
      stops: [{ address: '1 Peak Road' }, { address: '8 Airport Road' }],
    },
    sender: { name: 'Shop', phone: '+85221234567' },
    recipients: [{ name: 'Ada', phone: '+85251234567' }],
    metadata: { reference: 'A-1' },
  };
  await Promise.all([deliveries.book(order), deliveries.book(order)]);
  await untilState(deliveries, 'A-1', 'assigning');
  await sandbox.advance('2h');
  await untilState(deliveries, 'A-1', 'completed');
  expect(sandbox.ledgerFor({ reference: 'A-1' }).orderIds).toHaveLength(1);
});
