import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplication } from '@nestjs/common';
import { LalamoveModule, OnLalamoveEvent, type LalamoveEvent } from 'nestjs-lalamove';
import { DeliveriesModule, DeliveriesService } from 'nestjs-lalamove/deliveries';
import { setTimeout } from 'node:timers/promises';
import { PLATFORMS, startHost } from '../support/host-app.js';
import { KEYS } from '../support/lalamove.js';
import { http, RawServer } from '../support/raw-server.js';
import { recordedLife, recordedWebhooks, resigned, type RecordedWebhook } from './recorded-webhooks.js';
import { bookingOf } from '../support/sample-booking.js';
import { until } from '../support/until.js';
import { nowSeconds, oneAccount, send, startWebhookHost } from './webhook-host.js';

const PATH = '/hooks';
const WEBHOOKS = recordedWebhooks();

/** All types except the unknown one. */
const TYPES = [
  'ORDER_CREATED',
  'ORDER_STATUS_CHANGED',
  'DRIVER_ASSIGNED',
  'ORDER_AMOUNT_CHANGED',
  'ORDER_REPLACED',
  'ORDER_EDITED',
  'WALLET_BALANCE_CHANGED',
  'POD_STATUS_CHANGED',
  'POP_STATUS_CHANGED',
  'DELIVERY_CODE_STATUS_CHANGED',
] as const;

/** Records each event in a handler of its type. */
@Injectable()
class TypedLedger {
  readonly events: LalamoveEvent[] = [];

  @OnLalamoveEvent([...TYPES])
  onTyped(event: LalamoveEvent): void {
    this.events.push(event);
  }
}

/** The forms that a gateway or a log gives to a body. */
const WAYS: readonly [string, (body: string) => string][] = [
  ['as they were logged', (body) => body],
  ['as they were signed', (body) => JSON.stringify(JSON.parse(body))],
  ['pretty-printed', (body) => JSON.stringify(JSON.parse(body), null, 2)],
];

describe.each(PLATFORMS)('recorded webhooks on %s', (platform) => {
  let app: INestApplication;
  let url: string;
  let ledger: TypedLedger;

  // A new time for each test, because the same webhook is a duplicate.
  beforeEach(async () => {
    const { imports = [] } = oneAccount();
    ({ app, url } = await startWebhookHost(platform, { imports, providers: [TypedLedger] }));
    ledger = app.get(TypedLedger);
  });
  afterEach(() => app.close());

  let timestamps = nowSeconds();
  const post = async (webhook: RecordedWebhook, way: (body: string) => string): Promise<void> => {
    const body = way(resigned(webhook, { ...KEYS, path: PATH, timestamp: (timestamps -= 1) }));
    const headers = { 'content-type': 'application/json' };
    expect((await send(url + PATH, body, { headers })).status).toBe(200);
  };

  it.each(WAYS)('reach the handlers of their types, %s', async (_, way) => {
    for (const webhook of WEBHOOKS) await post(webhook, way);
    await until(() => ledger.events.length >= WEBHOOKS.length);
    expect(WEBHOOKS.length).toBeGreaterThanOrEqual(14);
    const received = ledger.events.map((event) => [event.eventType, 'orderId' in event ? event.orderId : undefined]);
    expect(received).toEqual(WEBHOOKS.map(({ eventType, orderId }) => [eventType, orderId]));
  });

  it('reach both handlers if two events share one id', async () => {
    const sharing = WEBHOOKS.filter(({ eventId, eventType }) =>
      WEBHOOKS.some((other) => other.eventId === eventId && other.eventType !== eventType),
    );
    expect(new Set(sharing.map(({ eventId }) => eventId)).size).toBe(2);
    // Signed in the same second, as recorded.
    timestamps -= 1;
    const timestamp = timestamps;
    for (const webhook of sharing) {
      const body = resigned(webhook, { ...KEYS, path: PATH, timestamp });
      for (const again of [body, body]) expect((await send(url + PATH, again)).status).toBe(200);
    }
    await until(() => ledger.events.length >= sharing.length);
    expect(new Set(ledger.events.map(({ fingerprint }) => fingerprint)).size).toBe(ledger.events.length);
    expect(ledger.events.map(({ eventType }) => eventType)).toEqual(sharing.map(({ eventType }) => eventType));
  });
});

const ORDER = {
  orderId: recordedLife()[1]?.orderId ?? '',
  quotationId: '1',
  priceBreakdown: { total: '27', currency: 'THB' },
  driverId: '',
  shareLink: '',
  status: 'ASSIGNING_DRIVER',
  stops: [],
};

const QUOTATION = {
  ...{ quotationId: '1', scheduleAt: '', expiresAt: '', serviceType: 'MOTORCYCLE', language: 'EN_TH' },
  ...{ isRouteOptimized: false, priceBreakdown: { total: '27', currency: 'THB' } },
  stops: ['1', '2'].map((stopId) => ({ stopId, coordinates: { lat: '13.7', lng: '100.5' }, address: 'Bangkok' })),
};

/** A Lalamove server that placed the recorded order, and whose reads fail. */
function startRecorded(): Promise<RawServer> {
  return RawServer.start((socket, request) => {
    const isQuotation = request.startsWith('POST /v3/quotations ');
    const data = isQuotation ? QUOTATION : request.startsWith('POST /v3/orders ') ? ORDER : undefined;
    socket.write(http(data ? 201 : 500, JSON.stringify(data ? { data } : { message: 'ERR_INTERNAL' })));
  });
}

describe.each(PLATFORMS)('a delivery on %s', (platform) => {
  it.each(WAYS)('reaches its end by the recorded webhooks of its order, %s', async (_, way) => {
    const server = await startRecorded();
    const account = { ...KEYS, baseUrl: server.url, webhook: { path: PATH }, retry: { maxAttempts: 1 } };
    const imports = [LalamoveModule.forRoot(account), DeliveriesModule.forRoot({ database: { file: ':memory:' } })];
    const { app, url } = await startHost(platform, { imports });
    try {
      const deliveries = app.get(DeliveriesService);
      await deliveries.book(bookingOf('A-1'));
      const state = async (): Promise<string> => (await deliveries.get('A-1')).state;
      for (let tries = 0; tries < 200 && (await state()) !== 'assigning'; tries += 1) await setTimeout(10);
      const life = recordedLife();
      const shift = nowSeconds() - (life.at(-1)?.timestamp ?? 0);
      const states: string[] = [];
      for (const webhook of life) {
        const body = way(resigned(webhook, { ...KEYS, path: PATH, timestamp: webhook.timestamp + shift }));
        expect((await send(url + PATH, body)).status).toBe(200);
        states.push(await state());
      }
      expect(states).toEqual(['assigning', 'assigning', 'on_going', 'on_going', 'picked_up', 'completed']);
      expect(await deliveries.get('A-1')).toMatchObject({ orderId: ORDER.orderId, driverId: '81924' });
    } finally {
      await app.close();
      await server.stop();
    }
  });
});
