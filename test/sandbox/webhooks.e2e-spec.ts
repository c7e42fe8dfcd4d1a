import { afterEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CreateQuotationDto, LalamoveModuleOptions, LalamoveService, Order, PlaceOrderDto } from 'nestjs-lalamove';
import {
  LalamoveSandbox,
  MAGIC_VALUES,
  SandboxClock,
  WEBHOOK_EVENT_TYPES,
  type LalamoveOperation,
  type LalamoveSandboxOptions,
  type SandboxUnknowns,
  type SandboxWebhook,
  type WebhookEventType,
  type WebhookFault,
} from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { EDIT, orderOf, QUOTATION } from '../support/inputs.js';
import { failureOf, startLalamove } from '../support/lalamove.js';
import { ManualClock } from '../support/manual-clock.js';
import {
  FIRST_EVENTS,
  WebhookReceiver,
  withTimeout,
  type ReceivedEvent,
  type WebhookAnswer,
} from '../webhooks/webhook-receiver.js';

const START = '2026-11-22T08:00:00Z';
const MINUTE = 60_000;

const text = expect.stringMatching(/./);
const digits = expect.stringMatching(/^\d{19}$/);
/** A minute of a local clock, behind a false `Z`: `Date.parse` does not read it. */
const minute = expect.stringMatching(/^2026-11-22T\d\d:\d\d\.00Z$/);

/** What nearly every event says of its order. */
const SUMMARY = {
  orderId: digits,
  market: 'HK_HKG',
  driverId: expect.stringMatching(/^\d*$/),
  shareLink: expect.stringMatching(/^https:/),
  createdAt: minute,
  scheduleAt: minute,
};
const BALANCE = { currency: 'HKD', amount: expect.stringMatching(/^\d+$/) };
const DELIVERED = { status: 'DELIVERED', image: expect.stringMatching(/^https:/), deliveredAt: minute };
const FROM = {
  coordinates: { lat: text, lng: text },
  address: text,
  name: text,
  phone: text,
  delivery_code: { value: '', status: 'Not Applicable' },
};
/** A stop in an event that carries the whole order. */
const SEEN = { coordinates: { lat: text, lng: text }, address: text, name: text, phone: text };
const WHOLE = {
  orderId: digits,
  quotationId: digits,
  priceBreakdown: expect.objectContaining({ base: text, total: text, currency: 'HKD' }),
  driverId: expect.stringMatching(/^\d*$/),
  shareLink: expect.stringMatching(/^https:/),
  distance: { value: expect.stringMatching(/^\d+$/), unit: 'm' },
  metadata: { reference: 'A-1' },
  remarks: [],
};
const TO = { ...FROM, POD: { status: 'PENDING' }, delivery_code: { value: text, status: 'Pending' } };

/** The `data` of each event, member by member (`lalamove-api.md` §4), besides `updatedAt`; the last one of a delivery. */
const FORMS: Record<WebhookEventType, object> = {
  ORDER_CREATED: {
    order: {
      ...WHOLE,
      status: 'ASSIGNING_DRIVER',
      stops: [
        { ...SEEN, deliveryCode: { value: '', status: 'Not Applicable' } },
        { ...SEEN, POD: { status: 'PENDING' }, deliveryCode: { value: text, status: 'Pending' } },
      ],
    },
  },
  ORDER_STATUS_CHANGED: { order: { ...SUMMARY, previousStatus: 'PICKED_UP', status: 'COMPLETED' } },
  DRIVER_ASSIGNED: {
    driver: { driverId: text, name: text, phone: expect.stringMatching(/^\+852\d{8}$/), plateNumber: text, photo: '' },
    location: { lat: expect.closeTo(22.2759, 1), lng: expect.closeTo(114.1455, 1) },
    order: { orderId: digits },
  },
  ORDER_AMOUNT_CHANGED: {
    order: {
      orderId: digits,
      market: 'HK_HKG',
      status: 'ASSIGNING_DRIVER',
      price: expect.objectContaining({ currency: 'HKD', priorityFee: '20', totalPrice: text }),
    },
    balance: BALANCE,
  },
  ORDER_REPLACED: { order: { orderId: digits }, prevOrderId: digits },
  ORDER_EDITED: {
    order: { ...SUMMARY, status: 'ON_GOING', stops: [FROM, TO] },
    previousData: { stops: [FROM, TO] },
    editParty: 'USER',
    editReason: '',
  },
  WALLET_BALANCE_CHANGED: { balance: BALANCE },
  POD_STATUS_CHANGED: {
    order: {
      ...WHOLE,
      status: 'PICKED_UP',
      stops: [
        { ...SEEN, deliveryCode: { value: '', status: 'Not Applicable' } },
        { ...SEEN, POD: DELIVERED, deliveryCode: { value: text, status: 'Verified' } },
      ],
    },
  },
  POP_STATUS_CHANGED: {
    order: { orderId: digits, stops: [{ POP: { imageUrls: [text], pickedUpAt: minute } }, {}] },
  },
  DELIVERY_CODE_STATUS_CHANGED: {
    order: {
      orderId: digits,
      stops: [
        { deliveryCode: { value: '', status: 'Not Applicable' } },
        { deliveryCode: { value: expect.stringMatching(/^\d{4}$/), status: 'Verified' } },
      ],
    },
  },
};

/** A shop with its courier service: what a test works with. */
interface Shop {
  readonly clock: SandboxClock;
  readonly sandbox: LalamoveSandbox;
  readonly lalamove: LalamoveService;
  readonly receiver: WebhookReceiver;
}

/** What has each event happen to an order that has been placed. */
const CAUSES: Record<WebhookEventType, (shop: Shop, orderId: string) => unknown> = {
  ORDER_CREATED: () => undefined,
  ORDER_STATUS_CHANGED: (shop, orderId) => {
    deliver(shop, orderId);
  },
  DRIVER_ASSIGNED: ({ sandbox }, orderId) => sandbox.moveOrder(orderId, 'ON_GOING'),
  ORDER_AMOUNT_CHANGED: ({ lalamove }, orderId) => lalamove.addPriorityFee(orderId, { priorityFee: '20' }),
  ORDER_REPLACED: ({ sandbox }, orderId) => sandbox.drive(orderId, { do: 'replace' }),
  ORDER_EDITED: ({ sandbox, lalamove }, orderId) => {
    sandbox.moveOrder(orderId, 'ON_GOING');
    return lalamove.editOrder(orderId, EDIT);
  },
  WALLET_BALANCE_CHANGED: ({ sandbox }) => sandbox.control.setBalance({ market: 'HK' }, '1000'),
  POD_STATUS_CHANGED: (shop, orderId) => {
    deliver(shop, orderId);
  },
  POP_STATUS_CHANGED: (shop, orderId) => {
    deliver(shop, orderId);
  },
  DELIVERY_CODE_STATUS_CHANGED: (shop, orderId) => {
    deliver(shop, orderId);
  },
};

/** Why a URL is refused that does not answer its probe with 200. */
const BAD_ANSWERS: [string, WebhookAnswer][] = [
  ['201', 201],
  ['204', 204],
  ['500', 500],
  ['a redirect', { redirect: '/hooks/elsewhere' }],
  ['silence', 'hang'],
];

function deliver({ sandbox }: Pick<Shop, 'sandbox'>, orderId: string): void {
  for (const status of ['ON_GOING', 'PICKED_UP', 'COMPLETED']) sandbox.moveOrder(orderId, status);
}

/** Quotes and orders with proofs; settles nothing. */
async function place(
  { lalamove }: Pick<Shop, 'lalamove'>,
  more: Partial<PlaceOrderDto> = {},
  route: CreateQuotationDto = QUOTATION,
): Promise<Order> {
  const order = orderOf(await lalamove.createQuotation(route));
  return lalamove.placeOrder({ ...order, isPODEnabled: true, ...more });
}

/** Resolves when every webhook that was to be sent now has been. */
async function settled({ sandbox }: Pick<Shop, 'sandbox'>): Promise<void> {
  await sandbox.advance(0);
}

function signatureOf({ timestamp, dataText }: ReceivedEvent, secret: string, path: string): string {
  return createHmac('sha256', secret).update(`${timestamp}\r\nPOST\r\n${path}\r\n\r\n${dataText}`).digest('hex');
}

function ofType(events: readonly ReceivedEvent[], type: string): ReceivedEvent[] {
  return events.filter(({ eventType }) => eventType === type);
}

/** The names of members at every depth, in their order. */
function membersOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.entries(value).map(([name, member]) => [name, membersOf(member)]);
}

describe('the webhooks of a sandbox', () => {
  let closers: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const close of closers.reverse()) await close();
    closers = [];
  });

  async function receiverOf(): Promise<WebhookReceiver> {
    const receiver = await WebhookReceiver.start();
    closers.push(() => receiver.stop());
    return receiver;
  }

  async function clientOf(
    sandbox: LalamoveSandbox,
    more: Partial<LalamoveModuleOptions> = {},
  ): Promise<LalamoveService> {
    const { lalamove, close } = await startLalamove(accountOn(sandbox, more));
    closers.push(close);
    return lalamove;
  }

  /** A sandbox whose webhooks nobody receives yet. */
  async function unheard(options: LalamoveSandboxOptions = {}): Promise<Shop> {
    const receiver = await receiverOf();
    const clock = new SandboxClock({ speed: 0, startAt: START });
    const sandbox = await LalamoveSandbox.start({ clock, rateLimits: false, ...options });
    closers.push(() => sandbox.stop());
    return { clock: sandbox.clock, sandbox, lalamove: await clientOf(sandbox), receiver };
  }

  /** A sandbox whose webhooks are received; the probe is forgotten. */
  async function opened(options: LalamoveSandboxOptions = {}): Promise<Shop> {
    const shop = await unheard(options);
    await shop.lalamove.setWebhookUrl(shop.receiver.url);
    shop.receiver.clear();
    return shop;
  }

  const deliveries = async ({ sandbox }: Shop): Promise<SandboxWebhook[]> => (await sandbox.control.webhooks()).events;
  const isDisabled = async ({ sandbox }: Shop): Promise<boolean | undefined> =>
    (await sandbox.control.webhooks()).urls[0]?.isDisabled;
  const send = ({ sandbox }: Shop, eventType = 'PING', data: object = {}): Promise<void> =>
    sandbox.control.sendEvent({ market: 'HK' }, eventType, data);

  /** What was sent from a call on, in its order. */
  const sentFrom = async ({ sandbox }: Shop, operation: LalamoveOperation): Promise<string[]> => {
    const log = await sandbox.control.log();
    const called = log.findIndex((entry) => entry.kind === 'request' && entry.operation === operation);
    return log.slice(called).flatMap((entry) => {
      if (entry.kind === 'webhook') return entry.type;
      return entry.kind === 'answer' ? 'the answer' : [];
    });
  };

  describe('go to a URL', () => {
    it('that was probed with an empty POST', async () => {
      const { sandbox, lalamove, receiver } = await unheard();
      expect(await lalamove.setWebhookUrl(receiver.url)).toEqual({ url: receiver.url });
      expect(receiver.received).toMatchObject([{ method: 'POST', path: '/hooks/lalamove', body: '' }]);
      expect(receiver.received[0]?.headers).toMatchObject({
        'content-length': '0',
        'content-type': 'application/json',
      });
      const { urls } = await sandbox.control.webhooks();
      expect(urls).toEqual([{ apiKey: sandbox.apiKey, market: 'HK', url: receiver.url, isDisabled: false }]);
    });

    it.each(BAD_ANSWERS)('but not to one that answers its probe with %s; the earlier one stays', async (_, answer) => {
      const shop = await opened(answer === 'hang' ? { webhooks: { timeoutMs: 100 } } : {});
      const other = await receiverOf();
      other.answer = () => answer;
      expect(await failureOf(shop.lalamove.setWebhookUrl(other.url))).toMatchObject({
        name: 'WebhookUrlRefusedException',
        code: 'ERR_INVALID_RESPONSE',
        upstreamStatus: 422,
      });
      await place(shop);
      await settled(shop);
      expect(shop.receiver.types).toContain('ORDER_CREATED');
      // A probe, and nothing else; a redirect is not followed.
      expect(other.received).toMatchObject([{ path: '/hooks/lalamove', body: '' }]);
    });

    it('but not to one that nobody answers at', async () => {
      const { sandbox, lalamove, receiver } = await unheard();
      await receiver.stop();
      expect(await failureOf(lalamove.setWebhookUrl(receiver.url))).toMatchObject({ code: 'ERR_INVALID_RESPONSE' });
      expect(await sandbox.control.webhooks()).toEqual({ urls: [], events: [] });
    });

    it('but not to what is no URL of the web', async () => {
      const { lalamove } = await unheard();
      for (const url of ['ftp://shop.example/', 'shop.example/hooks', 'http://', '/hooks']) {
        const refused = lalamove.setWebhookUrl(url, { validate: false });
        expect(await failureOf(refused)).toMatchObject({
          code: 'ERR_INVALID_FIELD',
          errors: [{ pointer: '/data/url' }],
        });
      }
    });

    it('until another one takes its place', async () => {
      const shop = await opened();
      const other = await receiverOf();
      await shop.lalamove.setWebhookUrl(other.url);
      await place(shop);
      await settled(shop);
      expect(shop.receiver.received).toEqual([]);
      expect(other.types).toEqual(FIRST_EVENTS);
    });

    it('of their market and their account, signed with its secret', async () => {
      const keys = { apiKey: 'pk_test_other', apiSecret: 'sk_test_other' };
      const shop = await opened({ accounts: [keys] });
      const [elsewhere, theirs] = [await receiverOf(), await receiverOf()];
      const other = await clientOf(shop.sandbox, keys);
      await shop.lalamove.setWebhookUrl(elsewhere.url, { market: 'TH' });
      await other.setWebhookUrl(theirs.url);
      for (const receiver of [elsewhere, theirs]) receiver.clear();
      await place({ lalamove: other });
      await shop.sandbox.control.setBalance({ market: 'TH' }, '500');
      await settled(shop);
      expect(shop.receiver.received).toEqual([]);
      expect(elsewhere.types).toEqual(['WALLET_BALANCE_CHANGED']);
      expect(theirs.types).toEqual(FIRST_EVENTS);
      for (const event of theirs.events) {
        expect(event.apiKey).toBe(keys.apiKey);
        expect(event.signature).toBe(signatureOf(event, keys.apiSecret, '/hooks/lalamove'));
      }
    });
  });

  describe('tell what happens', () => {
    it.each(WEBHOOK_EVENT_TYPES)('%s, in its form', async (type) => {
      const shop = await opened({ deliveryCodes: true });
      const { orderId } = await place(shop);
      await CAUSES[type](shop, orderId);
      await settled(shop);
      const { events } = shop.receiver;
      expect(ofType(events, type).at(-1)?.data).toEqual({ ...FORMS[type], updatedAt: minute });
      for (const event of events) {
        expect(event).toMatchObject({
          method: 'POST',
          path: '/hooks/lalamove',
          apiKey: shop.sandbox.apiKey,
          timestamp: Date.parse(START) / 1000,
          signature: signatureOf(event, shop.sandbox.apiSecret, '/hooks/lalamove'),
          eventId: expect.stringMatching(/^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/),
          eventVersion: 'v3',
        });
      }
      // A match has one id for both of its events.
      const own = events.filter(({ eventType }) => eventType !== 'DRIVER_ASSIGNED');
      expect(new Set(own.map(({ eventId }) => eventId)).size).toBe(own.length);
      const matched = own.filter(({ data }) => withTimeout(data, 'order', 'status') === 'ON_GOING');
      for (const { eventId } of ofType(events, 'DRIVER_ASSIGNED')) {
        expect(matched.map((event) => event.eventId)).toContain(eventId);
      }
    });

    it('member by member as it was recorded', async () => {
      const shop = await opened();
      deliver(shop, (await place(shop)).orderId);
      await settled(shop);
      for (const [type, name, index] of [
        ['DRIVER_ASSIGNED', 'driver-assigned', 0],
        ['ORDER_STATUS_CHANGED', 'order-status-changed', 1],
      ] as const) {
        const file = new URL(`../fixtures/recorded/webhook.${name}.json`, import.meta.url);
        const recorded: unknown = JSON.parse(readFileSync(file, 'utf8'));
        const body = ofType(shop.receiver.events, type)[index]?.body ?? '';
        expect(membersOf(JSON.parse(body))).toEqual(membersOf(recorded));
      }
    });

    it('signed over the bytes that travel, whatever they are, by the path of the URL', async () => {
      const shop = await unheard();
      await shop.lalamove.setWebhookUrl(shop.receiver.urlOf('/a/%C3%BC/b?token=7'));
      await send(shop, 'PING', { note: 'Ring & <b>twice</b> 按兩次 "\u2028" \\' });
      await settled(shop);
      const [event] = shop.receiver.events;
      expect(event?.path).toBe('/a/%C3%BC/b?token=7');
      expect(event?.signature).toBe(event && signatureOf(event, shop.sandbox.apiSecret, '/a/%C3%BC/b'));
    });

    it("the driver's place in numbers", async () => {
      const shop = await opened({ drivers: 'prompt' });
      await place(shop);
      await shop.sandbox.advance('30s');
      const [event] = ofType(shop.receiver.events, 'DRIVER_ASSIGNED');
      expect(event?.dataText).toMatch(/"location":{"lng":114\.\d{1,7},"lat":22\.\d{1,7}}/);
    });

    it('the price under either spelling', async () => {
      const shop = await opened();
      const { orderId, priceBreakdown } = await place(shop);
      for (let fee = 20; fee < 28; fee += 1) await shop.lalamove.addPriorityFee(orderId, { priorityFee: String(fee) });
      await settled(shop);
      const prices = ofType(shop.receiver.events, 'ORDER_AMOUNT_CHANGED').map(({ data }) =>
        withTimeout(data, 'order', 'price'),
      );
      const { total } = priceBreakdown;
      const spelt = prices.map((price) => (withTimeout(price, 'subTotal') === undefined ? 'subtotal' : 'subTotal'));
      expect(new Set(spelt)).toEqual(new Set(['subtotal', 'subTotal']));
      prices.forEach((price, index) => {
        const [priorityFee, totalPrice] = [String(20 + index), String(Number(total) + 20 + index)];
        expect(price).toEqual({ currency: 'HKD', [spelt[index] ?? '']: total, priorityFee, totalPrice });
      });
    });

    it('the wallet, movement by movement', async () => {
      const shop = await opened();
      await shop.sandbox.control.setBalance({ market: 'HK' }, '1000');
      const { orderId, priceBreakdown } = await place(shop);
      await shop.lalamove.addPriorityFee(orderId, { priorityFee: '20' });
      await shop.lalamove.cancelOrder(orderId);
      await settled(shop);
      const total = Number(priceBreakdown.total);
      const amounts = ofType(shop.receiver.events, 'WALLET_BALANCE_CHANGED').map(({ data }) =>
        withTimeout(data, 'balance', 'amount'),
      );
      expect(amounts).toEqual([1000, 1000 - total, 1000 - total - 20, 1000].map(String));
    });

    it('an edit by what it was and is, and by its price', async () => {
      const shop = await opened();
      const { orderId, stops } = await place(shop, { isPODEnabled: false });
      shop.sandbox.moveOrder(orderId, 'ON_GOING');
      const further = {
        coordinates: { lat: '22.33', lng: '114.0' },
        address: 'Further',
        name: 'Bo',
        phone: '+85251234568',
      };
      const edited = await shop.lalamove.editOrder(orderId, { stops: [...EDIT.stops, further] });
      await settled(shop);
      const { events } = shop.receiver;
      expect(ofType(events, 'ORDER_EDITED')[0]?.data).toMatchObject({
        order: { orderId, stops: edited.stops },
        previousData: { stops },
        editParty: 'USER',
      });
      expect(edited.stops).toHaveLength(3);
      const [amount] = ofType(events, 'ORDER_AMOUNT_CHANGED');
      expect(withTimeout(amount?.data, 'order', 'status')).toBe('ON_GOING');
      expect(withTimeout(amount?.data, 'order', 'price', 'totalPrice')).toBe(edited.priceBreakdown.total);
    });

    it.each([
      ['HK', 8, 'HK_HKG', 'MOTORCYCLE', 'en_HK', '+85251234567'],
      ['BR', -3, 'BR_SAO', 'LALAGO', 'pt_BR', '+5511912345678'],
      ['SA', 3, 'SA_RUH', 'CAR', 'en_SA', '+966501234567'],
    ])(
      'by the local clock of %s, %d hours from the Z that it claims',
      async (market, hours, city, serviceType, language, phone) => {
        // Late in the evening, so that one of them is a day ahead.
        const startAt = '2026-11-22T22:30:00Z';
        const shop = await unheard({ clock: new SandboxClock({ speed: 0, startAt }) });
        const local = await clientOf(shop.sandbox, { market });
        await local.setWebhookUrl(shop.receiver.url);
        const stops: CreateQuotationDto['stops'] = [{ address: 'First street' }, { address: 'Second street' }];
        const scheduleAt = '2026-11-23T04:15:00Z';
        const order = orderOf(await local.createQuotation({ serviceType, language, stops, scheduleAt }));
        const person = { name: 'Ada', phone };
        const { orderId } = await local.placeOrder({
          ...order,
          sender: { ...order.sender, ...person },
          recipients: order.recipients.map(({ stopId }) => ({ stopId, ...person })),
          isPODEnabled: true,
        });
        await shop.sandbox.advance('37m 59s');
        deliver(shop, orderId);
        await settled(shop);

        const clockOf = (time: string): string =>
          new Date(Date.parse(time) + hours * 60 * MINUTE).toISOString().replace(/:\d\d\.000Z$/, '.00Z');
        const now = clockOf('2026-11-22T23:07:59Z');
        const { events } = shop.receiver;
        expect(Number.isNaN(Date.parse(now))).toBe(true);
        const summary = { market: city, createdAt: clockOf(startAt), scheduleAt: clockOf(scheduleAt) };
        expect(ofType(events, 'ORDER_CREATED')[0]?.data).toMatchObject({ updatedAt: clockOf(startAt) });
        expect(ofType(events, 'ORDER_STATUS_CHANGED')[0]?.data).toMatchObject({ order: summary });
        expect(ofType(events, 'ORDER_STATUS_CHANGED').at(-1)?.data).toMatchObject({ order: summary, updatedAt: now });
        expect(ofType(events, 'POP_STATUS_CHANGED')[0]?.data).toMatchObject({
          order: { stops: [{ POP: { pickedUpAt: now } }, {}] },
        });
        expect(ofType(events, 'POD_STATUS_CHANGED')[0]?.data).toMatchObject({
          order: { stops: [{}, { POD: { deliveredAt: now } }] },
        });
        // The signed timestamp and the answers of the API tell the truth.
        expect(events.at(-1)?.timestamp).toBe(Date.parse('2026-11-22T23:07:59Z') / 1000);
        expect((await local.getOrder(orderId)).stops[1]?.POD?.deliveredAt).toBe('2026-11-22T23:07:59.00Z');
      },
    );
  });

  describe('arrive in the order in which it happened', () => {
    it('one after the other, through a whole delivery', async () => {
      const shop = await opened({ drivers: 'prompt', deliveryCodes: true });
      let [open, most] = [0, 0];
      shop.receiver.answer = async () => {
        open += 1;
        most = Math.max(most, open);
        await new Promise((resolve) => setTimeout(resolve, 2));
        open -= 1;
        return 200;
      };
      const { orderId } = await place(shop);
      await shop.lalamove.addPriorityFee(orderId, { priorityFee: '20' });
      await shop.sandbox.advance('3h');
      const log = await shop.sandbox.control.log();
      expect(shop.receiver.types).toEqual(log.flatMap((entry) => (entry.kind === 'event' ? entry.type : [])));
      expect(shop.receiver.types).toEqual([
        ...FIRST_EVENTS,
        'WALLET_BALANCE_CHANGED',
        'ORDER_AMOUNT_CHANGED',
        'ORDER_STATUS_CHANGED',
        'DRIVER_ASSIGNED',
        'ORDER_STATUS_CHANGED',
        'POP_STATUS_CHANGED',
        'DELIVERY_CODE_STATUS_CHANGED',
        'POD_STATUS_CHANGED',
        'ORDER_STATUS_CHANGED',
      ]);
      const times = shop.receiver.events.map(({ timestamp }) => timestamp);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(most).toBe(1);
    });

    it('for each of many orders at once', async () => {
      const shop = await opened({ drivers: 'prompt' });
      const orders = await Promise.all(Array.from({ length: 5 }, () => place(shop)));
      await shop.sandbox.advance('3h');
      for (const { orderId } of orders) {
        const own = shop.receiver.events.filter(({ data }) => withTimeout(data, 'order', 'orderId') === orderId);
        expect(own.map(({ eventType, data }) => withTimeout(data, 'order', 'status') ?? eventType)).toEqual([
          // Of ORDER_CREATED, and of the first ORDER_STATUS_CHANGED.
          'ASSIGNING_DRIVER',
          'ASSIGNING_DRIVER',
          'ON_GOING',
          'DRIVER_ASSIGNED',
          'PICKED_UP',
          'POP_STATUS_CHANGED',
          // Of POD_STATUS_CHANGED, which carries the whole order.
          'PICKED_UP',
          'COMPLETED',
        ]);
      }
    });

    it('at its time, for what an order does that comes late', async () => {
      const shop = await opened();
      shop.sandbox.addFault({ call: 'placeOrder', work: 'late', lateBy: '2m', answer: 'reset' });
      await failureOf(place(shop));
      await shop.sandbox.advance('1h');
      const then = Date.parse(START) / 1000 + 120;
      const data = { updatedAt: '2026-11-22T16:02.00Z' };
      expect(shop.receiver.events).toMatchObject(
        FIRST_EVENTS.map((eventType) => ({ eventType, timestamp: then, data })),
      );
    });
  });

  describe('are retried', () => {
    const answered = BAD_ANSWERS.filter(([, answer]) => answer !== 'hang');

    it.each(answered)('10 times within a day after %s, and then the URL is disabled', async (_, answer) => {
      const shop = await opened();
      shop.receiver.answer = () => answer;
      await send(shop);
      await settled(shop);
      expect(shop.receiver.received).toHaveLength(1);
      await shop.sandbox.advance('24h');
      const [delivery] = await deliveries(shop);
      const status = typeof answer === 'number' ? answer : 302;
      expect(delivery).toMatchObject({ state: 'abandoned', attempts: Array(11).fill({ status }) });
      expectGrowing(delivery);
      expect(shop.receiver.received).toHaveLength(11);
      expect(new Set(shop.receiver.received.map(({ path }) => path))).toEqual(new Set(['/hooks/lalamove']));
      expect(new Set(shop.receiver.events.map(({ eventId }) => eventId)).size).toBe(1);
      expect(await isDisabled(shop)).toBe(true);
    });

    it('after silence, too', async () => {
      const shop = await opened({ webhooks: { timeoutMs: 100 } });
      const answers: WebhookAnswer[] = ['hang', 200];
      shop.receiver.answer = () => answers.shift() ?? 500;
      await send(shop);
      await shop.sandbox.advance('24h');
      expect((await deliveries(shop))[0]).toMatchObject({
        state: 'delivered',
        attempts: [{ error: 'no answer within 100 ms' }, { status: 200 }],
      });
    });

    it('10 times within a day where nobody listens', async () => {
      const shop = await opened();
      await shop.receiver.stop();
      await send(shop);
      await shop.sandbox.advance('24h');
      const [delivery] = await deliveries(shop);
      expect(delivery).toMatchObject({ state: 'abandoned', attempts: { length: 11 } });
      expect(delivery?.attempts.every(({ error }) => error?.includes('ECONNREFUSED'))).toBe(true);
      expectGrowing(delivery);
      expect(await isDisabled(shop)).toBe(true);
    });

    it('never again to a URL that is disabled, until it is registered again', async () => {
      const shop = await opened();
      shop.receiver.answer = () => 500;
      await send(shop, 'FIRST');
      await shop.sandbox.advance('1h');
      await send(shop, 'SECOND');
      await shop.sandbox.advance('24h');
      expect(await isDisabled(shop)).toBe(true);
      shop.receiver.answer = () => 200;
      shop.receiver.clear();
      expect(await failureOf(send(shop, 'THIRD'))).toMatchObject({ name: 'SandboxControlError', status: 400 });
      await place(shop);
      await shop.sandbox.advance('48h');
      expect(shop.receiver.received).toEqual([]);
      expect((await deliveries(shop)).map(({ eventType, state }) => [eventType, state])).toEqual([
        ['FIRST', 'abandoned'],
        ['SECOND', 'abandoned'],
      ]);
      await shop.lalamove.setWebhookUrl(shop.receiver.url);
      expect(await isDisabled(shop)).toBe(false);
      await send(shop, 'FOURTH');
      await shop.sandbox.advance('48h');
      expect(shop.receiver.types).toEqual(['FOURTH']);
    });

    it('no more once one was answered with 200', async () => {
      const shop = await opened();
      const answers = [500, 404, 200];
      shop.receiver.answer = () => answers.shift() ?? 500;
      await send(shop);
      await shop.sandbox.advance('48h');
      expect((await deliveries(shop))[0]).toMatchObject({
        state: 'delivered',
        attempts: [{ status: 500 }, { status: 404 }, { status: 200 }],
      });
      expect(shop.receiver.received).toHaveLength(3);
      expect(await isDisabled(shop)).toBe(false);
    });

    it('after the pauses that they were given', async () => {
      const shop = await opened({ webhooks: { retryPauses: ['90s', '1h'] } });
      shop.receiver.answer = () => 500;
      await send(shop);
      await shop.sandbox.advance('48h');
      const at = (await deliveries(shop))[0]?.attempts.map((attempt) => attempt.at);
      expect(at).toEqual(['2026-11-22T08:00:00.000Z', '2026-11-22T08:01:30.000Z', '2026-11-22T09:01:30.000Z']);
      expect(await isDisabled(shop)).toBe(true);
    });

    it('while others go on, and no longer in their order', async () => {
      const shop = await opened();
      let isFirst = true;
      shop.receiver.answer = () => {
        const status = isFirst ? 500 : 200;
        isFirst = false;
        return status;
      };
      await place(shop);
      await settled(shop);
      await shop.sandbox.advance('1m');
      expect(shop.receiver.types).toEqual([...FIRST_EVENTS, FIRST_EVENTS[0]]);
    });

    it('no more once one was sent again by hand, and answered with 200', async () => {
      const shop = await opened();
      const answers = [500, 200];
      shop.receiver.answer = () => answers.shift() ?? 500;
      await send(shop);
      await settled(shop);
      await shop.sandbox.control.resend(shop.receiver.events[0]?.eventId ?? '');
      await shop.sandbox.advance('24h');
      expect(shop.receiver.received).toHaveLength(2);
      expect(await deliveries(shop)).toMatchObject([{ state: 'delivered' }]);
    });

    it('to the URL that has taken the place of the first one, signed by its path', async () => {
      const shop = await opened();
      shop.receiver.answer = () => 500;
      await send(shop);
      await settled(shop);
      const other = await receiverOf();
      await shop.lalamove.setWebhookUrl(other.urlOf('/other'));
      await shop.sandbox.advance('24h');
      expect(shop.receiver.received).toHaveLength(1);
      const [event, ...more] = other.events;
      expect(event?.signature).toBe(event && signatureOf(event, shop.sandbox.apiSecret, '/other'));
      expect(more).toEqual([]);
    });

    it.each([
      ['signed-anew', 60],
      ['repeated', 0],
    ] as const)('%s: the timestamp goes on by %d seconds', async (webhookRetries, seconds) => {
      const shop = await opened({ unknowns: { webhookRetries } });
      const answers = [500, 200];
      shop.receiver.answer = () => answers.shift() ?? 200;
      await send(shop, 'PING', { a: 1 });
      await shop.sandbox.advance('1m');
      const [first, second] = shop.receiver.events;
      if (!first || !second) throw new Error('There was no retry.');
      expect(second.timestamp - first.timestamp).toBe(seconds);
      for (const event of [first, second]) {
        expect(event.signature).toBe(signatureOf(event, shop.sandbox.apiSecret, '/hooks/lalamove'));
      }
      expect(second).toMatchObject({ eventId: first.eventId, dataText: first.dataText });
      expect(second.body === first.body).toBe(webhookRetries === 'repeated');
    });

    function expectGrowing(delivery: SandboxWebhook | undefined): void {
      const at = (delivery?.attempts ?? []).map((attempt) => Date.parse(attempt.at));
      const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0));
      expect(pauses).toHaveLength(10);
      pauses.slice(1).forEach((pause, index) => {
        expect(pause).toBeGreaterThan(pauses[index] ?? 0);
      });
      expect((at.at(-1) ?? 0) - (at[0] ?? 0)).toBeLessThanOrEqual(24 * 60 * MINUTE);
    }
  });

  describe('go wrong', () => {
    /** What is left of the events of an order that is placed, and accepted by a driver. */
    const STORY = ['ORDER_CREATED', 'ORDER_STATUS_CHANGED', 'ORDER_STATUS_CHANGED', 'DRIVER_ASSIGNED'] as const;

    /** For each fault, what arrives of the story at once and ten minutes later, and what else there is to say of it. */
    const COURSES: Record<
      WebhookFault['webhook'],
      {
        atOnce: readonly string[];
        later?: readonly string[];
        also?: (shop: Shop, story: ReceivedEvent[]) => unknown;
      }
    > = {
      lost: {
        atOnce: [],
        // The sandbox knows of them, and has not tried.
        also: async (shop) => {
          const ofTheOrder = (await deliveries(shop)).filter(({ orderId }) => orderId !== undefined);
          expect(ofTheOrder).toMatchObject(STORY.map((eventType) => ({ eventType, state: 'lost', attempts: [] })));
        },
      },
      doubled: {
        atOnce: STORY.flatMap((type) => [type, type]),
        // Word for word.
        also: (_, story) => {
          story.forEach(({ body }, index) => {
            expect(body).toBe(story[index - (index % 2)]?.body);
          });
          // The last two have one id.
          expect(new Set(story.map(({ eventId }) => eventId)).size).toBe(STORY.length - 1);
        },
      },
      delayed: {
        atOnce: [],
        later: STORY,
        // They tell when it happened, and are signed when they are sent.
        also: ({ sandbox }, story) => {
          for (const event of story) {
            expect(event.data.updatedAt).toBe('2026-11-22T16:00.00Z');
            expect(event.timestamp).toBe(Date.parse(START) / 1000 + 600);
            expect(event.signature).toBe(signatureOf(event, sandbox.apiSecret, '/hooks/lalamove'));
          }
        },
      },
      // They change places two by two.
      reordered: {
        atOnce: ['ORDER_STATUS_CHANGED', 'ORDER_CREATED', 'DRIVER_ASSIGNED', 'ORDER_STATUS_CHANGED'],
        also: (_, story) => {
          const told = story.map(({ data }) => withTimeout(data, 'order', 'previousStatus'));
          expect(told).toEqual(['', undefined, undefined, 'ASSIGNING_DRIVER']);
        },
      },
      'badly-signed': {
        atOnce: STORY,
        also: ({ sandbox, receiver }, story) => {
          for (const event of story) {
            expect(event.signature).toMatch(/^[0-9a-f]{64}$/);
            expect(event.signature).not.toBe(signatureOf(event, sandbox.apiSecret, '/hooks/lalamove'));
            expect(event.apiKey).toBe(sandbox.apiKey);
          }
          const [wallet] = ofType(receiver.events, 'WALLET_BALANCE_CHANGED');
          expect(wallet?.signature).toBe(wallet && signatureOf(wallet, sandbox.apiSecret, '/hooks/lalamove'));
        },
      },
      // It changes nothing but the time; see below.
      early: { atOnce: STORY },
    };

    /** Places an order and has it accepted, with a fault that the sandbox was told of, or by a magic value. */
    const WAYS = {
      'by a rule': async (shop: Shop, webhook: WebhookFault['webhook']): Promise<void> => {
        shop.sandbox.addFault({ webhook, event: STORY, times: 'always' });
        const { orderId } = await place(shop);
        await settled(shop);
        shop.sandbox.moveOrder(orderId, 'ON_GOING');
      },
      'by a magic value': async (shop: Shop, webhook: WebhookFault['webhook']): Promise<void> => {
        const { orderId } = await place(shop, { metadata: { sandbox: `webhooks-${webhook}` } });
        await settled(shop);
        shop.sandbox.moveOrder(orderId, 'ON_GOING');
      },
    };

    it('by magic values, which are all in the table', () => {
      const values = Object.keys(COURSES).map((name) => `webhooks-${name}`);
      expect(MAGIC_VALUES.filter((value) => value.startsWith('webhooks-')).sort()).toEqual(values.sort());
    });

    describe.each(Object.entries(WAYS))('%s', (_, tell) => {
      it.each(Object.entries(COURSES))('%s', async (name, { atOnce, later = [], also }) => {
        const shop = await opened();
        const story = (): ReceivedEvent[] =>
          shop.receiver.events.filter(({ eventType }) => eventType !== 'WALLET_BALANCE_CHANGED');
        const types = (): string[] => story().map(({ eventType }) => eventType);
        await tell(shop, faultOf(name));
        await settled(shop);
        expect(types()).toEqual(atOnce);
        await shop.sandbox.advance(10 * MINUTE - 1);
        expect(types()).toEqual(atOnce);
        await shop.sandbox.advance(1);
        expect(types()).toEqual([...atOnce, ...later]);
        await also?.(shop, story());
        await shop.sandbox.advance('1h');
        expect(types()).toEqual([...atOnce, ...later]);
        // Nobody else's events are spoilt.
        expect(ofType(shop.receiver.events, 'WALLET_BALANCE_CHANGED')).toHaveLength(1);
      });
    });

    describe('early', () => {
      /** What a client and a receiver see of a cancellation, in its order. */
      async function cancelled(metadata: Record<string, string>, fault?: WebhookFault): Promise<string[]> {
        const shop = await opened({ unknowns: { orderCreated: 'after-answer' } });
        const { orderId } = await place(shop, { metadata });
        await settled(shop);
        if (fault) shop.sandbox.addFault(fault);
        const journal: string[] = [];
        shop.receiver.answer = async ({ body }) => {
          await new Promise((resolve) => setTimeout(resolve, 10));
          journal.push(/"eventType":"(\w+)"/.exec(body)?.[1] ?? '');
          return 200;
        };
        await shop.lalamove.cancelOrder(orderId);
        journal.push('the answer');
        await settled(shop);
        return journal;
      }

      it.each([
        ['by a rule', {}, { webhook: 'early', event: 'ORDER_STATUS_CHANGED' }],
        ['by a magic value', { sandbox: 'webhooks-early' }, undefined],
      ] as const)('%s: ahead of the answer to the call that caused it', async (_, metadata, fault) => {
        expect(await cancelled(metadata, fault)).toEqual([
          'ORDER_STATUS_CHANGED',
          'the answer',
          'WALLET_BALANCE_CHANGED',
        ]);
      });

      it('else after it', async () => {
        const shop = await opened({ unknowns: { orderCreated: 'after-answer' } });
        const { orderId } = await place(shop);
        await settled(shop);
        await shop.lalamove.cancelOrder(orderId);
        await settled(shop);
        expect(await sentFrom(shop, 'cancelOrder')).toEqual([
          'the answer',
          'ORDER_STATUS_CHANGED',
          'WALLET_BALANCE_CHANGED',
        ]);
      });

      it('ahead of an answer that never comes', async () => {
        const shop = await opened({ unknowns: { orderCreated: 'after-answer' } });
        shop.sandbox.addFault({ webhook: 'early', event: 'ORDER_CREATED' });
        shop.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
        const journal: string[] = [];
        shop.receiver.answer = () => {
          journal.push('webhook');
          return 200;
        };
        await failureOf(place(shop));
        journal.push('reset');
        expect(journal.slice(0, 2)).toEqual(['webhook', 'reset']);
      });
    });

    describe('reordered', () => {
      it('goes alone after a minute where nothing follows it', async () => {
        const shop = await opened();
        shop.sandbox.addFault({ webhook: 'reordered' });
        await send(shop, 'FIRST');
        await shop.sandbox.advance(MINUTE - 1);
        expect(shop.receiver.types).toEqual([]);
        await shop.sandbox.advance(1);
        expect(shop.receiver.types).toEqual(['FIRST']);
        await send(shop, 'SECOND');
        await shop.sandbox.advance('1h');
        expect(shop.receiver.types).toEqual(['FIRST', 'SECOND']);
      });

      it('can be had again after one that went alone', async () => {
        const shop = await opened();
        shop.sandbox.addFault({ webhook: 'reordered' });
        await send(shop, 'FIRST');
        await shop.sandbox.advance('2m');
        shop.sandbox.addFault({ webhook: 'reordered' });
        await send(shop, 'SECOND');
        await send(shop, 'THIRD');
        await settled(shop);
        expect(shop.receiver.types).toEqual(['FIRST', 'THIRD', 'SECOND']);
      });

      it('changes places two by two where all are', async () => {
        const shop = await opened();
        shop.sandbox.addFault({ webhook: 'reordered', times: 'always' });
        for (const type of ['A', 'B', 'C', 'D']) await send(shop, type);
        await settled(shop);
        expect(shop.receiver.types).toEqual(['B', 'A', 'D', 'C']);
      });
    });

    it.each([
      ['doubled and delayed', ['doubled', 'delayed'], 2],
      ['doubled and reordered', ['doubled', 'reordered'], 2],
      ['doubled and badly signed', ['doubled', 'badly-signed'], 2],
      ['lost, whatever else', ['doubled', 'delayed', 'lost'], 0],
    ] as const)('%s', async (_, faults, count) => {
      const shop = await opened();
      for (const webhook of faults) shop.sandbox.addFault({ webhook, event: 'PING' });
      await send(shop, 'PING');
      await send(shop, 'PONG');
      await shop.sandbox.advance('1h');
      expect(ofType(shop.receiver.events, 'PING')).toHaveLength(count);
      expect(ofType(shop.receiver.events, 'PONG')).toHaveLength(1);
    });

    it('delayed for as long as they were told', async () => {
      const shop = await opened();
      shop.sandbox.addFault({ webhook: 'delayed', delay: '3h' });
      await send(shop);
      await shop.sandbox.advance(180 * MINUTE - 1);
      expect(shop.receiver.types).toEqual([]);
      await shop.sandbox.advance(1);
      expect(shop.receiver.types).toEqual(['PING']);
    });

    it('delayed, and then retried as any other', async () => {
      const shop = await opened();
      const answers = [500, 200];
      shop.receiver.answer = () => answers.shift() ?? 500;
      shop.sandbox.addFault({ webhook: 'delayed', delay: '3h' });
      await send(shop);
      await shop.sandbox.advance('24h');
      expect((await deliveries(shop))[0]).toMatchObject({ state: 'delivered', attempts: { length: 2 } });
    });

    it('of an event, of a list of events, of an order, as often as they were told', async () => {
      const shop = await opened();
      const [one, other] = [await place(shop), await place(shop)];
      await settled(shop);
      shop.receiver.clear();
      shop.sandbox.addFault({
        webhook: 'lost',
        event: ['POP_STATUS_CHANGED', 'POD_STATUS_CHANGED'],
        orderId: one.orderId,
        times: 'always',
      });
      shop.sandbox.addFault({ webhook: 'lost', event: 'ORDER_STATUS_CHANGED', times: 2 });
      for (const { orderId } of [other, one]) deliver(shop, orderId);
      await settled(shop);
      const told = (orderId: string): unknown[] =>
        shop.receiver.events
          .filter(({ data }) => withTimeout(data, 'order', 'orderId') === orderId)
          .map(({ eventType, data }) => withTimeout(data, 'order', 'status') ?? eventType);
      expect(told(other.orderId)).toEqual(['DRIVER_ASSIGNED', 'POP_STATUS_CHANGED', 'PICKED_UP', 'COMPLETED']);
      expect(told(one.orderId)).toEqual(['ON_GOING', 'DRIVER_ASSIGNED', 'PICKED_UP', 'COMPLETED']);
      expect(await shop.sandbox.control.faults()).toMatchObject([{ orderId: one.orderId, left: 'always' }]);
    });

    it('by chance, the same for the same seed', async () => {
      const course = async (seed: string): Promise<string[]> => {
        const shop = await opened({ seed });
        shop.sandbox.addFault({ webhook: 'lost', times: 'always', probability: 0.4 });
        for (let count = 0; count < 24; count += 1) await send(shop, `EVENT_${count}`);
        await settled(shop);
        return shop.receiver.types;
      };
      const [first, again, other] = [await course('a'), await course('a'), await course('b')];
      expect(again).toEqual(first);
      expect(other).not.toEqual(first);
      for (const arrived of [first, other]) {
        expect(arrived.length).toBeGreaterThan(6);
        expect(arrived.length).toBeLessThan(22);
      }
    });
  });

  describe('before or after the answer to POST /v3/orders', () => {
    it.each([
      [undefined, [...FIRST_EVENTS, 'the answer']],
      ['before-answer', [...FIRST_EVENTS, 'the answer']],
      ['after-answer', ['the answer', ...FIRST_EVENTS]],
    ] as const)('orderCreated %s', async (orderCreated, course) => {
      const shop = await opened(orderCreated && { unknowns: { orderCreated } });
      await place(shop);
      await settled(shop);
      expect(await sentFrom(shop, 'placeOrder')).toEqual(course);
    });

    /** Places an order with a receiver that answers only when the order has been answered; tells how long that took. */
    async function waitedFor(shop: Shop): Promise<number> {
      let answered: () => void = () => undefined;
      const answer = new Promise<void>((resolve) => (answered = resolve));
      shop.receiver.answer = async () => {
        await answer;
        return 200;
      };
      const order = orderOf(await shop.lalamove.createQuotation(QUOTATION));
      const beganAt = performance.now();
      await shop.lalamove.placeOrder(order);
      const took = performance.now() - beganAt;
      answered();
      await settled(shop);
      expect(shop.receiver.types).toEqual(FIRST_EVENTS);
      return took;
    }

    it('a receiver that waits for the answer gets it, not much later than it is waited for', async () => {
      const took = await waitedFor(await opened({ webhooks: { earlyWaitMs: 50 } }));
      expect(took).toBeGreaterThan(48);
      expect(took).toBeLessThan(1000);
    });

    it('and at once where the event comes after it', async () => {
      const shop = await opened({ unknowns: { orderCreated: 'after-answer' }, webhooks: { earlyWaitMs: 60_000 } });
      expect(await waitedFor(shop)).toBeLessThan(3000);
    });
  });

  describe("tell an order's metadata", () => {
    const METADATA = { reference: 'A-1', shop: '7' };
    const OF_AN_ORDER = WEBHOOK_EVENT_TYPES.filter((type) => type !== 'WALLET_BALANCE_CHANGED');

    it.each<[SandboxUnknowns['metadata'], readonly string[]]>([
      ['order-only', []],
      ['whole-orders', ['ORDER_CREATED', 'POD_STATUS_CHANGED']],
      ['every-event', OF_AN_ORDER],
    ])('%s', async (metadata, telling) => {
      const shop = await opened({ deliveryCodes: true, unknowns: { metadata } });
      const { orderId } = await place(shop, { metadata: METADATA });
      await shop.lalamove.addPriorityFee(orderId, { priorityFee: '20' });
      const { order } = await shop.sandbox.control.drive(orderId, { do: 'replace' });
      const replaced = await shop.sandbox.control.order(order.orderId);
      const clone = replaced.replacedBy ?? '';
      shop.sandbox.moveOrder(clone, 'ON_GOING');
      await shop.lalamove.editOrder(clone, EDIT);
      for (const status of ['PICKED_UP', 'COMPLETED']) shop.sandbox.moveOrder(clone, status);
      await settled(shop);
      const { events, types } = shop.receiver;
      expect(new Set(types)).toEqual(new Set(WEBHOOK_EVENT_TYPES));
      for (const { eventType, data } of events) {
        expect([eventType, withTimeout(data, 'order', 'metadata')]).toEqual([
          eventType,
          telling.includes(eventType) ? METADATA : undefined,
        ]);
      }
      expect((await shop.lalamove.getOrder(clone)).metadata).toEqual(METADATA);
    });
  });

  it.each([
    [undefined, {}],
    ['REPLACED_BY_SUPPORT', { cancelReason: 'REPLACED_BY_SUPPORT' }],
  ])('tell a replacement by the reason %s, or by nothing', async (replacementReason, told) => {
    const shop = await opened({ unknowns: { replacementReason } });
    const { orderId } = await place(shop);
    shop.sandbox.drive(orderId, { do: 'replace' });
    await settled(shop);
    const [, canceled] = ofType(shop.receiver.events, 'ORDER_STATUS_CHANGED');
    expect(canceled?.data).toEqual({
      order: {
        ...SUMMARY,
        driverId: '',
        previousStatus: 'ASSIGNING_DRIVER',
        status: 'CANCELED',
        cancelParty: 'LALAMOVE_CUSTOMER_SUPPORT',
        ...told,
      },
      updatedAt: minute,
    });
  });

  describe('can be had by hand', () => {
    it('of a type that nobody knows', async () => {
      const shop = await opened();
      await send(shop, 'DRONE_LAUNCHED', { drone: { id: '7', altitude: 40.5 }, updatedAt: 'now' });
      await settled(shop);
      const [event] = shop.receiver.events;
      expect(event).toMatchObject({
        eventType: 'DRONE_LAUNCHED',
        eventVersion: 'v3',
        dataText: '{"drone":{"id":"7","altitude":40.5},"updatedAt":"now"}',
        signature: event && signatureOf(event, shop.sandbox.apiSecret, '/hooks/lalamove'),
      });
      const refusal = await failureOf(shop.sandbox.control.sendEvent({ market: 'XX' }, 'PING', {}));
      expect(refusal.message).toMatch(/does not serve a market XX/);
    });

    it('again, under their own id', async () => {
      const shop = await opened();
      await place(shop);
      await settled(shop);
      const [created] = ofType(shop.receiver.events, 'ORDER_CREATED');
      await shop.sandbox.advance('3h');
      await shop.sandbox.control.resend(created?.eventId ?? '');
      await settled(shop);
      const again = shop.receiver.events.at(-1);
      expect(again).toMatchObject({
        eventId: created?.eventId,
        eventType: 'ORDER_CREATED',
        dataText: created?.dataText,
      });
      expect(again?.signature).toBe(again && signatureOf(again, shop.sandbox.apiSecret, '/hooks/lalamove'));
      const placed = (await deliveries(shop)).slice(0, FIRST_EVENTS.length);
      const counts = placed.map(({ state, attempts }) => [state, attempts.length]);
      expect(counts).toEqual([1, 2, 1].map((count) => ['delivered', count]));
    });

    it('again although they were lost', async () => {
      const shop = await opened();
      shop.sandbox.addFault({ webhook: 'lost' });
      await send(shop);
      const [lost] = await deliveries(shop);
      await shop.sandbox.control.resend(lost?.eventId ?? '');
      await settled(shop);
      expect(shop.receiver.events).toMatchObject([{ eventId: lost?.eventId, eventType: 'PING' }]);
      expect(await deliveries(shop)).toMatchObject([{ state: 'delivered' }]);
    });

    it('but not where there is no URL', async () => {
      const shop = await unheard();
      const refusal = await failureOf(send(shop));
      expect(refusal).toMatchObject({ name: 'SandboxControlError', status: 400 });
      expect(refusal.message).toMatch(/pk_test_sandbox has no webhook URL in HK/);
    });

    it('but not by an id that nobody knows', async () => {
      const { sandbox } = await opened();
      expect(await failureOf(sandbox.control.resend('X-1'))).toMatchObject({
        name: 'SandboxControlError',
        status: 400,
        message: 'The sandbox has sent no event X-1.',
      });
    });
  });

  describe('end with the sandbox', () => {
    it.each(['an event', 'a probe'])('although %s has no answer yet', async (what) => {
      // A clock that drives the sandbox's, so that a timer that was left behind can be seen.
      const base = new ManualClock();
      const shop = await opened({ clock: base, webhooks: { timeoutMs: 60_000 } });
      shop.receiver.answer = () => 'hang';
      const probing = what === 'a probe' ? failureOf(shop.lalamove.setWebhookUrl(shop.receiver.url)) : send(shop);
      while (shop.receiver.received.length === 0) await new Promise(setImmediate);
      const beganAt = performance.now();
      await shop.sandbox.stop();
      expect(performance.now() - beganAt).toBeLessThan(1000);
      await probing;
      while (shop.receiver.open > 0) await new Promise(setImmediate);
      // The attempt that was cut has had its time to plan a retry.
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(base.waiting).toBe(0);
    });

    it('although retries and drivers were to come', async () => {
      const base = new ManualClock();
      const shop = await opened({ clock: base, drivers: 'prompt' });
      shop.receiver.answer = () => 500;
      await place(shop);
      await settled(shop);
      expect(base.waiting).toBe(1);
      await shop.sandbox.stop();
      expect(base.waiting).toBe(0);
    });
  });
});

function faultOf(name: string): WebhookFault['webhook'] {
  const faults = ['lost', 'doubled', 'delayed', 'reordered', 'badly-signed', 'early'] as const;
  const found = faults.find((fault) => fault === name);
  if (found) return found;
  throw new TypeError(`${name} is no fault.`);
}
