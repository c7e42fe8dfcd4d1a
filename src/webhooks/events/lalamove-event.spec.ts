import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import type { SandboxWebhook, WebhookEventType } from 'nestjs-lalamove/sandbox';
import { factsOf, SAMPLED_AT, samplesOf, sandboxEvents } from '../../../test/webhooks/event-samples.js';
import { isRecord } from '../../internal/is-record.js';
import { UnknownLalamoveEvent, WalletBalanceChangedEvent } from './account-events.js';
import type { LalamoveEventFacts } from './lalamove-event-facts.js';
import { LALAMOVE_EVENT_TYPES, readLalamoveEvent, type LalamoveEvent } from './lalamove-event.js';
import type { LalamoveWebhookEvent } from './lalamove-webhook-event.js';
import {
  DriverAssignedEvent,
  OrderAmountChangedEvent,
  OrderCreatedEvent,
  OrderEditedEvent,
  OrderReplacedEvent,
  OrderStatusChangedEvent,
} from './order-events.js';
import { DeliveryCodeStatusChangedEvent, PodStatusChangedEvent, PopStatusChangedEvent } from './stop-events.js';

const text = expect.stringMatching(/./);
const digits = expect.stringMatching(/^\d{19}$/);
const degrees = expect.stringMatching(/^\d+\.\d+$/);
const amount = expect.stringMatching(/^\d+$/);
const url = expect.stringMatching(/^https?:/);
const COORDINATES = { lat: degrees, lng: degrees };
const BALANCE = { currency: 'HKD', amount };
const PRICE = { currency: 'HKD', subtotal: amount, priorityFee: amount, totalPrice: amount };
// Phone numbers have any form.
const FROM = {
  ...{ coordinates: COORDINATES, address: text, name: 'Shop', phone: text },
  deliveryCode: { value: '', status: 'Not Applicable' },
};
const TO = {
  ...FROM,
  name: 'Ada',
  POD: { status: 'PENDING' },
  deliveryCode: { value: text, status: 'Pending' },
};

/** The class of each event, and its members beside those of all events, for the sandbox's last event of a type. */
const EVENTS: Record<WebhookEventType, { made: abstract new (...args: never) => LalamoveWebhookEvent; has: object }> = {
  ORDER_CREATED: {
    made: OrderCreatedEvent,
    has: { orderId: digits, status: 'ASSIGNING_DRIVER', driverId: '', market: undefined, shareLink: url },
  },
  ORDER_STATUS_CHANGED: {
    made: OrderStatusChangedEvent,
    has: {
      orderId: digits,
      status: 'CANCELED',
      previousStatus: 'ASSIGNING_DRIVER',
      driverId: '',
      market: 'HK_HKG',
      shareLink: url,
      cancelParty: 'LALAMOVE_CUSTOMER_SUPPORT',
      cancelReason: undefined,
    },
  },
  DRIVER_ASSIGNED: {
    made: DriverAssignedEvent,
    has: {
      orderId: digits,
      driver: {
        driverId: expect.stringMatching(/^\d+$/),
        name: text,
        phone: expect.stringMatching(/^\+852\d{8}$/),
        plateNumber: text,
        photo: '',
      },
      location: COORDINATES,
    },
  },
  ORDER_AMOUNT_CHANGED: {
    made: OrderAmountChangedEvent,
    has: { orderId: digits, price: PRICE, balance: BALANCE, status: 'ON_GOING', market: 'HK_HKG' },
  },
  ORDER_REPLACED: { made: OrderReplacedEvent, has: { orderId: digits, prevOrderId: digits } },
  ORDER_EDITED: {
    made: OrderEditedEvent,
    has: {
      orderId: digits,
      status: 'ON_GOING',
      stops: [expect.objectContaining(FROM), TO],
      previousStops: [expect.objectContaining(FROM), TO],
      editParty: 'USER',
      editReason: '',
    },
  },
  WALLET_BALANCE_CHANGED: { made: WalletBalanceChangedEvent, has: { balance: { currency: 'HKD', amount: '1000' } } },
  POD_STATUS_CHANGED: {
    made: PodStatusChangedEvent,
    has: {
      orderId: digits,
      stops: [
        { ...FROM, name: text },
        {
          ...{ ...TO, name: text, POD: { status: 'DELIVERED', image: url } },
          deliveryCode: { value: text, status: 'Verified' },
        },
      ],
    },
  },
  POP_STATUS_CHANGED: {
    made: PopStatusChangedEvent,
    has: { orderId: digits, stops: [{ POP: { imageUrls: [url] } }, {}] },
  },
  DELIVERY_CODE_STATUS_CHANGED: {
    made: DeliveryCodeStatusChangedEvent,
    has: {
      orderId: digits,
      stops: [
        { deliveryCode: { value: '', status: 'Not Applicable' } },
        { deliveryCode: { value: expect.stringMatching(/^\d{4}$/), status: 'Verified' } },
      ],
    },
  },
};

const TYPES = LALAMOVE_EVENT_TYPES.filter((type) => type !== 'UNKNOWN');

/** The required members of each type, as paths into `data`. */
const NEEDED: Record<WebhookEventType, string[]> = {
  ORDER_CREATED: ['order', 'order.orderId', 'order.status'],
  ORDER_STATUS_CHANGED: ['order', 'order.orderId', 'order.status'],
  DRIVER_ASSIGNED: ['order', 'order.orderId', 'driver', 'driver.driverId'],
  ORDER_AMOUNT_CHANGED: ['order', 'order.orderId', 'order.price', 'order.price.totalPrice'],
  ORDER_REPLACED: ['order', 'order.orderId', 'prevOrderId'],
  ORDER_EDITED: ['order', 'order.orderId'],
  WALLET_BALANCE_CHANGED: ['balance', 'balance.amount'],
  POD_STATUS_CHANGED: ['order', 'order.orderId'],
  POP_STATUS_CHANGED: ['order', 'order.orderId'],
  DELIVERY_CODE_STATUS_CHANGED: ['order', 'order.orderId'],
};

/** `data` with another value at a path; without the member if the value is `undefined`. */
function changed(data: string, path: string, value: unknown): string {
  const whole: unknown = JSON.parse(data);
  const names = path.split('.');
  const last = names.pop() ?? '';
  const owner = names.reduce<unknown>((place, name) => (isPlace(place) ? Reflect.get(place, name) : undefined), whole);
  if (!isPlace(owner) || !(last in owner)) throw new TypeError(`There is no ${path} in ${data}`);
  Reflect.set(owner, last, value);
  return JSON.stringify(whole);
}

/** The value at a path; `undefined` if there is none. */
function memberOf(data: string, path: string): unknown {
  const whole: unknown = JSON.parse(data);
  return path
    .split('.')
    .reduce<unknown>((place, name) => (isPlace(place) ? Reflect.get(place, name) : undefined), whole);
}

/** The paths of all members. */
function pathsIn(value: unknown, path = ''): string[] {
  if (!isPlace(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => [path + name, ...pathsIn(member, `${path}${name}.`)]);
}

/** `data` with only the values at these paths. */
function bareData(data: string, paths: readonly string[]): string {
  const bare: Record<string, unknown> = {};
  for (const path of paths) {
    const names = path.split('.');
    const last = names.pop() ?? '';
    const owner = names.reduce<unknown>((place, name) => (isPlace(place) ? Reflect.get(place, name) : undefined), bare);
    const value = memberOf(data, path);
    if (isPlace(owner)) Reflect.set(owner, last, isPlace(value) ? {} : value);
  }
  return JSON.stringify(bare);
}

function isPlace(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function assertFrozen(value: unknown): void {
  if (!isPlace(value)) return;
  expect(Object.isFrozen(value)).toBe(true);
  for (const name of Object.keys(value)) assertFrozen(Reflect.get(value, name));
}

function recorded(name: string): LalamoveEventFacts {
  const body: unknown = JSON.parse(readFileSync(`test/fixtures/recorded/${name}`, 'utf8'));
  if (!isRecord(body) || !isRecord(body.data)) throw new TypeError(`${name} is no event.`);
  return factsOf(String(body.eventType), body.data, { signedAt: Number(body.timestamp) * 1000 });
}

describe('readLalamoveEvent with the events of a sandbox', () => {
  let sent: SandboxWebhook[];
  let samples: Map<WebhookEventType, string>;

  beforeAll(async () => {
    sent = await sandboxEvents('order-only');
    samples = samplesOf(sent);
  });

  const sampleOf = (type: WebhookEventType): string => samples.get(type) ?? '';

  it.each(TYPES)('creates %s with its class and its members', (type) => {
    const event = readLalamoveEvent(factsOf(type, sampleOf(type)));
    const { made, has } = EVENTS[type];
    expect(event).toBeInstanceOf(made);
    const { eventId, fingerprint, occurredAt, receivedAt, account, raw, eventType, ...own } = event;
    expect(own).toEqual('orderId' in has ? { metadata: undefined, ...has } : has);
    expect({ eventId, fingerprint, occurredAt, receivedAt, account, eventType }).toEqual({
      eventId: 'B35F478A-2136-4566-9430-C419C2A8762F',
      fingerprint: 'fingerprint',
      occurredAt: '2026-11-22T08:00:42.000Z',
      receivedAt: '2026-11-22T08:00:42.250Z',
      account: undefined,
      eventType: type,
    });
    expect(raw).toEqual(JSON.parse(sampleOf(type)));
  });

  it('recognises all events, and reads both spellings of the price', () => {
    const spellings = new Set<string>();
    for (const { eventType, data } of sent) {
      const event = readLalamoveEvent(factsOf(eventType, data));
      expect(event.eventType).toBe(eventType);
      if (event.eventType !== 'ORDER_AMOUNT_CHANGED') continue;
      expect(event.price).toEqual(PRICE);
      expect(Number(event.price.subtotal) + Number(event.price.priorityFee)).toBe(Number(event.price.totalPrice));
      spellings.add(/subtotal|subTotal/.exec(data)?.[0] ?? '');
    }
    expect([...spellings].sort()).toEqual(['subTotal', 'subtotal']);
  });

  it('leaves local times unchanged in raw', () => {
    const SIGNED = new Set(['occurredAt', 'receivedAt']);
    for (const { eventType, data } of sent) {
      const { raw, ...event } = readLalamoveEvent(factsOf(eventType, data));
      const json = JSON.stringify(event, (name, value: unknown) => (SIGNED.has(name) ? undefined : value));
      expect(json).not.toMatch(/2026-11-22/);
      expect(raw.updatedAt).toMatch(/\.00Z$/);
    }
  });

  it('reads the metadata of the order, if they are sent', async () => {
    for (const { eventType, data } of await sandboxEvents('every-event')) {
      const event = readLalamoveEvent(factsOf(eventType, data));
      if ('orderId' in event) expect(event.metadata).toEqual({ reference: 'A-1' });
    }
  });

  it.each(TYPES.flatMap((type) => TYPES.filter((name) => name !== type).map((name) => [type, name] as const)))(
    '%s under the name of %s is that only with all that gives it its meaning',
    (type, name) => {
      const data = sampleOf(type);
      const event = readLalamoveEvent(factsOf(name, data));
      const missing = NEEDED[name].find((path) => memberOf(data, path) === undefined);
      if (missing === undefined) expect(event).toBeInstanceOf(EVENTS[name].made);
      else expect(event).toMatchObject({ eventType: 'UNKNOWN', sentEventType: name, missing });
      expect(event.raw).toEqual(JSON.parse(data));
    },
  );

  it.each(TYPES.flatMap((type) => NEEDED[type].map((path) => [type, path] as const)))(
    '%s without %s, or with something else there, is unknown',
    (type, path) => {
      for (const value of [undefined, null, {}, true, '', [[]]]) {
        const event = readLalamoveEvent(factsOf(type, changed(sampleOf(type), path, value)));
        expect([value, event.eventType]).toEqual([value, 'UNKNOWN']);
        expect(event).toMatchObject({ missing: expect.stringContaining(path) });
      }
    },
  );

  it.each(TYPES)('reads %s if any other member is missing, null, empty or new', (type) => {
    const data = sampleOf(type);
    const needed = NEEDED[type];
    const others = pathsIn(JSON.parse(data)).filter((path) => !needed.includes(path));
    for (const path of others) {
      for (const value of [undefined, null, '', {}, [], [null], 7, { newer: [1] }]) {
        const event = readLalamoveEvent(factsOf(type, changed(data, path, value)));
        expect([path, value, event.eventType]).toEqual([path, value, type]);
      }
    }
    const bare = readLalamoveEvent(factsOf(type, bareData(data, needed)));
    expect(bare).toBeInstanceOf(EVENTS[type].made);
  });

  it.each([
    ['price', { currency: 'HKD', totalPrice: '10' }],
    ['previousStatus', 'ASSIGNING_DRIVER'],
    ['previousStatus', ''],
  ])('reads ORDER_CREATED with %s in its order', (name, value) => {
    const data: unknown = JSON.parse(sampleOf('ORDER_CREATED'));
    if (!isRecord(data) || !isRecord(data.order)) throw new TypeError('There is no order.');
    const more = { ...data, balance: BALANCE, order: { ...data.order, [name]: value } };
    expect(readLalamoveEvent(factsOf('ORDER_CREATED', JSON.stringify(more)))).toBeInstanceOf(OrderCreatedEvent);
  });

  it('recreates an equal event from stored facts', () => {
    for (const [type, data] of samples) {
      const facts = factsOf(type, data, { account: 'th' });
      const stored: unknown = JSON.parse(JSON.stringify(facts));
      if (!isFacts(stored)) throw new TypeError('The facts are lost.');
      const again = readLalamoveEvent(stored);
      expect(again).toStrictEqual(readLalamoveEvent(facts));
      expect(again).toBeInstanceOf(EVENTS[type].made);
      expect(again.apiKey).toBe('pk_test_hidden');
    }
  });

  it.each([
    ['missing', ''],
    ['null', ',"previousStatus":null'],
    ['empty', ',"previousStatus":""'],
  ])('reads an empty previousStatus if it is %s', (_, previous) => {
    const data = `{"order":{"orderId":"1","status":"ASSIGNING_DRIVER"${previous},"cancelParty":""}}`;
    expect(readLalamoveEvent(factsOf('ORDER_STATUS_CHANGED', data))).toMatchObject({
      ...{ eventType: 'ORDER_STATUS_CHANGED', status: 'ASSIGNING_DRIVER', previousStatus: '', cancelParty: undefined },
    });
  });

  it('reads the texts of metadata and leaves out other values', () => {
    const data =
      '{"order":{"orderId":"1","status":"A","metadata":{"deliveryAttempt":"a","note":null,"n":12345678901234567890}}}';
    expect(readLalamoveEvent(factsOf('ORDER_CREATED', data))).toMatchObject({
      metadata: { deliveryAttempt: 'a', n: '12345678901234567890' },
    });
  });

  it('does not read inherited members', () => {
    const data = '{"__proto__":{"order":{"orderId":"1","status":"A","previousStatus":"B"}},"constructor":{}}';
    expect(readLalamoveEvent(factsOf('ORDER_STATUS_CHANGED', data)).eventType).toBe('UNKNOWN');
    expect(Object.hasOwn(Object.prototype, 'order')).toBe(false);
  });

  it.each(['ORDER_TELEPORTED', '', 'UNKNOWN', '__proto__', 'constructor', 'toString', 'order_created'])(
    'of a type %j are unknown',
    (type) => {
      const event = readLalamoveEvent(factsOf(type, sampleOf('ORDER_CREATED')));
      expect(event).toBeInstanceOf(UnknownLalamoveEvent);
      expect(event).toMatchObject({ eventType: 'UNKNOWN', sentEventType: type });
    },
  );
});

describe('readLalamoveEvent with recorded traffic', () => {
  it('reads DRIVER_ASSIGNED, with the location as strings', () => {
    const event = readLalamoveEvent(recorded('webhook.driver-assigned.json'));
    expect(event).toBeInstanceOf(DriverAssignedEvent);
    expect(event).toMatchObject({
      orderId: '3394517965935702476',
      driver: {
        driverId: '80029',
        phone: '+6522211222',
        name: 'TestDriver 11222',
        photo: '',
        plateNumber: 'VP4388905',
      },
      location: { lat: '22.3352951', lng: '114.1763239' },
      // The local time in `data` is 17:52.
      occurredAt: '2025-12-28T09:52:31.000Z',
    });
  });

  it('reads ORDER_STATUS_CHANGED', () => {
    const event = readLalamoveEvent(recorded('webhook.order-status-changed.json'));
    expect(event).toBeInstanceOf(OrderStatusChangedEvent);
    expect(event).toMatchObject({
      orderId: '3316227378875113604',
      status: 'PICKED_UP',
      previousStatus: 'ON_GOING',
      driverId: '80557',
      market: 'PH_MNL',
      occurredAt: '2025-09-10T11:21:45.000Z',
      cancelParty: undefined,
    });
  });
});

describe('an event', () => {
  const read = (type: string, data: string): LalamoveEvent => readLalamoveEvent(factsOf(type, data));

  it.each([
    ['3316227378875113604', '3316227378875113604'],
    ['80557', '80557'],
    ['"007"', '007'],
  ])('reads the order id %s as %s', (written, orderId) => {
    const event = read('ORDER_REPLACED', `{"order":{"orderId":${written}},"prevOrderId":${written}}`);
    expect(event).toMatchObject({ eventType: 'ORDER_REPLACED', orderId, prevOrderId: orderId });
  });

  it.each([
    ['1e-7', '0.0000001'],
    ['-0.00000025', '-0.00000025'],
    ['103.8', '103.8'],
    ['"22.30"', '22.30'],
    ['1e21', '1000000000000000000000'],
    ['0', '0'],
  ])('reads the coordinate %s as the decimal string %s', (written, place) => {
    const event = read(
      'DRIVER_ASSIGNED',
      `{"order":{"orderId":"1"},"driver":{"driverId":"2"},"location":{"lat":${written},"lng":${written}}}`,
    );
    expect(event).toMatchObject({ eventType: 'DRIVER_ASSIGNED', location: { lat: place, lng: place } });
  });

  it.each(['1e400', 'null', '{}', '[1]', 'true'])('reads no coordinates from %s, and keeps its type', (written) => {
    const event = read(
      'DRIVER_ASSIGNED',
      `{"order":{"orderId":"1"},"driver":{"driverId":"2"},"location":{"lat":${written},"lng":1}}`,
    );
    expect(event).toMatchObject({ eventType: 'DRIVER_ASSIGNED', location: undefined });
  });

  it('shows no API key in JSON and in inspect()', () => {
    for (const type of [...TYPES, 'NEWER']) {
      const event = read(type, '{"order":{"orderId":"1","status":"A","previousStatus":"B"}}');
      expect(event.apiKey).toBe('pk_test_hidden');
      for (const shown of [JSON.stringify(event), inspect(event)]) {
        expect(shown).not.toMatch(/hidden|apiKey/);
        expect(shown).toMatch(/occurredAt/);
      }
      expect(Object.keys({ ...event })).not.toContain('apiKey');
    }
  });

  const part = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.string({ maxLength: 4 }),
      fc.double(),
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom(
          ...['order', 'orderId', 'status', 'previousStatus', 'driver', 'driverId', 'location', 'lat', 'lng', 'price'],
          ...['currency', 'totalPrice', 'balance', 'amount', 'prevOrderId', 'previousData', 'stops', 'POD', 'POP'],
          ...['deliveryCode', 'metadata', 'imageUrls', '__proto__', 'constructor'],
        ),
        tie('value'),
        { maxKeys: 6 },
      ),
    ),
  })).value;

  it('can be created from any JSON and any type, is frozen, and shows no API key', () => {
    const types = fc.oneof(fc.constantFrom(...TYPES), fc.string());
    const seen = new Set<string>();
    const law = fc.property(types, fc.oneof(part, fc.jsonValue()), (type, value) => {
      const data = JSON.stringify(value);
      const event = readLalamoveEvent(factsOf(type, data));
      seen.add(event.eventType);
      assertFrozen(event);
      expect(event.eventType === type || event.eventType === 'UNKNOWN').toBe(true);
      expect(event.occurredAt).toBe(new Date(SAMPLED_AT).toISOString());
      expect(JSON.stringify(event) + inspect(event, { depth: null })).not.toContain('pk_test_hidden');
      expect(readLalamoveEvent(factsOf(type, data))).toEqual(event);
    });
    fc.assert(law, { numRuns: 500 });
    expect(seen).toContain('UNKNOWN');
  });

  it('cannot be changed', () => {
    const event = read('WALLET_BALANCE_CHANGED', '{"balance":{"currency":"HKD","amount":"1"},"more":[{"a":1}]}');
    expect(() => Object.assign(event, { eventType: 'X' })).toThrow(TypeError);
    expect(() => Object.assign(event.raw, { balance: 0 })).toThrow(TypeError);
    expect(() => Object.assign('balance' in event ? (event.balance ?? {}) : {}, { amount: '2' })).toThrow(TypeError);
    assertFrozen(event);
  });

  it('can be created and frozen with data of 10,000 levels', () => {
    const event = read('POD_STATUS_CHANGED', `${'[{"a":'.repeat(5000)}1${'}]'.repeat(5000)}`);
    expect(event.eventType).toBe('UNKNOWN');
    expect(event.raw).toEqual({});
    const deep = read('POD_STATUS_CHANGED', `${'{"order":'.repeat(10_000)}1${'}'.repeat(10_000)}`);
    let place: unknown = deep.raw;
    for (; isRecord(place); place = place.order) expect(Object.isFrozen(place)).toBe(true);
    expect(place).toBe(1);
  });
});

function isFacts(value: unknown): value is LalamoveEventFacts {
  return isRecord(value) && typeof value.data === 'string' && typeof value.eventType === 'string';
}
