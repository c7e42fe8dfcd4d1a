import { afterEach, expect, it } from '@jest/globals';
import type { DynamicModule, INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { LalamoveModule, LalamoveService, OnLalamoveEvent, signWebhook, type LalamoveEvent } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';

const webhook = { path: 'webhooks/lalamove' };
const ends: (() => Promise<void>)[] = [];

class Shop {
  readonly seen: string[] = [];

  @OnLalamoveEvent('*')
  onEvent(event: LalamoveEvent): void {
    this.seen.push('status' in event ? `${event.eventType} ${event.status ?? ''}` : event.eventType);
  }
}

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

it('handles a webhook that the test signs', async () => {
  const apiSecret = 'sk_test_secret';
  const { app, url, seen } = await started(
    LalamoveModule.forRoot({ apiKey: 'pk_test_key', apiSecret, market: 'HK', webhook }),
  );
  const { body, headers } = signWebhook({
    secret: apiSecret,
    path: '/webhooks/lalamove',
    eventType: 'ORDER_STATUS_CHANGED',
    data: { order: { orderId: '1', status: 'COMPLETED', previousStatus: 'PICKED_UP' } },
  });
  await fetch(`${url}/webhooks/lalamove`, { method: 'POST', body, headers });
  await until(seen, 'ORDER_STATUS_CHANGED COMPLETED');
  expect(app.get(Shop).seen).toHaveLength(1);
});

it("handles the webhooks of an order's whole life", async () => {
  const sandbox = await LalamoveSandbox.start({ drivers: 'prompt' });
  const { apiKey, apiSecret, url: baseUrl, clock } = sandbox;
  const account = LalamoveModule.forRoot({ apiKey, apiSecret, market: 'HK', baseUrl, clock, webhook });
  ends.push(() => sandbox.stop());
  const { app, url, seen } = await started(account);
  const lalamove = app.get(LalamoveService);
  await lalamove.setWebhookUrl(`${url}/webhooks/lalamove`);
  await placeOrder(lalamove);
  await sandbox.advance('2h'); // ON_GOING, PICKED_UP, COMPLETED: sent and answered; handlers run right after
  await until(seen, 'ORDER_STATUS_CHANGED COMPLETED');
  expect(seen).toEqual(
    expect.arrayContaining(['DRIVER_ASSIGNED', 'ORDER_STATUS_CHANGED ON_GOING', 'ORDER_STATUS_CHANGED PICKED_UP']),
  );
});

async function started(account: DynamicModule): Promise<{ app: INestApplication; url: string; seen: string[] }> {
  const module = await Test.createTestingModule({ imports: [account], providers: [Shop] }).compile();
  const app = module.createNestApplication();
  await app.listen(0, '127.0.0.1');
  ends.unshift(() => app.close());
  return { app, url: await app.getUrl(), seen: app.get(Shop).seen };
}

async function placeOrder(lalamove: LalamoveService): Promise<void> {
  const stops = [{ address: '1 Peak Road' }, { address: '8 Airport Road' }];
  const quotation = await lalamove.createQuotation({ serviceType: 'MOTORCYCLE', language: 'en_HK', stops });
  const [from, to] = quotation.stops;
  await lalamove.placeOrder({
    quotationId: quotation.quotationId,
    sender: { stopId: from.stopId, name: 'Shop', phone: '+85221234567' },
    recipients: [{ stopId: to.stopId, name: 'Ada', phone: '+85251234567' }],
  });
}

/** Handlers run after the webhook was answered. */
async function until(seen: readonly string[], expected: string): Promise<void> {
  for (let tries = 0; !seen.includes(expected); tries += 1) {
    if (tries === 500) throw new Error(`${expected} has not come: ${seen.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
