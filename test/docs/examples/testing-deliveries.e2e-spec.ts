import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { LalamoveModule, LalamoveService } from 'nestjs-lalamove';
import { DeliveriesModule, DeliveriesService } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox, SandboxClock } from 'nestjs-lalamove/sandbox';

let sandbox: LalamoveSandbox;
let app: INestApplication;

beforeEach(async () => {
  const clock = new SandboxClock();
  sandbox = await LalamoveSandbox.start({ clock, drivers: 'prompt' });
  const { apiKey, apiSecret, url: baseUrl } = sandbox;
  const webhook = { path: 'webhooks/lalamove' };
  const module = await Test.createTestingModule({
    imports: [
      LalamoveModule.forRoot({ apiKey, apiSecret, market: 'HK', baseUrl, webhook, clock }),
      DeliveriesModule.forRoot({ database: { file: ':memory:' }, clock }),
    ],
  }).compile();
  app = module.createNestApplication();
  await app.listen(0, '127.0.0.1');
  await app.get(LalamoveService).setWebhookUrl(`${await app.getUrl()}/webhooks/lalamove`);
});

afterEach(async () => {
  await app.close();
  await sandbox.stop();
});

it('is delivered, by one courier', async () => {
  const deliveries = app.get(DeliveriesService);
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
  await stateOf(deliveries, 'assigning');
  await sandbox.advance('2h');
  await stateOf(deliveries, 'completed');
  expect(sandbox.ledgerFor({ reference: 'A-1' }).orderIds).toHaveLength(1);
});

/** Waits for a state: deliveries are worked on in the background. */
async function stateOf(deliveries: DeliveriesService, state: string): Promise<void> {
  for (let tries = 0; (await deliveries.get('A-1')).state !== state; tries += 1) {
    if (tries === 500) throw new Error(`A-1 is not ${state}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
