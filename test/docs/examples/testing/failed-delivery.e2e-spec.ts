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

const order = {
  reference: 'A-1',
  quotation: { serviceType: 'MOTORCYCLE', stops: [{ address: '1 Peak Road' }, { address: '8 Airport Road' }] },
  sender: { name: 'Shop', phone: '+85221234567' },
  recipients: [{ name: 'Ada', phone: '+85251234567' }],
  metadata: { reference: 'A-1', sandbox: 'rejecting' },
};

it('fails with its first order', async () => {
  const deliveries = app.get(DeliveriesService);
  await deliveries.book({ ...order, policy: { rebook: false } });
  await untilState(deliveries, 'A-1', 'assigning');
  await app.get(LalamoveSandbox).advance('2h');
  const { reason } = await untilState(deliveries, 'A-1', 'failed');
  expect(reason?.code).toBe('NO_DRIVER');
});

it('fails with its third order', async () => {
  const deliveries = app.get(DeliveriesService);
  const sandbox = app.get(LalamoveSandbox);
  await deliveries.book(order);
  for (const attempt of [1, 2, 3]) {
    await untilAttempt(attempt);
    await sandbox.advance('2h');
  }
  expect(await untilState(deliveries, 'A-1', 'failed')).toMatchObject({ attempts: 3, reason: { code: 'NO_DRIVER' } });
});

/** Waits until the delivery has its first, second or third order. */
async function untilAttempt(attempt: number): Promise<void> {
  const { attempts } = await untilState(app.get(DeliveriesService), 'A-1', 'assigning');
  if (attempts === attempt) return;
  await new Promise((resolve) => setTimeout(resolve, 10));
  await untilAttempt(attempt);
}
