import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { CreateQuotationDto } from 'nestjs-lalamove';
import {
  SandboxClock,
  WEBHOOK_EVENT_TYPES,
  type SandboxUnknowns,
  type WebhookEventType,
} from 'nestjs-lalamove/sandbox';
import { EDIT, orderOf } from '../support/inputs.js';
import { withTimeout } from '../webhooks/webhook-receiver.js';
import {
  START,
  MINUTE,
  type Shop,
  deliver,
  place,
  settled,
  signatureOf,
  ofType,
  useShops,
  send,
} from './webhook-shop.js';

const text = expect.stringMatching(/./);

const digits = expect.stringMatching(/^\d{19}$/);

/** A local time with a wrong `Z` and `.00` for the seconds, which `Date.parse` does not read. */
const minute = expect.stringMatching(/^2026-11-22T\d\d:\d\d\.00Z$/);

/** The members that most events of an order have. */
const SUMMARY = {
  orderId: digits,
  market: 'HK_HKG',
  driverId: expect.stringMatching(/^\d*$/),
  shareLink: expect.stringMatching(/^https:/),
  createdAt: minute,
  scheduleAt: minute,
};

const BALANCE = { currency: 'HKD', amount: expect.stringMatching(/^\d+$/) };

const DELIVERED = {
  status: 'DELIVERED',
  image: expect.stringMatching(/^http:.*\/proofs\/[\d-]+\.png$/),
  deliveredAt: minute,
};

const FROM = {
  coordinates: { lat: text, lng: text },
  address: text,
  name: text,
  phone: text,
  delivery_code: { value: '', status: 'Not Applicable' },
};

/** A stop in an event with the whole order. */
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

/**
 * The `data` of each event (`lalamove-api.md` §4) without `updatedAt`. If a delivery has several events of a type, it
 * is the last one.
 */
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

/** How to cause each event for an order. */
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

/** The names of members at every depth, in their order. */
function membersOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.entries(value).map(([name, member]) => [name, membersOf(member)]);
}

describe('the webhooks of a sandbox', () => {
  const { clientOf, unregistered, registered } = useShops();

  describe('report what happens', () => {
    it.each(WEBHOOK_EVENT_TYPES)('%s, in its form', async (type) => {
      const shop = await registered({ deliveryCodes: true });
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
      // The two events of a match have the same id.
      const own = events.filter(({ eventType }) => eventType !== 'DRIVER_ASSIGNED');
      expect(new Set(own.map(({ eventId }) => eventId)).size).toBe(own.length);
      const matched = own.filter(({ data }) => withTimeout(data, 'order', 'status') === 'ON_GOING');
      for (const { eventId } of ofType(events, 'DRIVER_ASSIGNED')) {
        expect(matched.map((event) => event.eventId)).toContain(eventId);
      }
    });

    it('with the members that were recorded', async () => {
      const shop = await registered();
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

    it('signed over the exact bytes that are sent, whatever they are, with the path of the URL', async () => {
      const shop = await unregistered();
      await shop.lalamove.setWebhookUrl(shop.receiver.urlOf('/a/%C3%BC/b?token=7'));
      await send(shop, 'PING', { note: 'Ring & <b>twice</b> 按兩次 "\u2028" \\' });
      await settled(shop);
      const [event] = shop.receiver.events;
      expect(event?.path).toBe('/a/%C3%BC/b?token=7');
      expect(event?.signature).toBe(event && signatureOf(event, shop.sandbox.apiSecret, '/a/%C3%BC/b'));
    });

    it('the position of the driver in numbers', async () => {
      const shop = await registered({ drivers: 'prompt' });
      await place(shop);
      await shop.sandbox.advance('30s');
      const [event] = ofType(shop.receiver.events, 'DRIVER_ASSIGNED');
      expect(event?.dataText).toMatch(/"location":{"lng":114\.\d{1,7},"lat":22\.\d{1,7}}/);
    });

    it('the price with either spelling', async () => {
      // By chance all prices may have one spelling: this seed has both.
      const shop = await registered({ seed: 'both spellings' });
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

    it('the wallet, change by change', async () => {
      const shop = await registered();
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

    it('an edit with the old and the new stops, and then the new price', async () => {
      const shop = await registered();
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
      'in the local time of %s, %d hours away from the UTC that it claims',
      async (market, hours, city, serviceType, language, phone) => {
        // Late in the evening, so that the local date of one of them is a day ahead.
        const startAt = '2026-11-22T22:30:00Z';
        const shop = await unregistered({ clock: new SandboxClock({ speed: 0, startAt }) });
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
        // The signed timestamp and the times in answers of the API are correct.
        expect(events.at(-1)?.timestamp).toBe(Date.parse('2026-11-22T23:07:59Z') / 1000);
        expect((await local.getOrder(orderId)).stops[1]?.POD?.deliveredAt).toBe('2026-11-22T23:07:59.00Z');
      },
    );
  });

  describe('contain the metadata of an order', () => {
    const METADATA = { reference: 'A-1', shop: '7' };
    const OF_AN_ORDER = WEBHOOK_EVENT_TYPES.filter((type) => type !== 'WALLET_BALANCE_CHANGED');

    it.each<[SandboxUnknowns['metadata'], readonly string[]]>([
      ['order-only', []],
      ['whole-orders', ['ORDER_CREATED', 'POD_STATUS_CHANGED']],
      ['every-event', OF_AN_ORDER],
    ])('%s', async (metadata, telling) => {
      const shop = await registered({ deliveryCodes: true, unknowns: { metadata } });
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
  ])('announce a replacement by the reason %s, or not at all', async (replacementReason, reason) => {
    const shop = await registered({ unknowns: { replacementReason } });
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
        ...reason,
      },
      updatedAt: minute,
    });
  });
});
