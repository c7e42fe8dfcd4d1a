import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DeliveriesService } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { LalamoveTestingModule, untilState } from 'nestjs-lalamove/testing';
import { AppModule } from '../quick-start/deliveries.module.js';

let app: INestApplication;

beforeEach(async () => {
  const moduleRef = await Test.createTestingModule({
    imports: [AppModule, LalamoveTestingModule.forApp({ drivers: 'prompt' })],
  }).compile();
  app = moduleRef.createNestApplication();
  await app.listen(0);
});

afterEach(async () => {
  await app.close();
});

it('delivers what is posted to it', async () => {
  const delivery = {
    reference: 'A-1',
    sender: { name: 'Shop', phone: '+85221234567' },
    recipients: [{ name: 'Ada', phone: '+85251234567' }],
    quotation: {
      serviceType: 'MOTORCYCLE',
      language: 'en_HK',
      stops: [{ address: 'Victoria Peak' }, { address: 'Hong Kong Airport' }],
    },
  };
  const answer = await fetch(`${await app.getUrl()}/deliveries`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(delivery),
  });
  expect(answer.status).toBe(201);
  const deliveries = app.get(DeliveriesService);
  await untilState(deliveries, 'A-1', 'assigning');
  await app.get(LalamoveSandbox).advance('2h');
  await untilState(deliveries, 'A-1', 'completed');
});
