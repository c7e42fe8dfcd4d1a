import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { LalamoveSandbox, SandboxClock } from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { orderOf } from '../support/inputs.js';
import { startLalamove } from '../support/lalamove.js';
import { WebhookReceiver, withTimeout } from '../webhooks/webhook-receiver.js';

/** A recorded webhook, or one of the sandbox's. */
type Body = Readonly<Record<string, unknown>>;

const MARKETS = {
  TH: { language: 'th_TH', phone: '+66812345678', lat: 13.7563, lng: 100.5018, hours: 7 },
  MY: { language: 'en_MY', phone: '+60123456789', lat: 3.139, lng: 101.6869, hours: 8 },
} as const;

function bodiesOf(name: string): Body[] {
  const file = new URL(`../fixtures/recorded/${name}.json`, import.meta.url);
  const { bodies } = JSON.parse(readFileSync(file, 'utf8')) as { bodies: (string | Body)[] };
  return bodies.map((body) => (typeof body === 'string' ? (JSON.parse(body) as Body) : body));
}

/** The kind of a webhook: its type, and for a status event the old and the new status. */
function kindOf({ eventType, data }: Body): string {
  const [status, previous] = ['status', 'previousStatus'].map((name) => withTimeout(data, 'order', name));
  return eventType === 'ORDER_STATUS_CHANGED'
    ? `ORDER_STATUS_CHANGED ${String(status)} after ${JSON.stringify(previous)}`
    : String(eventType);
}

/** Members and types at every depth. The framework that logged some recordings turned empty texts into null. */
function shapeOf(value: unknown): unknown {
  if (value === null) return 'string';
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object') return typeof value;
  const members = Object.entries(value).map(([name, member]) => [name, shapeOf(member)] as const);
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe.each([
  ['TH', 'webhook-life.th-2024'],
  ['MY', 'webhooks.my-2026'],
] as const)('the webhooks of a sandbox in %s, compared with the recorded ones', (market, recording) => {
  const { language, phone, lat, lng, hours } = MARKETS[market];
  const startAt = '2026-11-22T08:00:00Z';
  let sent: Body[] = [];
  let receiver: WebhookReceiver;
  let sandbox: LalamoveSandbox;
  let close: () => Promise<void>;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    sandbox = await LalamoveSandbox.start({ clock: new SandboxClock({ speed: 0, startAt }), rateLimits: false });
    const { lalamove, close: end } = await startLalamove(accountOn(sandbox, { market }));
    close = end;
    await lalamove.setWebhookUrl(receiver.url);
    const stops = [0, 0.15].map((north, index) => ({
      coordinates: { lat: (lat + north).toFixed(4), lng: String(lng) },
      address: `Street ${index}`,
    }));
    const order = orderOf(await lalamove.createQuotation({ serviceType: 'MOTORCYCLE', language, stops }));
    const person = { name: 'Ada', phone };
    const { orderId } = await lalamove.placeOrder({
      ...order,
      ...{ sender: { ...order.sender, ...person }, isPODEnabled: true, metadata: { referenceId: 'A-1' } },
      recipients: order.recipients.map(({ stopId }) => ({ stopId, ...person })),
    });
    for (const step of ['accept', 'reject', 'accept', 'pick-up', 'complete'] as const) {
      sandbox.drive(orderId, { do: step });
      await sandbox.advance('1m');
    }
    sent = receiver.events.map(({ body }) => JSON.parse(body) as Body);
  });

  afterAll(async () => {
    await close();
    await sandbox.stop();
    await receiver.stop();
  });

  it.each(bodiesOf(recording).map((body) => [kindOf(body), body] as const))(
    'have the shape of %s',
    (kind, recorded) => {
      const own = sent.find((body) => kindOf(body) === kind);
      expect(shapeOf(own)).toEqual(shapeOf(recorded));
    },
  );

  it('show the local time of the market with a wrong Z', () => {
    const local = new Date(Date.parse(startAt) + hours * 3_600_000).toISOString().slice(0, 16);
    expect(sent[0]).toMatchObject({ data: { updatedAt: `${local}.00Z` } });
  });

  it('report a new order first by its wallet, and then by the order', () => {
    expect(sent.slice(0, 3).map(kindOf)).toEqual([
      'WALLET_BALANCE_CHANGED',
      'ORDER_CREATED',
      'ORDER_STATUS_CHANGED ASSIGNING_DRIVER after ""',
    ]);
  });

  it('have one id for both events of a match, and metadata in whole orders only', () => {
    const ids = (type: string, status?: string): unknown[] =>
      sent
        .filter(({ eventType, data }) => eventType === type && withTimeout(data, 'order', 'status') === status)
        .map(({ eventId }) => eventId);
    expect(ids('DRIVER_ASSIGNED')).toHaveLength(2);
    expect(ids('DRIVER_ASSIGNED')).toEqual(ids('ORDER_STATUS_CHANGED', 'ON_GOING'));
    const withMetadata = sent.filter(({ data }) => withTimeout(data, 'order', 'metadata') !== undefined);
    expect(new Set(withMetadata.map(({ eventType }) => eventType))).toEqual(
      new Set(['ORDER_CREATED', 'POD_STATUS_CHANGED']),
    );
  });
});
