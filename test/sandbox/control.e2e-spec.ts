import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import {
  LalamoveSandbox,
  SandboxClock,
  SandboxControl,
  SandboxControlError,
  type AccountOfMarket,
  type SandboxLogEntry,
} from 'nestjs-lalamove/sandbox';
import { SandboxLog } from '../../src/sandbox/sandbox-log.js';
import { failureOf } from '../support/lalamove.js';
import { http, RawServer } from '../support/raw-server.js';

const OTHER = { apiKey: 'pk_test_other', apiSecret: 'sk_test_other' };
const UNKNOWN_ID = '1234567890123456789';

/** What is at stops of a market, and who. */
const MARKETS: Record<string, { language: string; phone: string }> = {
  HK: { language: 'en_HK', phone: '+85251234567' },
  SG: { language: 'en_SG', phone: '+6591234567' },
};

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

interface Caller {
  apiKey?: string;
  apiSecret?: string;
  market?: string;
}

/** Calls the API, signed by hand: nothing of the package stands between a test and the wire. */
async function call(
  { url, clock, ...sandbox }: Pick<LalamoveSandbox, 'url' | 'clock' | 'apiKey' | 'apiSecret'>,
  method: string,
  path: string,
  data?: object,
  { apiKey = sandbox.apiKey, apiSecret = sandbox.apiSecret, market = 'HK' }: Caller = {},
): Promise<Answer> {
  const timestamp = String(clock.now());
  const body = data ? JSON.stringify({ data }) : '';
  const signature = createHmac('sha256', apiSecret)
    .update(`${timestamp}\r\n${method}\r\n${path}\r\n\r\n${body}`)
    .digest('hex');
  const headers = { authorization: `hmac ${apiKey}:${timestamp}:${signature}`, market };
  const response = await fetch(url + path, { method, headers, ...(data && { body }) });
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
}

interface Quoted {
  quotationId: string;
  stops: { stopId: string }[];
}

/** How a promise ends, well or badly: the errors of `fetch` are none of Jest's realm. */
const endOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

/** Resolves after whatever is ready has had its turn. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A webhook receiver; it answers `status`, which can be changed. */
class Receiver {
  readonly bodies: string[] = [];
  status = 200;
  readonly #server = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (chunk) => (body += String(chunk)));
    incoming.on('end', () => {
      if (body !== '') this.bodies.push(body);
      response.writeHead(this.status).end();
    });
  });

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hooks`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** A sandbox whose time stands still, with two accounts, and what a test does to it from the other side: through the API. */
class Scene {
  private constructor(
    readonly sandbox: LalamoveSandbox,
    readonly receiver: Receiver,
    readonly hooks: string,
  ) {}

  static async start(): Promise<Scene> {
    const receiver = new Receiver();
    const clock = new SandboxClock({ speed: 0, startAt: '2026-11-22T08:00:00Z' });
    const webhooks = { retryPauses: ['1m'] };
    const sandbox = await LalamoveSandbox.start({ clock, accounts: [OTHER], rateLimits: false, webhooks });
    return new Scene(sandbox, receiver, await receiver.start());
  }

  async stop(): Promise<void> {
    this.receiver.stop();
    await this.sandbox.stop();
  }

  call(method: string, path: string, data?: object, caller?: Caller): Promise<Answer> {
    return call(this.sandbox, method, path, data, caller);
  }

  async quote(caller: Caller = {}): Promise<Quoted> {
    const language = MARKETS[caller.market ?? 'HK']?.language;
    const stops = [{ address: 'First street' }, { address: 'Second street' }];
    const answer = await this.call('POST', '/v3/quotations', { serviceType: 'MOTORCYCLE', language, stops }, caller);
    return (JSON.parse(answer.body) as { data: Quoted }).data;
  }

  order({ quotationId, stops: [from, to] }: Quoted, more: object = {}, caller: Caller = {}): Promise<Answer> {
    const phone = MARKETS[caller.market ?? 'HK']?.phone;
    const sender = { stopId: from?.stopId, name: 'Shop', phone };
    const recipients = [{ stopId: to?.stopId, name: 'Ada', phone, remarks: 'Ring twice' }];
    return this.call('POST', '/v3/orders', { quotationId, sender, recipients, ...more }, caller);
  }

  /** Quotes and orders. */
  async book(more: object = {}, caller: Caller = {}): Promise<string> {
    const answer = await this.order(await this.quote(caller), more, caller);
    return (JSON.parse(answer.body) as { data: { orderId: string } }).data.orderId;
  }

  registerWebhooks(caller: Caller = {}): Promise<Answer> {
    return this.call('PATCH', '/v3/webhook', { url: this.hooks }, caller);
  }
}

const statusOf = async (control: SandboxControl, orderId: string): Promise<string> =>
  (await control.order(orderId)).order.status;

/** Spoils a value that was handed out, down to its last member, as careless code might. */
function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    const member: unknown = Reflect.get(value, key);
    spoil(member);
    Reflect.set(value, key, 'spoilt');
  }
}

/** The first lines that a watcher hears. */
async function firstOf(lines: AsyncIterable<SandboxLogEntry>, count: number): Promise<SandboxLogEntry[]> {
  const heard: SandboxLogEntry[] = [];
  for await (const line of lines) {
    heard.push(line);
    if (heard.length === count) break;
  }
  return heard;
}

type Method = keyof SandboxControl;

/** What the calls below are about. */
interface Known {
  orderId: string;
  eventId: string;
  faultId: string;
  snapshotId: string;
}

const HK: AccountOfMarket = { market: 'HK' };

/** Every method of the control, called as it should be; the last two leave nothing to ask. */
const CALLS: Record<Method, (control: SandboxControl, known: Known) => Promise<unknown>> = {
  info: (control) => control.info(),
  orders: (control) => control.orders(),
  order: (control, { orderId }) => control.order(orderId),
  moveOrder: (control, { orderId }) => control.moveOrder(orderId, 'ON_GOING'),
  placeDriver: (control, { orderId }) => control.placeDriver(orderId, { lat: 22.3, lng: 114.2 }),
  drive: (control, { orderId }) => control.drive(orderId, { do: 'arrive' }),
  setScript: (control, { orderId }) => control.setScript(orderId, 'prompt'),
  setDrivers: (control) => control.setDrivers('prompt'),
  clock: (control) => control.clock(),
  advance: (control) => control.advance('1m'),
  setSpeed: (control) => control.setSpeed(0),
  wallets: (control) => control.wallets(),
  setBalance: (control) => control.setBalance(HK, '100'),
  faults: (control) => control.faults(),
  addFault: (control) => control.addFault({ call: 'getCities', answer: 'reset' }),
  removeFault: (control, { faultId }) => control.removeFault(faultId),
  clearFaults: (control) => control.clearFaults(),
  webhooks: (control) => control.webhooks(),
  sendEvent: (control) => control.sendEvent(HK, 'ORDER_CREATED', { order: {} }),
  resend: (control, { eventId }) => control.resend(eventId),
  requests: (control) => control.requests(),
  log: (control) => control.log(),
  watch: (control) => firstOf(control.watch({ since: 0 }), 3),
  ledger: (control) => control.ledger(),
  ledgerFor: (control) => control.ledgerFor({ reference: 'A-1' }),
  snapshot: (control) => control.snapshot(),
  restore: (control, { snapshotId }) => control.restore(snapshotId),
  clear: (control) => control.clear(),
  refuseConnections: (control) => control.refuseConnections(1),
};

/** Those that tell something and change nothing. */
const READINGS = [
  'info',
  'orders',
  'clock',
  'wallets',
  'faults',
  'webhooks',
  'requests',
  'log',
  'ledger',
  'ledgerFor',
] as const;

let scene: Scene;
let sandbox: LalamoveSandbox;

beforeEach(async () => {
  scene = await Scene.start();
  ({ sandbox } = scene);
});

afterEach(() => scene.stop());

/** Something of everything: an order, events with their attempts, requests good and bad, a fault. */
async function liveALittle(): Promise<Known> {
  const { control } = sandbox;
  await scene.registerWebhooks();
  const { id: faultId } = sandbox.addFault({
    call: 'getDriver',
    times: 'always',
    answer: { code: 'LALAMOVE_FORBIDDEN' },
  });
  const orderId = await scene.book({ metadata: { reference: 'A-1' } });
  await scene.book({}, OTHER);
  await scene.call('GET', `/v3/orders/${UNKNOWN_ID}`, undefined, { apiSecret: 'sk_test_wrong' });
  await sandbox.advance(0);
  const { events } = await control.webhooks();
  return { orderId, faultId, eventId: events[0]?.eventId ?? '', snapshotId: await control.snapshot() };
}

it('refuses options that it does not have', async () => {
  const options = JSON.parse('{ "driver": "prompt", "rateLimit": false }') as object;
  await expect(LalamoveSandbox.start(options)).rejects.toThrow(/has no option driver, rateLimit: it has port, host/);
});

it('tells of one thing to deliver, also where nothing was booked', async () => {
  expect(sandbox.ledgerFor({ reference: 'A-1' })).toEqual({ orderIds: [], live: [], completed: [], spent: {} });
  const orderId = await scene.book({ metadata: { reference: 'A-1', shop: 'east' } });
  await scene.book({ metadata: { reference: 'A-2', shop: 'east' } });
  expect(await sandbox.control.ledgerFor({ reference: 'A-1', shop: 'east' })).toMatchObject({ live: [orderId] });
  expect(sandbox.ledgerFor({ reference: 'A-1', shop: 'west' }).live).toEqual([]);
  expect(sandbox.ledgerFor({ shop: 'east' }).live).toHaveLength(2);
  expect(sandbox.ledgerFor({ constructor: 'x' }).live).toEqual([]);
});

it('has no method that these tests leave out', () => {
  const methods = Object.getOwnPropertyNames(SandboxControl.prototype).filter((name) => name !== 'constructor');
  expect(Object.keys(CALLS).sort()).toEqual(methods.sort());
});

it('says the same in process and over HTTP', async () => {
  const known = await liveALittle();
  const remote = SandboxControl.connect(`${sandbox.url}/`);
  for (const reading of READINGS) {
    expect(await CALLS[reading](remote, known)).toEqual(await CALLS[reading](sandbox.control, known));
  }
});

describe.each<[string, () => SandboxControl]>([
  ['in process', () => sandbox.control],
  ['over HTTP', () => SandboxControl.connect(sandbox.url)],
])('SandboxControl, %s', (_, controlOf) => {
  let control: SandboxControl;

  beforeEach(() => {
    control = controlOf();
  });

  /** What the control refuses, with its status and message. */
  const refused = async (asked: Promise<unknown>): Promise<unknown> => {
    const error = await failureOf(asked);
    expect(error).toBeInstanceOf(SandboxControlError);
    expect(error).toMatchObject({ name: 'SandboxControlError', status: 400 });
    return error.message;
  };

  it('never tells a secret', async () => {
    const known = await liveALittle();
    for (const [method, ask] of Object.entries(CALLS)) {
      const told = JSON.stringify((await ask(control, known)) ?? null);
      expect([method, told.includes(sandbox.apiSecret), told.includes(OTHER.apiSecret)]).toEqual([
        method,
        false,
        false,
      ]);
    }
  });

  it('hands out copies', async () => {
    const known = await liveALittle();
    for (const reading of READINGS) {
      const before = await CALLS[reading](control, known);
      const kept: unknown = structuredClone(before);
      spoil(before);
      expect(await CALLS[reading](control, known)).toEqual(kept);
    }
    const lines = await control.log();
    spoil(await firstOf(control.watch({ since: 0 }), 3));
    expect(await control.log()).toEqual(lines);
  });

  it('takes copies', async () => {
    const fault = { call: ['getCities' as const], answer: { status: 418, body: 'tea' }, times: 2 };
    const rule = await control.addFault(fault);
    const steps = [{ do: 'accept' as const, after: '1m' }];
    const orderId = await scene.book();
    const { steps: planned } = await control.setScript(orderId, steps);
    for (const given of [fault, rule, steps, planned]) spoil(given);
    expect(await control.faults()).toMatchObject([{ call: ['getCities'], answer: { status: 418 }, left: 2 }]);
    await control.advance('1m');
    expect(await statusOf(control, orderId)).toBe('ON_GOING');
  });

  describe('orders', () => {
    it('come with what the API does not show of them, in the order in which they were placed', async () => {
      const first = await scene.book({ metadata: { reference: 'A-1' } });
      const second = await scene.book({}, { ...OTHER, market: 'SG' });
      const orders = await control.orders();
      expect(orders.map(({ order }) => order.orderId)).toEqual([first, second]);
      expect(orders).toMatchObject([
        {
          apiKey: sandbox.apiKey,
          market: 'HK',
          locode: 'HK HKG',
          serviceType: 'MOTORCYCLE',
          placedAt: '2026-11-22T08:00:00.000Z',
          scheduleAt: '2026-11-22T08:00:00.000Z',
          contacts: [
            { name: 'Shop', phone: '+85251234567' },
            { name: 'Ada', phone: '+85251234567', remarks: 'Ring twice' },
          ],
          rejections: 0,
          isEdited: false,
          steps: [],
        },
        { apiKey: OTHER.apiKey, market: 'SG', locode: 'SG SIN' },
      ]);
      const [shown] = orders;
      expect(shown?.spent).toBe(shown?.order.priceBreakdown.total);
      expect(shown).not.toHaveProperty('driver');
      expect(shown).not.toHaveProperty('matchedAt');
      expect(await control.order(first)).toEqual(shown);
      const { body } = await scene.call('GET', `/v3/orders/${first}`);
      expect(JSON.parse(body)).toEqual({ data: shown?.order });
    });

    it('are refused where there is none', async () => {
      const none = `The sandbox has no order ${UNKNOWN_ID}.`;
      expect(await refused(control.order(UNKNOWN_ID))).toBe(none);
      expect(await refused(control.moveOrder(UNKNOWN_ID, 'ON_GOING'))).toBe(none);
      expect(await refused(control.drive(UNKNOWN_ID, { do: 'accept' }))).toBe(none);
      expect(await refused(control.setScript(UNKNOWN_ID, 'prompt'))).toBe(none);
      expect(await refused(control.placeDriver(UNKNOWN_ID, { lat: 0, lng: 0 }))).toBe(none);
    });

    it('move by hand, which calls off what drivers were about to do', async () => {
      await control.setDrivers('prompt');
      const orderId = await scene.book();
      const moved = await control.moveOrder(orderId, 'ON_GOING');
      expect(moved).toMatchObject({
        order: { status: 'ON_GOING' },
        matchedAt: '2026-11-22T08:00:00.000Z',
        driver: { driverId: moved.order.driverId, plateNumber: expect.stringContaining('*') },
        steps: [],
      });
      await control.advance('5h');
      expect(await statusOf(control, orderId)).toBe('ON_GOING');
      expect(await refused(control.moveOrder(orderId, 'COMPLETED'))).toMatch(
        /cannot go from ON_GOING to COMPLETED: next can be PICKED_UP, /,
      );
    });

    it('are driven a step at a time', async () => {
      const orderId = await scene.book({ isPODEnabled: true });
      await control.drive(orderId, { do: 'accept' });
      await control.drive(orderId, { do: 'arrive' });
      await control.drive(orderId, { do: 'pick-up' });
      await control.drive(orderId, { do: 'deliver', stop: 1, proof: 'signature' });
      const { order } = await control.drive(orderId, { do: 'complete' });
      expect(order).toMatchObject({ status: 'COMPLETED', stops: [{}, { POD: { status: 'SIGNED' } }] });
    });

    it('are rejected, failed, cancelled and replaced on command', async () => {
      const [rejected, failed, cancelled] = [
        await scene.book(),
        await scene.book({ isPODEnabled: true }),
        await scene.book(),
      ];
      await control.drive(rejected, { do: 'accept' });
      expect(await control.drive(rejected, { do: 'reject' })).toMatchObject({
        order: { status: 'ASSIGNING_DRIVER' },
        rejections: 1,
      });
      for (const step of ['accept', 'pick-up', 'fail', 'complete'] as const) await control.drive(failed, { do: step });
      expect((await control.order(failed)).order.stops[1]?.POD).toEqual({ status: 'FAILED' });
      await control.drive(cancelled, { do: 'cancel', by: 'DRIVER', reason: 'a flat tyre' });
      expect(await statusOf(control, cancelled)).toBe('CANCELED');
      const { replacedBy = '' } = await control.drive(rejected, { do: 'replace' });
      expect(await control.order(replacedBy)).toMatchObject({
        order: { status: 'ASSIGNING_DRIVER' },
        replaces: rejected,
      });
      expect(await statusOf(control, rejected)).toBe('CANCELED');
    });

    it('stay as they were where a command is refused, and drivers go on with what they were about to do', async () => {
      await control.setDrivers('prompt');
      const orderId = await scene.book();
      const before = await control.order(orderId);
      expect(await refused(control.drive(orderId, { do: 'deliver' }))).toMatch(/its goods are not on board/);
      expect(await refused(control.moveOrder(orderId, 'PICKED_UP'))).toMatch(/cannot go/);
      expect(await control.order(orderId)).toEqual(before);
      await control.advance('2h');
      expect(await statusOf(control, orderId)).toBe('COMPLETED');
    });

    it('follow another script, from now on', async () => {
      await control.setDrivers('prompt');
      const orderId = await scene.book();
      const { steps } = await control.setScript(orderId, [
        { do: 'accept', after: '10m' },
        { do: 'cancel', after: '1h 30m', by: 'DRIVER' },
      ]);
      expect(steps.map((step) => step.do)).toEqual(['accept', 'cancel']);
      await control.advance('10m');
      expect(await control.order(orderId)).toMatchObject({ order: { status: 'ON_GOING' }, steps: [{ do: 'cancel' }] });
      await control.advance('90m');
      expect(await statusOf(control, orderId)).toBe('CANCELED');
    });

    it('to come fare as drivers are told, those that are there do not', async () => {
      const before = await scene.book();
      await control.setDrivers('prompt');
      const after = await scene.book();
      await control.setDrivers([]);
      const last = await scene.book();
      await control.advance('110m');
      expect(await Promise.all([before, after, last].map((id) => statusOf(control, id)))).toEqual([
        'ASSIGNING_DRIVER',
        'COMPLETED',
        'ASSIGNING_DRIVER',
      ]);
    });

    it('have their driver put anywhere, and the API sees it', async () => {
      const orderId = await scene.book();
      expect(await refused(control.placeDriver(orderId, { lat: 1, lng: 1 }))).toMatch(/has no driver/);
      const { order } = await control.moveOrder(orderId, 'ON_GOING');
      const coordinates = { lat: '22.3000000', lng: '-114.2000000' };
      expect(await control.placeDriver(orderId, { lat: 22.3, lng: -114.2 })).toMatchObject({ driver: { coordinates } });
      const { body } = await scene.call('GET', `/v3/orders/${orderId}/drivers/${order.driverId}`);
      expect(JSON.parse(body)).toMatchObject({ data: { coordinates } });
      expect((await control.log()).at(-3)).toMatchObject({ kind: 'driver', orderId, lat: 22.3, lng: -114.2 });
      for (const at of [
        { lat: 90.1, lng: 0 },
        { lat: 0, lng: -180.1 },
        { lat: Number.NaN, lng: 0 },
      ]) {
        expect(await refused(control.placeDriver(orderId, at))).toMatch(/a number of degrees/);
      }
    });
  });

  describe('the clock', () => {
    it('is told, advanced and set to a speed', async () => {
      expect(await control.clock()).toEqual({ now: '2026-11-22T08:00:00.000Z', speed: 0 });
      expect(await control.advance('1h 30m')).toEqual({ now: '2026-11-22T09:30:00.000Z', speed: 0 });
      expect(await control.advance(250)).toEqual({ now: '2026-11-22T09:30:00.250Z', speed: 0 });
      expect(await control.setSpeed(3600)).toMatchObject({ speed: 3600 });
      expect(await control.setSpeed(0)).toMatchObject({ speed: 0 });
      expect(sandbox.clock.speed).toBe(0);
    });

    it('has sent the webhooks of an advance when that is over', async () => {
      await scene.registerWebhooks();
      await control.setDrivers('prompt');
      const orderId = await scene.book();
      await control.advance('2h');
      expect(scene.receiver.bodies.at(-1)).toContain(orderId);
      expect(scene.receiver.bodies.at(-1)).toContain('COMPLETED');
      expect((await control.webhooks()).events.map(({ state }) => state)).not.toContain('pending');
    });

    it('makes advances that are asked for together one after the other', async () => {
      await Promise.all([control.advance('1h'), control.advance('1h'), control.advance('1h')]);
      expect((await control.clock()).now).toBe('2026-11-22T11:00:00.000Z');
    });

    it.each([
      ['a word', 'soon'],
      ['nothing', ''],
      ['a way back', -1],
      ['no number', Number.NaN],
      ['further than calendars go', '99999999999d'],
    ])('refuses to advance by %s, and stays', async (__, by) => {
      await refused(control.advance(by));
      expect(await control.clock()).toEqual({ now: '2026-11-22T08:00:00.000Z', speed: 0 });
    });

    it('refuses a speed that cannot be', async () => {
      expect(await refused(control.setSpeed(-1))).toMatch(/at least 0, not -1/);
      // At the last one the calendar would be over before the next request.
      for (const speed of [Number.NaN, 1e300]) await refused(control.setSpeed(speed));
      expect(await control.clock()).toEqual({ now: '2026-11-22T08:00:00.000Z', speed: 0 });
    });
  });

  describe('wallets', () => {
    it('belong to a key in a market, and are shown once they have been used', async () => {
      expect(await control.wallets()).toEqual([]);
      expect(await control.setBalance({ market: 'hk' }, '700')).toEqual({
        apiKey: sandbox.apiKey,
        market: 'HK',
        currency: 'HKD',
        balance: '700',
      });
      await control.setBalance({ market: 'SG', apiKey: OTHER.apiKey }, '12.5');
      await control.setBalance({ market: 'SG' }, '7.00');
      expect(await control.wallets()).toMatchObject([
        { apiKey: sandbox.apiKey, market: 'HK', balance: '700' },
        { apiKey: OTHER.apiKey, market: 'SG', currency: 'SGD', balance: '12.5' },
        { apiKey: sandbox.apiKey, market: 'SG', balance: '7.0' },
      ]);
    });

    it('pay for orders, and are paid back', async () => {
      await control.setBalance(HK, '1000');
      const orderId = await scene.book();
      const { spent } = await control.order(orderId);
      const balance = async (): Promise<string | undefined> => (await control.wallets())[0]?.balance;
      expect(await balance()).toBe(String(1000 - Number(spent)));
      await control.moveOrder(orderId, 'CANCELED');
      expect(await balance()).toBe('1000');
      await control.setBalance(HK, '0');
      expect(await scene.order(await scene.quote())).toMatchObject({
        status: 402,
        body: expect.stringContaining('ERR_INSUFFICIENT_CREDIT'),
      });
      expect((await scene.order(await scene.quote(OTHER), {}, OTHER)).status).toBe(201);
    });

    it.each([
      ['', /"balance"/],
      ['much', /"much" is no amount in HKD/],
      ['1e3', /no amount/],
      ['1,000', /no amount/],
      [' 5', /no amount/],
      ['0x10', /no amount/],
      ['12.5', /no amount in HKD/],
      ['9'.repeat(13), /no amount/],
    ])('are not set to %j', async (balance, problem) => {
      expect(await refused(control.setBalance(HK, balance))).toMatch(problem);
      expect(await control.wallets()).toEqual([]);
    });

    it('are refused for markets and keys that the sandbox does not have', async () => {
      expect(await refused(control.setBalance({ market: 'XX' }, '1'))).toBe('The sandbox does not serve a market XX.');
      expect(await refused(control.setBalance({ market: 'HK', apiKey: 'pk_test_no' }, '1'))).toBe(
        'The sandbox has no account pk_test_no.',
      );
    });
  });

  describe('faults', () => {
    it('wait in their order, strike as often as they are told, and are gone', async () => {
      const first = await control.addFault({ call: 'getCities', times: 2, answer: { status: 418, body: 'tea' } });
      const second = await control.addFault({ answer: { code: 'LALAMOVE_SERVER_ERROR' } });
      expect(await control.faults()).toEqual([first, second]);
      expect(first).toEqual({
        id: expect.any(String),
        left: 2,
        call: 'getCities',
        times: 2,
        answer: { status: 418, body: 'tea' },
      });
      expect(second.left).toBe(1);
      const cities = async (): Promise<number> => (await scene.call('GET', '/v3/cities')).status;
      expect(await cities()).toBe(418);
      expect(await control.faults()).toMatchObject([{ id: first.id, left: 1 }, { id: second.id }]);
      expect([await cities(), await cities(), await cities()]).toEqual([418, 500, 200]);
      expect(await control.faults()).toEqual([]);
    });

    it('are taken back, one or all', async () => {
      const [first, second, third] = [
        await control.addFault({ answer: 'reset', times: 'always' }),
        await control.addFault({ webhook: 'lost', event: 'ORDER_CREATED' }),
        await control.addFault({ answer: 'hang' }),
      ];
      await control.removeFault(second.id);
      expect(await control.faults()).toEqual([first, third]);
      expect(await refused(control.removeFault(second.id))).toBe(`The sandbox has no fault ${second.id}.`);
      await control.clearFaults();
      expect(await control.faults()).toEqual([]);
      expect((await scene.call('GET', '/v3/cities')).status).toBe(200);
    });

    it('are refused where they cannot be', async () => {
      expect(await refused(control.addFault({ times: 0 }))).toMatch(/times must be/);
      expect(await refused(control.addFault({ probability: 1.5 }))).toMatch(/probability must be/);
      expect(await refused(control.addFault({ latencyMs: -1 }))).toMatch(/latencyMs must be/);
      expect(await refused(control.addFault({ work: 'late', lateBy: 'soon' }))).toMatch(/no length of time/);
      expect(await control.faults()).toEqual([]);
    });
  });

  it('takes every id for what it is: none of them means another thing, or everything', async () => {
    const orderId = await scene.book();
    const fault = await control.addFault({ answer: 'hang', call: 'getDriver' });
    const mistaken: string[] = [];
    for (const id of ['', '.', '..', '../..', 'a/b', '%2e', '?', '#', 'ö']) {
      const ends = {
        removeFault: await endOf(control.removeFault(id)),
        order: await endOf(control.order(id)),
        moveOrder: await endOf(control.moveOrder(id, 'ON_GOING')),
        resend: await endOf(control.resend(id)),
        restore: await endOf(control.restore(id)),
      };
      for (const [method, end] of Object.entries(ends)) {
        const isRight = end instanceof SandboxControlError && /^The sandbox has .*no /.test(end.message);
        if (!isRight) mistaken.push(`${method}(${JSON.stringify(id)})`);
      }
    }
    expect(mistaken).toEqual([]);
    expect(await control.faults()).toEqual([fault]);
    expect((await control.orders()).map(({ order }) => order.orderId)).toEqual([orderId]);
  });

  it('refuses connections for as long as it is told, and then is there again', async () => {
    const { port } = new URL(sandbox.url);
    const isThere = (): Promise<boolean> =>
      new Promise((resolve, reject) => {
        const socket = connect(Number(port), '127.0.0.1', () => {
          socket.destroy();
          resolve(true);
        });
        socket.on('error', (error: NodeJS.ErrnoException) => {
          if (error.code === 'ECONNREFUSED') resolve(false);
          else reject(error);
        });
      });
    expect(await isThere()).toBe(true);
    await control.refuseConnections(60_000);
    await turn();
    expect(await isThere()).toBe(false);
    // The second time replaces the first.
    await sandbox.control.refuseConnections(1);
    await turn();
    while (!(await isThere())) await turn();
    for (const forMs of [0, -1, Number.NaN, 2 ** 31]) {
      expect(await refused(control.refuseConnections(forMs))).toMatch(/a number of ms/);
    }
    expect(await isThere()).toBe(true);
  });

  it('stops in peace while it refuses connections, or is about to', async () => {
    await control.refuseConnections(60_000);
    await sandbox.stop();
    await turn();
    await turn();
  });

  describe('webhooks', () => {
    const told = (): { eventId: string; eventType: string; data: unknown; timestamp: number; signature: string }[] =>
      scene.receiver.bodies.map((body) => JSON.parse(body) as ReturnType<typeof told>[number]);

    it('are shown with each attempt, until Lalamove would give the URL up', async () => {
      await scene.registerWebhooks();
      await control.addFault({ webhook: 'lost', event: 'WALLET_BALANCE_CHANGED' });
      const orderId = await scene.book();
      await control.advance(0);
      const url = { apiKey: sandbox.apiKey, market: 'HK', url: scene.hooks, isDisabled: false };
      const at = '2026-11-22T08:00:00.000Z';
      const created = { eventType: 'ORDER_CREATED', orderId, market: 'HK', apiKey: sandbox.apiKey, occurredAt: at };
      expect(await control.webhooks()).toMatchObject({
        urls: [url],
        events: [
          { eventType: 'WALLET_BALANCE_CHANGED', state: 'lost', attempts: [] },
          { ...created, state: 'delivered', attempts: [{ at, status: 200 }] },
          { ...created, eventType: 'ORDER_STATUS_CHANGED', state: 'delivered', attempts: [{ at, status: 200 }] },
        ],
      });
      scene.receiver.status = 503;
      await control.moveOrder(orderId, 'EXPIRED');
      await control.advance(0);
      expect((await control.webhooks()).events[3]).toMatchObject({ state: 'pending', attempts: [{ at, status: 503 }] });
      await control.advance('1m');
      const { urls, events } = await control.webhooks();
      expect(urls).toEqual([{ ...url, isDisabled: true }]);
      expect(events[3]).toMatchObject({
        eventType: 'ORDER_STATUS_CHANGED',
        state: 'abandoned',
        attempts: [{ at }, { at: '2026-11-22T08:01:00.000Z', status: 503 }],
      });
      await scene.registerWebhooks();
      expect((await control.webhooks()).urls).toEqual([{ ...url, isDisabled: true }]);
      scene.receiver.status = 200;
      await scene.registerWebhooks();
      expect((await control.webhooks()).urls).toEqual([url]);
    });

    it('of any type and content are sent, signed, to the URL of an account', async () => {
      await scene.registerWebhooks({ ...OTHER, market: 'SG' });
      const data = { driver: { mood: 'märchenhaft 🚚' }, updatedAt: 'never' };
      await control.sendEvent({ market: 'sg', apiKey: OTHER.apiKey }, 'DRIVER_SANG', data);
      await control.advance(0);
      const [event] = told();
      expect(event).toMatchObject({ apiKey: OTHER.apiKey, eventType: 'DRIVER_SANG', eventVersion: 'v3', data });
      const signature = createHmac('sha256', OTHER.apiSecret)
        .update(`${event?.timestamp ?? ''}\r\nPOST\r\n/hooks\r\n\r\n${JSON.stringify(data)}`)
        .digest('hex');
      expect(event?.signature).toBe(signature);
      expect(await refused(control.sendEvent({ market: 'XX' }, 'A', {}))).toMatch(/market XX/);
      expect(await refused(control.sendEvent({ market: 'HK', apiKey: 'no' }, 'A', {}))).toMatch(/no account no/);
      expect(await refused(control.sendEvent(HK, '', {}))).toMatch(/"eventType"/);
    });

    it('are sent again under their own ids', async () => {
      await scene.registerWebhooks();
      await scene.book();
      await control.advance('1s');
      const [first] = told();
      await control.resend(first?.eventId ?? '');
      await control.advance(0);
      expect(told().at(-1)).toMatchObject({ eventId: first?.eventId, data: first?.data });
      expect((await control.webhooks()).events[0]).toMatchObject({
        state: 'delivered',
        attempts: [{}, { status: 200 }],
      });
      expect(await refused(control.resend('no-such-event'))).toBe('The sandbox has sent no event no-such-event.');
    });
  });

  describe('requests', () => {
    /** The `Authorization` that a call should have. */
    const right = (): string => {
      const timestamp = String(sandbox.clock.now());
      const signature = createHmac('sha256', sandbox.apiSecret)
        .update(`${timestamp}\r\nGET\r\n/v3/cities?a=b\r\n\r\n`)
        .digest('hex');
      return `hmac ${sandbox.apiKey}:${timestamp}:${signature}`;
    };

    it.each<[string, (authorization: string) => string | undefined]>([
      ['right', (authorization) => authorization],
      ['no Authorization header', () => undefined],
      ['malformed Authorization header', (authorization) => authorization.replace('hmac', 'Bearer')],
      ['malformed Authorization header', (authorization) => authorization.toUpperCase()],
      ['malformed Authorization header', (authorization) => authorization.replace(/\d{3}:/, ':')],
      ['malformed Authorization header', () => ''],
      ['unknown key', (authorization) => authorization.replace('sandbox', 'stranger')],
      ['wrong signature', (authorization) => authorization.replace(/[0-9a-f]{64}$/, '0'.repeat(64))],
      ['wrong signature', (authorization) => authorization.replace(sandbox.apiKey, OTHER.apiKey)],
    ])('have a verdict on their signature: %s', async (verdict, authorizationOf) => {
      const authorization = authorizationOf(right());
      const headers = { market: 'HK', ...(authorization !== undefined && { authorization }) };
      const { status } = await fetch(`${sandbox.url}/v3/cities?a=b`, { headers });
      const isRight = verdict === 'right';
      expect(status).toBe(isRight ? 200 : 401);
      const [seen] = await control.requests();
      expect(seen).toMatchObject({
        number: 1,
        at: sandbox.clock.now(),
        method: 'GET',
        path: '/v3/cities?a=b',
        operation: 'getCities',
        signed: isRight,
        verdict,
        answer: { status },
      });
      expect(seen?.apiKey).toBe(isRight ? sandbox.apiKey : undefined);
      expect((await control.log())[0]).toMatchObject({ kind: 'request', number: 1, verdict });
    });

    it('are shown as they travelled, and without an answer where they got none', async () => {
      await control.addFault({ answer: 'reset' });
      expect(await endOf(scene.call('POST', '/v3/elsewhere', { text: '“ü”' }))).toMatchObject({ name: 'TypeError' });
      const [seen] = await control.requests();
      expect(seen).toMatchObject({ body: '{"data":{"text":"“ü”"}}', headers: { market: 'HK' }, address: '127.0.0.1' });
      expect(seen?.rawHeaders).toContain('HK');
      expect(seen).not.toHaveProperty('answer');
      expect(seen).not.toHaveProperty('operation');
    });
  });

  describe('the log', () => {
    it('tells requests, answers, events, faults and commands, numbered without gaps', async () => {
      await scene.registerWebhooks();
      await control.addFault({ call: 'placeOrder', answer: { code: 'ERR_INVALID_FIELD' } });
      await scene.order(await scene.quote());
      const orderId = await scene.book();
      await control.advance(0);
      const lines = await control.log();
      expect(lines.map(({ seq }) => seq)).toEqual(lines.map((__, index) => index + 1));
      expect(new Set(lines.map(({ at }) => at))).toEqual(new Set(['2026-11-22T08:00:00.000Z']));
      expect(lines.map(({ kind }) => kind)).toEqual(
        expect.arrayContaining(['request', 'answer', 'control', 'fault', 'event', 'webhook']),
      );
      expect(lines).toContainEqual(expect.objectContaining({ kind: 'control', what: 'POST /_sandbox/faults' }));
      expect(lines).toContainEqual(expect.objectContaining({ kind: 'answer', status: 422, code: 'ERR_INVALID_FIELD' }));
      expect(lines).toContainEqual(
        expect.objectContaining({
          kind: 'event',
          type: 'ORDER_CREATED',
          market: 'HK',
          orderId,
          now: 'ASSIGNING_DRIVER',
        }),
      );
    });
  });

  describe('a watcher', () => {
    let watching: number;

    /** Counts who follows the log. */
    beforeEach(() => {
      watching = 0;
      const spied = jest.spyOn(SandboxLog.prototype, 'follow');
      const follow = spied.getMockImplementation();
      spied.mockImplementation(function (this: SandboxLog, heard) {
        watching += 1;
        const leave = follow?.call(this, heard);
        return () => {
          watching -= 1;
          leave?.();
        };
      });
    });

    afterEach(() => {
      jest.restoreAllMocks();
    });

    /** Resolves when nobody follows the log any more; a watcher elsewhere takes a moment to be gone. */
    const nobodyIsLeft = async (): Promise<void> => {
      while (watching > 0) await turn();
      expect(watching).toBe(0);
    };

    const say = (balance: number): Promise<unknown> => sandbox.control.setBalance(HK, String(balance));

    it('hears what happens from now on, live, and nothing from before', async () => {
      await say(1);
      const ends = new AbortController();
      const lines = control.watch({ signal: ends.signal })[Symbol.asyncIterator]();
      const state = { isHeard: false };
      const heard = lines.next().finally(() => (state.isHeard = true));
      // Over the wire it takes a moment until somebody listens.
      for (let balance = 2; !state.isHeard; balance += 1) {
        await say(balance);
        await turn();
      }
      const { value } = (await heard) as { value: SandboxLogEntry };
      const all = await sandbox.control.log();
      expect(value.seq).toBeGreaterThan(2);
      expect(all).toContainEqual(value);
      expect(await lines.next()).toEqual({ done: false, value: all.find(({ seq }) => seq === value.seq + 1) });
      ends.abort();
      for (;;) if ((await lines.next()).done) break;
      await nobodyIsLeft();
    });

    it('hears every line after `since`, those from before and those to come, once', async () => {
      await say(1);
      await say(2);
      const all = (): Promise<SandboxLogEntry[]> => sandbox.control.log();
      const [first] = await all();
      const lines = control.watch({ since: first?.seq ?? 0 })[Symbol.asyncIterator]();
      const heard: unknown[] = [];
      for (let balance = 3; balance < 8; balance += 1) {
        for (let line = 0; line < 2; line += 1) heard.push((await lines.next()).value);
        await say(balance);
      }
      expect(heard).toEqual((await all()).slice(1, 11));
      await lines.return?.();
      await nobodyIsLeft();
    });

    it('ends with its signal while it waits', async () => {
      await say(1);
      const ends = new AbortController();
      const heard: number[] = [];
      const over = (async () => {
        for await (const { seq } of control.watch({ since: 0, signal: ends.signal })) heard.push(seq);
      })();
      while (heard.length < 2) await turn();
      ends.abort();
      await over;
      await say(2);
      expect(heard).toEqual([1, 2]);
      await nobodyIsLeft();
    });

    it('ends with its signal before anything has come', async () => {
      const ends = new AbortController();
      const over = firstOf(control.watch({ signal: ends.signal }), 1);
      ends.abort();
      expect(await over).toEqual([]);
      await nobodyIsLeft();
    });

    it('does not begin where its signal has come before it', async () => {
      await say(1);
      expect(await firstOf(control.watch({ since: 0, signal: AbortSignal.abort() }), 1)).toEqual([]);
      await nobodyIsLeft();
    });

    it('ends with its signal in mid-stream: what was to come is not handed out any more', async () => {
      for (let balance = 1; balance < 6; balance += 1) await say(balance);
      const ends = new AbortController();
      const heard: number[] = [];
      for await (const { seq } of control.watch({ since: 0, signal: ends.signal })) {
        heard.push(seq);
        if (seq === 2) ends.abort();
      }
      expect(heard).toEqual([1, 2]);
      await nobodyIsLeft();
    });

    it('is gone when its loop is left', async () => {
      await say(1);
      await firstOf(control.watch({ since: 0 }), 1);
      await nobodyIsLeft();
      const failing = (async () => {
        for await (const { seq } of control.watch({ since: 0 })) throw new Error(`no more than ${seq}`);
      })();
      expect(await failureOf(failing)).toMatchObject({ message: 'no more than 1' });
      await nobodyIsLeft();
    });

    it('is one of many, who all hear the same', async () => {
      const ends = new AbortController();
      const heard = Array.from({ length: 5 }, () => firstOf(control.watch({ since: 0, signal: ends.signal }), 6));
      for (let balance = 1; balance < 4; balance += 1) await say(balance);
      const all = (await sandbox.control.log()).slice(0, 6);
      expect(await Promise.all(heard)).toEqual([all, all, all, all, all]);
      await nobodyIsLeft();
    });

    it('is not left waiting for ever when the sandbox stops, or has stopped', async () => {
      await say(1);
      const lines = control.watch({ since: 0 })[Symbol.asyncIterator]();
      await lines.next();
      await lines.next();
      const waiting = endOf(lines.next());
      await sandbox.stop();
      const state = { isOver: false };
      const over = Promise.all([waiting, endOf(firstOf(control.watch(), 1))]);
      void over.then(() => (state.isOver = true));
      for (let turns = 0; turns < 1000 && !state.isOver; turns += 1) await turn();
      expect(state.isOver).toBe(true);
    });
  });

  describe('the ledger', () => {
    const idle = { orderIds: [], live: [], completed: [], spent: {} };

    it('adds nothing up to nothing', async () => {
      expect(await control.ledger()).toEqual({ total: idle, byQuotation: {}, byMetadata: {} });
    });

    it('adds up what is live, what is completed, and what was spent: in all, by quotation and by metadata', async () => {
      const quotation = await scene.quote();
      const metadata = { reference: 'A-1', shop: 'Central' };
      for (let times = 0; times < 3; times += 1) await scene.order(quotation, { metadata });
      const [first = '', second = '', third = ''] = (await control.orders()).map(({ order }) => order.orderId);
      const other = await scene.book({ metadata: { reference: 'A-2', shop: 'Central' } });
      for (const status of ['ON_GOING', 'PICKED_UP', 'COMPLETED']) await control.moveOrder(first, status);
      await control.moveOrder(second, 'CANCELED');
      const { total, byQuotation, byMetadata } = await control.ledger();
      const price = Number((await control.order(first)).spent);
      const spent = (orders: number): object => ({ HKD: String(price * orders) });
      const thrice = { orderIds: [first, second, third], live: [third], completed: [first], spent: spent(2) };
      const all = {
        orderIds: [first, second, third, other],
        live: [third, other],
        completed: [first],
        spent: spent(3),
      };
      expect(total).toEqual(all);
      expect(byQuotation).toEqual({
        [quotation.quotationId]: thrice,
        [(await control.order(other)).order.quotationId]: {
          orderIds: [other],
          live: [other],
          completed: [],
          spent: spent(1),
        },
      });
      expect(byMetadata).toEqual({
        reference: { 'A-1': thrice, 'A-2': { orderIds: [other], live: [other], completed: [], spent: spent(1) } },
        shop: { Central: all },
      });
    });

    it('adds each currency up for itself', async () => {
      const [first, second] = [await scene.book(), await scene.book({}, { market: 'SG' })];
      const { spent } = (await control.ledger()).total;
      expect(spent).toEqual({ HKD: (await control.order(first)).spent, SGD: (await control.order(second)).spent });
      expect(spent.SGD).toMatch(/^\d+\.\d$/);
      await control.moveOrder(second, 'CANCELED');
      expect((await control.ledger()).total.spent).toEqual({ HKD: spent.HKD, SGD: '0.0' });
    });

    it('takes any word for a key and a value like any other, also after a restore', async () => {
      const names = ['42', '__proto__', 'constructor', 'toString', 'hasOwnProperty', ''];
      const orderId = await scene.book({ metadata: Object.fromEntries(names.map((name) => [name, name])) });
      await control.restore(await control.snapshot());
      const { byMetadata } = await control.ledger();
      expect(Object.keys(byMetadata)).toEqual(names);
      for (const [name, byValue] of Object.entries(byMetadata)) {
        expect(Object.entries(byValue)).toEqual([[name, expect.objectContaining({ live: [orderId] })]]);
      }
    });
  });

  describe('a snapshot', () => {
    /** A course of things that chance, time and what was to come all have a part in; every answer, and all that can be seen after it. */
    async function live({ orderId, quotation }: { orderId: string; quotation: Quoted }): Promise<unknown> {
      const answers: Answer[] = [];
      const step = async (answer: Promise<Answer>): Promise<void> => {
        answers.push(await answer);
        await sandbox.advance(0);
      };
      const from = scene.receiver.bodies.length;
      for (let minute = 0; minute < 2; minute += 1) {
        await step(scene.order(quotation, { metadata: { reference: `B-${minute}` } }));
        await step(scene.call('GET', `/v3/orders/${orderId}`));
        await step(scene.call('POST', '/v3/orders/1/priority-fee', { priorityFee: '20' }));
        await step(scene.call('GET', '/v3/cities'));
        await sandbox.advance('1m');
      }
      await sandbox.advance('3h');
      await step(scene.call('GET', `/v3/orders/${orderId}`));
      const seen = await Promise.all([
        control.clock(),
        control.orders(),
        control.wallets(),
        control.ledger(),
        control.faults(),
        control.webhooks(),
      ]);
      return { answers, seen, bodies: scene.receiver.bodies.slice(from) };
    }

    /** A world with much to come: couriers on their way, a retry, an order that will be carried out late, faults by chance. */
    async function prepared(): Promise<{ orderId: string; quotation: Quoted }> {
      await control.setDrivers('mixed');
      await scene.registerWebhooks();
      const orderId = await scene.book({ isPODEnabled: true });
      await scene.book();
      const quotation = await scene.quote();
      await control.addFault({
        call: 'placeOrder',
        work: 'late',
        lateBy: '3m',
        answer: { code: 'LALAMOVE_SERVER_ERROR' },
      });
      await scene.order(quotation);
      scene.receiver.status = 500;
      await control.advance('35s');
      scene.receiver.status = 200;
      await control.addFault({ call: 'getCities', times: 2, answer: { status: 418, body: 'tea' } });
      await control.addFault({ probability: 0.3, times: 'always', answer: { code: 'LALAMOVE_SERVER_ERROR' } });
      await control.addFault({ webhook: 'doubled', probability: 0.5, times: 'always' });
      return { orderId, quotation };
    }

    it('puts everything back: the same requests get the same answers again, and again', async () => {
      const known = await prepared();
      const before = await control.orders();
      const id = await control.snapshot();
      const first = await live(known);
      expect(JSON.stringify(first)).toContain('COMPLETED');
      await control.setBalance(HK, '0');
      await control.setDrivers('still');
      await control.clearFaults();
      await control.restore(id);
      expect(await control.orders()).toEqual(before);
      expect(await control.clock()).toEqual({ now: '2026-11-22T08:00:35.000Z', speed: 0 });
      expect(await live(known)).toEqual(first);
      await control.restore(id);
      expect(await live(known)).toEqual(first);
    });

    it('leaves requests and log alone', async () => {
      const id = await control.snapshot();
      await scene.book();
      await control.restore(id);
      expect(await control.requests()).toHaveLength(2);
      const lines = await control.log();
      expect(lines.map(({ seq }) => seq)).toEqual(lines.map((__, index) => index + 1));
      expect(lines.at(-1)).toMatchObject({ kind: 'control', what: `POST /_sandbox/snapshots/${id}/restore` });
    });

    it('is one of many', async () => {
      const empty = await control.snapshot();
      const orderId = await scene.book();
      const one = await control.snapshot();
      await scene.book();
      expect(one).not.toBe(empty);
      await control.restore(empty);
      expect(await control.orders()).toEqual([]);
      await control.restore(one);
      expect((await control.orders()).map(({ order }) => order.orderId)).toEqual([orderId]);
    });

    it('is refused where there is none', async () => {
      expect(await refused(control.restore('snapshot-1'))).toBe('The sandbox has no snapshot snapshot-1.');
    });
  });

  it('forgets everything; ids go on', async () => {
    await liveALittle();
    await control.setDrivers('prompt');
    const quoted = await scene.quote();
    const orderId = await scene.book();
    const { driverId } = (await control.moveOrder(orderId, 'ON_GOING')).order;
    const id = await control.snapshot();
    const last = (await control.log()).at(-1)?.seq ?? 0;
    await control.clear();
    expect(await Promise.all([control.orders(), control.wallets(), control.faults(), control.requests()])).toEqual([
      [],
      [],
      [],
      [],
    ]);
    expect(await control.webhooks()).toEqual({ urls: [], events: [] });
    expect((await control.ledger()).total.orderIds).toEqual([]);
    expect(await control.log()).toEqual([]);
    expect(await refused(control.restore(id))).toMatch(/no snapshot/);
    expect(await refused(control.order(orderId))).toMatch(/no order/);
    expect((await scene.order(quoted)).body).toContain('ERR_INVALID_QUOTATION_ID');
    const sent = scene.receiver.bodies.length;
    await sandbox.advance('1d');
    expect(scene.receiver.bodies).toHaveLength(sent);
    expect((await control.log()).filter(({ kind }) => kind === 'event' || kind === 'webhook')).toEqual([]);
    const next = await scene.book();
    expect(BigInt(next)).toBeGreaterThan(BigInt(orderId));
    const after = await control.moveOrder(next, 'ON_GOING');
    expect(Number(after.order.driverId)).toBeGreaterThan(Number(driverId));
    expect((await control.log())[0]?.seq).toBeGreaterThan(last);
  });
});

describe('SandboxControl.connect', () => {
  const KNOWN: Known = { orderId: '1', eventId: '2', faultId: '3', snapshotId: '4' };

  it.each<[string, number, string, string]>([
    ['no API at all', 404, 'text/html', '<html>Not Found</html>'],
    ['a page for everything', 200, 'text/html', '<html></html>'],
    ['another API', 404, 'application/json', '{"message":"Cannot GET it","statusCode":404}'],
    ['an API that is content with everything', 200, 'application/json', '{}'],
  ])('meets %s, and every method says so', async (_, status, type, body) => {
    const server = await RawServer.start((socket) => {
      socket.end(http(status, body, { 'content-type': type }));
    });
    const control = SandboxControl.connect(server.url);
    const mistaken: string[] = [];
    for (const [method, ask] of Object.entries(CALLS)) {
      const end = await endOf(ask(control, KNOWN));
      const isClear = end instanceof SandboxControlError && /sandbox|Cannot GET it/.test(end.message);
      if (!isClear || end.status !== status) mistaken.push(method);
    }
    await server.stop();
    expect(mistaken).toEqual([]);
  });

  it('says where nobody listens', async () => {
    const { url } = sandbox;
    await sandbox.stop();
    for (const ask of [CALLS.ledger, CALLS.clear, CALLS.watch]) {
      const end = await endOf(ask(SandboxControl.connect(url), KNOWN));
      expect(end).toMatchObject({ message: expect.stringContaining(url) });
    }
  });
});

const answerTo = (outgoing: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    outgoing.on('response', resolve).on('error', reject);
  });

/** A request by its bytes, with headers that `fetch` would not send. */
async function ask(
  method: string,
  path: string,
  { body = '', headers = {} }: { body?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number | undefined; headers: IncomingHttpHeaders; body: string }> {
  const type = method === 'GET' ? {} : { 'content-type': 'application/json' };
  const outgoing = request(sandbox.url + path, { method, agent: false, headers: { ...type, ...headers } });
  outgoing.end(body);
  const response = await answerTo(outgoing);
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, headers: response.headers, body: text };
}

describe('/_sandbox', () => {
  it('tells what this sandbox is', async () => {
    const { status, headers, body } = await ask('GET', '/_sandbox');
    expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(JSON.parse(body)).toMatchObject({
      apiKeys: [sandbox.apiKey, OTHER.apiKey],
      time: { now: '2026-11-22T08:00:00.000Z', speed: 0 },
      drivers: 'still',
      unknowns: { reorderedQuotation: 'allowed' },
      counts: { orders: 0, quotations: 0, requests: 0 },
    });
    expect(JSON.parse((await ask('GET', '/_sandbox/')).body)).toEqual(JSON.parse(body));
  });

  it.each([
    ['GET', '/_sandbox/nothing', 404, /no GET \/_sandbox\/nothing/],
    ['DELETE', '/_sandbox/ledger', 404, /no DELETE \/_sandbox\/ledger/],
    ['POST', '/_sandbox/orders/1', 404, /no POST/],
    ['GET', '/_sandbox/orders/%zz', 400, /no order %zz/],
    ['GET', '/_sandboxes', 404, /\S/],
    ['OPTIONS', '/_sandbox/orders', 404, /no OPTIONS/],
  ])('answers %s %s with %d and a message', async (method, path, status, message) => {
    const answer = await ask(method, path);
    expect(answer.status).toBe(status);
    const { message: told } = JSON.parse(answer.body) as { message: string };
    expect(told).toMatch(message);
  });

  it.each(['{', '[]', '1', '"text"', 'null', '{"by":"1h"} '.repeat(2)])('takes no body %j', async (body) => {
    const answer = await ask('POST', '/_sandbox/clock/advance', { body });
    expect([answer.status, answer.body]).toEqual([400, '{"message":"The body must be a JSON object."}\n']);
  });

  it.each([
    ['PUT', '/clock', {}],
    ['PUT', '/clock', { speed: '1' }],
    ['POST', '/clock/advance', {}],
    ['POST', '/clock/advance', { by: null }],
    ['PUT', '/drivers', { script: 'nonsense' }],
    ['PUT', '/drivers', { script: [{ do: 'dance' }] }],
    ['PUT', '/drivers', { script: [{ do: 'accept', after: null }] }],
    ['PUT', '/drivers', { script: [null] }],
    ['PUT', '/drivers', {}],
    ['PUT', '/wallets', { market: 'HK' }],
    ['PUT', '/wallets', { market: 'HK', balance: 5 }],
    ['PUT', '/wallets', { market: 5, balance: '5' }],
    ['PUT', '/wallets', { market: 'HK', apiKey: 5, balance: '5' }],
    ['POST', '/faults', { nonsense: 1 }],
    ['POST', '/faults', { call: 5 }],
    ['POST', '/faults', { call: null }],
    ['POST', '/faults', { call: ['no such call'] }],
    ['POST', '/faults', { work: 'half' }],
    ['POST', '/faults', { answer: 'silence' }],
    ['POST', '/faults', { answer: { code: 'ERR_NO_SUCH_CODE' } }],
    ['POST', '/faults', { answer: { code: 'ERR_INVALID_FIELD', headers: { 'no header': 'x' } } }],
    ['POST', '/faults', { answer: { status: 200, body: '', headers: { a: 'line\nbreak' } } }],
    ['POST', '/faults', { answer: { status: 200, body: '', headers: { a: {} } } }],
    ['POST', '/faults', { webhook: 'eaten' }],
    ['POST', '/faults', { webhook: 'lost', event: 5 }],
    ['POST', '/faults', { webhook: 'lost', event: [5] }],
    ['POST', '/faults', { webhook: 'lost', orderId: 5 }],
    ['POST', '/faults', { webhook: 'delayed', delay: 'soon' }],
    ['POST', '/refuse', {}],
    ['POST', '/webhooks', { market: 'HK' }],
    ['POST', '/webhooks', { market: 'HK', eventType: 5 }],
  ])('refuses %s %s %j with a message', async (method, path, body) => {
    const answer = await ask(method, `/_sandbox${path}`, { body: JSON.stringify(body) });
    expect([answer.status, answer.body]).toEqual([400, expect.stringMatching(/^\{"message":".*\w{3}/)]);
  });

  it.each([undefined, 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'takes no content of type %j, which a page could send unasked',
    async (type) => {
      const response = await fetch(`${sandbox.url}/_sandbox/faults`, {
        method: 'POST',
        ...(type !== undefined && { headers: { 'content-type': type } }),
        body: new TextEncoder().encode('{"answer":"reset"}'),
      });
      expect([response.status, await response.json()]).toEqual([415, { message: expect.any(String) }]);
      expect((await fetch(`${sandbox.url}/_sandbox`, { method: 'DELETE' })).status).toBe(415);
      expect(await sandbox.control.faults()).toEqual([]);
    },
  );

  it('takes JSON with a charset', async () => {
    const headers = { 'content-type': 'application/json; charset=UTF-8' };
    expect((await ask('POST', '/_sandbox/clock/advance', { headers, body: '{"by":"1s"}' })).status).toBe(200);
  });

  it.each(['evil.example', 'evil.example:80', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', '127.1'])(
    'is not reached by the name %j, which a page could point here',
    async (host) => {
      for (const path of ['/_sandbox/ledger', '/_sandbox/events']) {
        const answer = await ask('GET', path, { headers: { host } });
        expect([answer.status, JSON.parse(answer.body)]).toEqual([
          403,
          { message: expect.stringContaining('localhost') },
        ]);
      }
      const moved = await ask('POST', '/_sandbox/clock/advance', { headers: { host }, body: '{"by":"1h"}' });
      expect(moved.status).toBe(403);
      expect(sandbox.clock.now()).toBe(Date.parse('2026-11-22T08:00:00Z'));
    },
  );

  it.each(['localhost', 'localhost:4010', '127.0.0.1', '127.0.0.2:80', '[::1]:4010'])(
    'is reached by the name %j',
    async (host) => {
      expect((await ask('GET', '/_sandbox/ledger', { headers: { host } })).status).toBe(200);
    },
  );

  it('is reached by any name where it was told to listen beyond this machine', async () => {
    const open = await LalamoveSandbox.start({ host: '0.0.0.0' });
    const { port } = new URL(open.url);
    const outgoing = request(`http://127.0.0.1:${port}/_sandbox/ledger`, { headers: { host: 'sandbox:4010' } }).end();
    const response = await answerTo(outgoing);
    expect(response.resume().statusCode).toBe(200);
    await open.stop();
  });

  it('lets no page of another origin read it', async () => {
    const headers = { origin: 'https://evil.example' };
    const preflight = { ...headers, 'access-control-request-method': 'POST' };
    const answers = [
      await ask('GET', '/_sandbox/ledger', { headers }),
      await ask('POST', '/_sandbox/clock/advance', { headers, body: '{"by":"1s"}' }),
      await ask('OPTIONS', '/_sandbox/clock/advance', { headers: preflight }),
    ];
    for (const answer of answers) {
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(answer.headers['cache-control']).toBe('no-store');
    }
  });

  it('refuses a body that is too long with 413, and goes on', async () => {
    const body = JSON.stringify({ by: 'x'.repeat(1_000_000) });
    const answer = await ask('POST', '/_sandbox/clock/advance', { body });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([413, { message: expect.stringContaining('1000000') }]);
    expect((await ask('GET', '/_sandbox/clock')).status).toBe(200);
  });

  it('lets a client that reads no answer before it has sent everything send everything', async () => {
    const { port, host } = new URL(sandbox.url);
    const head = `PUT /_sandbox/drivers HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n`;
    const socket = connect(Number(port), '127.0.0.1').pause();
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.write(`${head}content-length: 20000000\r\n\r\n${'x'.repeat(20_000_000)}`, () => {
        resolve();
      });
    });
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1.1 413 /);
  });

  /** The first events of the stream, as text. */
  async function events(count: number, path: string, headers: Record<string, string> = {}): Promise<string[]> {
    const ends = new AbortController();
    const response = await fetch(sandbox.url + path, { headers, signal: ends.signal });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
    });
    expect(response.headers.has('access-control-allow-origin')).toBe(false);
    let text = '';
    const blocks = (): string[] =>
      text
        .split('\n\n')
        .slice(0, -1)
        .filter((block) => !block.startsWith(':'));
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    while (blocks().length < count) text += (await reader?.read())?.value ?? '';
    ends.abort();
    return blocks();
  }

  it('streams the log as server-sent events', async () => {
    await sandbox.control.setBalance(HK, '1');
    const lines = await sandbox.control.log();
    const written = lines.map((line) => `id: ${line.seq}\nevent: ${line.kind}\ndata: ${JSON.stringify(line)}`);
    expect(written).toHaveLength(2);
    expect(await events(2, '/_sandbox/events?since=0')).toEqual(written);
    expect(await events(1, '/_sandbox/events?since=1')).toEqual(written.slice(1));
    expect(await events(1, '/_sandbox/events', { 'last-event-id': '1' })).toEqual(written.slice(1));
    // What a browser knows after it has lost the connection goes before what its page once asked for.
    expect(await events(1, '/_sandbox/events?since=0', { 'last-event-id': '1' })).toEqual(written.slice(1));
  });
});
