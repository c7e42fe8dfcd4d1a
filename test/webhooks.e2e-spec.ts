import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Injectable, type INestApplication } from '@nestjs/common';
import {
  LalamoveModule,
  OnLalamoveEvent,
  signWebhook,
  type LalamoveEvent,
  type OrderStatusChangedEvent,
} from 'nestjs-lalamove';
import { PLATFORMS, startHost } from './support/host-app.js';
import { KEYS } from './support/lalamove.js';
import { until } from './support/until.js';

const DATA = {
  order: { orderId: '3316227378875113604', status: 'PICKED_UP', previousStatus: 'ON_GOING', driverId: '80557' },
};

@Injectable()
class Ledger {
  readonly all: LalamoveEvent[] = [];
  readonly statuses: OrderStatusChangedEvent[] = [];

  @OnLalamoveEvent('*')
  onAny(event: LalamoveEvent): void {
    this.all.push(event);
  }

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  onStatus(event: OrderStatusChangedEvent): void {
    this.statuses.push(event);
  }
}

@Controller()
class Nothing {}

describe.each(PLATFORMS)('webhooks on %s', (platform) => {
  let app: INestApplication;

  afterEach(() => app.close());

  it('reach their handlers', async () => {
    const host = await startHost(
      platform,
      {
        imports: [LalamoveModule.forRoot({ ...KEYS, webhook: { path: 'webhooks/lalamove' } })],
        providers: [Ledger],
        controllers: [Nothing],
      },
      (made) => made.setGlobalPrefix('api'),
    );
    app = host.app;
    const path = '/api/webhooks/lalamove';
    const { body, headers } = signWebhook({ secret: KEYS.apiSecret, path, data: DATA });
    for (const status of [200, 200]) {
      const answer = await fetch(host.url + path, { method: 'POST', body, headers });
      expect(answer.status).toBe(status);
      expect(await answer.json()).toEqual({ received: true });
    }
    const ledger = app.get(Ledger);
    await until(() => ledger.statuses.length > 0);
    expect(ledger.all).toHaveLength(1);
    expect(ledger.statuses[0]).toMatchObject({ orderId: '3316227378875113604', status: 'PICKED_UP' });
    for (const [method, status] of [
      ['GET', 405],
      ['DELETE', 405],
      ['OPTIONS', 405],
    ] as const) {
      expect((await fetch(host.url + path, { method })).status).toBe(status);
    }
    expect(
      (await fetch(host.url + path, { method: 'POST', headers: { 'content-type': 'application/json' } })).status,
    ).toBe(200);
    expect(
      (await fetch(host.url + path, { method: 'POST', body: body.replace('PICKED_UP', 'COMPLETED') })).status,
    ).toBe(401);
    expect((await fetch(host.url + path, { method: 'POST', body: '[1]' })).status).toBe(400);
    expect((await fetch(host.url + path, { method: 'POST', body: '{"a"' })).status).toBe(400);
    expect((await fetch(host.url + path, { method: 'POST', body: ' '.repeat(3e6) + '{}' })).status).toBe(413);
    expect((await fetch(host.url + '/other', { method: 'POST', body: '{}' })).status).toBe(404);
  });
});
