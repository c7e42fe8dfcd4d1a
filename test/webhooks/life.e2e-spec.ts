import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  DriverAssignedEvent,
  InMemoryLalamoveInbox,
  LalamoveInboxHost,
  LalamoveService,
  OnLalamoveEvent,
  OrderAmountChangedEvent,
  OrderCreatedEvent,
  OrderEditedEvent,
  OrderReplacedEvent,
  OrderStatusChangedEvent,
  DeliveryCodeStatusChangedEvent,
  PodStatusChangedEvent,
  PopStatusChangedEvent,
  WalletBalanceChangedEvent,
  type LalamoveEvent,
  type LalamoveInboxEntry,
  type LalamoveWebhookEvent,
  type OrderStatus,
} from 'nestjs-lalamove';
import {
  DRIVER_SCRIPTS,
  LalamoveSandbox,
  SandboxClock,
  WEBHOOK_EVENT_TYPES,
  type LalamoveSandboxOptions,
  type SandboxWebhook,
  type WebhookEventType,
  type WebhookFault,
} from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { PLATFORMS, type Platform } from '../support/host-app.js';
import { EDIT, orderOf, QUOTATION } from '../support/inputs.js';
import { turn, until } from '../support/until.js';
import { PATH, WebhookHost } from './event-host.js';

const CLASSES: Record<WebhookEventType, abstract new (...args: never) => LalamoveWebhookEvent> = {
  ORDER_CREATED: OrderCreatedEvent,
  ORDER_STATUS_CHANGED: OrderStatusChangedEvent,
  DRIVER_ASSIGNED: DriverAssignedEvent,
  ORDER_AMOUNT_CHANGED: OrderAmountChangedEvent,
  ORDER_REPLACED: OrderReplacedEvent,
  ORDER_EDITED: OrderEditedEvent,
  WALLET_BALANCE_CHANGED: WalletBalanceChangedEvent,
  POD_STATUS_CHANGED: PodStatusChangedEvent,
  POP_STATUS_CHANGED: PopStatusChangedEvent,
  DELIVERY_CODE_STATUS_CHANGED: DeliveryCodeStatusChangedEvent,
};

const always = { times: 'always' } as const;

/** Faults of webhooks on their way. */
const WAYS: Record<string, WebhookFault[]> = {
  'in their order': [],
  doubled: [{ webhook: 'doubled', ...always }],
  reordered: [{ webhook: 'reordered', ...always }],
  delayed: [{ webhook: 'delayed', delay: '7m', probability: 0.5, ...always }],
  early: [{ webhook: 'early', ...always }],
  permuted: [
    { webhook: 'doubled', probability: 0.4, ...always },
    { webhook: 'reordered', probability: 0.4, ...always },
    { webhook: 'delayed', delay: '30s', probability: 0.3, ...always },
    { webhook: 'delayed', delay: '11m', probability: 0.3, ...always },
    { webhook: 'early', probability: 0.5, ...always },
  ],
};

/** The handlers of a user. */
@Injectable()
class Shop {
  readonly all: LalamoveEvent[] = [];
  readonly statuses: OrderStatusChangedEvent[] = [];
  readonly mended: (string | undefined)[] = [];
  readonly #failed = new Set<string>();

  @OnLalamoveEvent('*')
  onAny(event: LalamoveEvent): void {
    this.all.push(event);
  }

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  onStatus(event: OrderStatusChangedEvent): void {
    this.statuses.push(event);
  }

  @OnLalamoveEvent('*')
  onSecondTry({ fingerprint, eventId }: LalamoveEvent): void {
    if (this.#failed.has(fingerprint)) {
      this.mended.push(eventId);
      return;
    }
    this.#failed.add(fingerprint);
    throw new Error('It fails at first.');
  }

  /** The status of each order by its latest event, in any order of arrival. */
  get latestStatuses(): Map<string, OrderStatus> {
    const inTime = this.statuses.toSorted((a, b) => a.occurredAt.localeCompare(b.occurredAt));
    return new Map(inTime.map(({ orderId, status }) => [orderId, status]));
  }
}

const typeNameOf = (event: LalamoveEvent): string =>
  event.eventType === 'UNKNOWN' ? event.sentEventType : event.eventType;
const idsOf = (events: readonly { eventId: string | undefined }[]): unknown[] =>
  events.map(({ eventId }) => eventId).sort();

describe('handlers for whole orders', () => {
  let closers: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const close of closers.reverse()) await close();
    closers = [];
  });

  /** A sandbox and a shop with one manual clock. The URL of the shop is registered. */
  async function opened(
    options: LalamoveSandboxOptions = {},
    platform: Platform = 'express',
    inbox = new InMemoryLalamoveInbox({ retryDelaysMs: [1] }),
  ): Promise<{ sandbox: LalamoveSandbox; lalamove: LalamoveService; shop: Shop; host: WebhookHost }> {
    const clock = new SandboxClock({ speed: 0, startAt: '2026-11-22T08:00:00Z' });
    const sandbox = await LalamoveSandbox.start({ clock, rateLimits: false, deliveryCodes: true, ...options });
    closers.push(() => sandbox.stop());
    const host = await WebhookHost.start(
      platform,
      { providers: [Shop] },
      (app) => (app.get(LalamoveInboxHost).inbox = inbox),
      accountOn(sandbox, { clock }),
    );
    closers.push(() => host.close());
    const lalamove = host.app.get(LalamoveService);
    await lalamove.setWebhookUrl(host.url + PATH);
    return { sandbox, lalamove, shop: host.app.get(Shop), host };
  }

  /** An order for each script, and one with the events that no script causes. */
  async function live({
    sandbox,
    lalamove,
  }: Pick<Awaited<ReturnType<typeof opened>>, 'sandbox' | 'lalamove'>): Promise<void> {
    const place = async (script: string): Promise<string> => {
      const order = orderOf(await lalamove.createQuotation(QUOTATION));
      const metadata = { reference: script, sandbox: script };
      return (await lalamove.placeOrder({ ...order, isPODEnabled: true, metadata })).orderId;
    };
    for (const script of Object.keys(DRIVER_SCRIPTS)) await place(script);
    const edited = await place('still');
    await lalamove.addPriorityFee(edited, { priorityFee: '20' });
    await sandbox.advance('1m');
    sandbox.moveOrder(edited, 'ON_GOING');
    await lalamove.editOrder(edited, EDIT);
    await sandbox.advance('1m');
    await sandbox.control.setBalance({ market: 'HK' }, '1000');
    await sandbox.advance('3h');
  }

  async function sent(sandbox: LalamoveSandbox): Promise<readonly SandboxWebhook[]> {
    return (await sandbox.control.webhooks()).events;
  }

  /** Waits until handlers got as many events as were sent, and no more arrive. */
  async function settled(shop: Shop, count: number): Promise<void> {
    await until(() => shop.all.length >= count && shop.mended.length >= count);
    for (let turns = 0; turns < 3; turns += 1) await turn();
  }

  const ways = PLATFORMS.flatMap((platform) =>
    Object.entries(WAYS).map(([way, faults]) => ({ platform, way, faults })),
  );

  it.each(ways)('$way, on $platform, get every event once, with its type', async ({ platform, faults }) => {
    const { sandbox, lalamove, shop, host } = await opened({ unknowns: { webhookRetries: 'repeated' } }, platform);
    for (const fault of faults) sandbox.addFault(fault);
    await live({ sandbox, lalamove });
    const events = await sent(sandbox);
    await settled(shop, events.length);

    expect(events.filter(({ state }) => state !== 'delivered')).toEqual([]);
    expect(new Set(events.map(({ eventType }) => eventType))).toEqual(new Set(WEBHOOK_EVENT_TYPES));
    expect(idsOf(shop.all)).toEqual(idsOf(events));
    expect([...shop.mended].sort()).toEqual(idsOf(events));
    expect(idsOf(shop.statuses)).toEqual(idsOf(events.filter(({ eventType }) => eventType === 'ORDER_STATUS_CHANGED')));
    for (const { eventId, eventType, data, occurredAt, orderId } of events) {
      const event = shop.all.find((each) => each.eventId === eventId && typeNameOf(each) === eventType);
      expect(event).toMatchObject({
        eventType,
        occurredAt: new Date(Math.floor(Date.parse(occurredAt) / 1000) * 1000).toISOString(),
        ...(orderId !== undefined && { orderId }),
      });
      expect(event).toBeInstanceOf(Object.entries(CLASSES).find(([type]) => type === eventType)?.[1]);
      expect(event?.raw).toEqual(JSON.parse(data));
    }
    for (const { orderId, status } of sandbox.orders)
      expect([orderId, shop.latestStatuses.get(orderId)]).toEqual([orderId, status]);
    expect(host.log.errors.every((line) => /^A handler failed .*Shop\.onSecondTry/.test(line))).toBe(true);
    expect(host.log.warnings).toEqual([]);
  });

  it.each(['signed-anew', 'repeated'] as const)(
    'get no event again if it is repeated hours later, %s',
    async (webhookRetries) => {
      const { sandbox, lalamove, shop } = await opened({ unknowns: { webhookRetries } });
      await live({ sandbox, lalamove });
      const events = await sent(sandbox);
      await settled(shop, events.length);
      await sandbox.advance('20h');
      // The two events of a match share one id, and are sent again together.
      for (const eventId of new Set(events.map((event) => event.eventId))) await sandbox.control.resend(eventId);
      await sandbox.advance(0);
      await settled(shop, events.length);
      expect((await sent(sandbox)).every(({ attempts }) => attempts.length === 2)).toBe(true);
      expect(idsOf(shop.all)).toEqual(idsOf(events));
    },
  );

  it.each(['signed-anew', 'repeated'] as const)(
    'get every event by retries if the inbox fails at first, %s',
    async (webhookRetries) => {
      const tries = new Map<unknown, number>();
      class Failing extends InMemoryLalamoveInbox {
        override accept(entry: LalamoveInboxEntry): 'new' | 'repeated' {
          const key = `${String(entry.facts.eventId)} ${entry.facts.eventType}`;
          const count = (tries.get(key) ?? 0) + 1;
          tries.set(key, count);
          if (count === 1) throw new Error('the disk is full');
          const answer = super.accept(entry);
          // The event was accepted, but the answer is an error.
          if (count === 2) throw new Error('the disk is full by now');
          return answer;
        }
      }
      const inbox = new Failing({ retryDelaysMs: [1] });
      const { sandbox, lalamove, shop } = await opened({ unknowns: { webhookRetries } }, 'express', inbox);
      await live({ sandbox, lalamove });
      await sandbox.advance('10m');
      const events = await sent(sandbox);
      await settled(shop, events.length);
      expect(events.filter(({ state, attempts }) => state !== 'delivered' || attempts.length !== 3)).toEqual([]);
      expect(idsOf(shop.all)).toEqual(idsOf(events));
    },
  );

  it('get all events except those with a wrong signature', async () => {
    const { sandbox, lalamove, shop } = await opened();
    sandbox.addFault({ webhook: 'badly-signed', event: 'POP_STATUS_CHANGED', ...always });
    await live({ sandbox, lalamove });
    const events = await sent(sandbox);
    const good = events.filter(({ eventType }) => eventType !== 'POP_STATUS_CHANGED');
    await settled(shop, good.length);
    expect(good.length).toBeLessThan(events.length);
    expect(idsOf(shop.all)).toEqual(idsOf(good));
  });

  it('get events of newer types as unknown', async () => {
    const { sandbox, shop } = await opened();
    await sandbox.control.sendEvent({ market: 'HK' }, 'ORDER_TELEPORTED', { order: { orderId: '1' }, to: ['Mars'] });
    await sandbox.control.sendEvent({ market: 'HK' }, 'ORDER_CREATED', { balance: { currency: 'HKD', amount: '1' } });
    await sandbox.advance(0);
    await settled(shop, 2);
    expect(shop.all).toMatchObject([
      { eventType: 'UNKNOWN', sentEventType: 'ORDER_TELEPORTED', raw: { to: ['Mars'] } },
      { eventType: 'UNKNOWN', sentEventType: 'ORDER_CREATED' },
    ]);
  });
});
