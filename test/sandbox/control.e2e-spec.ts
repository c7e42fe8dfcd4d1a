import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { LalamoveSandbox, SandboxControl, SandboxControlError } from 'nestjs-lalamove/sandbox';
import { http, RawServer } from '../support/raw-server.js';
import { OTHER, endOf, turn, Scene, statusOf, firstOf, type Known, HK, refused, CONTROLS } from './control-scene.js';

/** Overwrites all members of a returned value, to test that it is a copy. */
function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    const member: unknown = Reflect.get(value, key);
    spoil(member);
    Reflect.set(value, key, 'spoilt');
  }
}

type Method = keyof SandboxControl;

/** A valid call of every method. The last two must come last, because they delete the state or refuse connections. */
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

/** Methods that only read. */
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

const scene = new Scene();

beforeEach(() => scene.start());

afterEach(() => scene.stop());

it('refuses options that it does not have', async () => {
  const options = JSON.parse('{ "driver": "prompt", "rateLimit": false }') as object;
  await expect(LalamoveSandbox.start(options)).rejects.toThrow(/has no option driver, rateLimit: it has port, host/);
});

it('returns the ledger line of one reference, also if nothing was booked', async () => {
  expect(scene.sandbox.ledgerFor({ reference: 'A-1' })).toEqual({ orderIds: [], live: [], completed: [], spent: {} });
  const orderId = await scene.book({ metadata: { reference: 'A-1', shop: 'east' } });
  await scene.book({ metadata: { reference: 'A-2', shop: 'east' } });
  expect(await scene.sandbox.control.ledgerFor({ reference: 'A-1', shop: 'east' })).toMatchObject({ live: [orderId] });
  expect(scene.sandbox.ledgerFor({ reference: 'A-1', shop: 'west' }).live).toEqual([]);
  expect(scene.sandbox.ledgerFor({ shop: 'east' }).live).toHaveLength(2);
  expect(scene.sandbox.ledgerFor({ constructor: 'x' }).live).toEqual([]);
});

it('has no method that these tests do not cover', () => {
  const methods = Object.getOwnPropertyNames(SandboxControl.prototype).filter((name) => name !== 'constructor');
  expect(Object.keys(CALLS).sort()).toEqual(methods.sort());
});

it('returns the same in process and over HTTP', async () => {
  const known = await scene.populate();
  const remote = SandboxControl.connect(`${scene.sandbox.url}/`);
  for (const reading of READINGS) {
    expect(await CALLS[reading](remote, known)).toEqual(await CALLS[reading](scene.sandbox.control, known));
  }
});

describe.each(CONTROLS)('SandboxControl, %s', (_, controlOf) => {
  let control: SandboxControl;

  beforeEach(() => {
    control = controlOf(scene.sandbox);
  });

  it('never returns a secret', async () => {
    const known = await scene.populate();
    for (const [method, callMethod] of Object.entries(CALLS)) {
      const answer = JSON.stringify((await callMethod(control, known)) ?? null);
      expect([method, answer.includes(scene.sandbox.apiSecret), answer.includes(OTHER.apiSecret)]).toEqual([
        method,
        false,
        false,
      ]);
    }
  });

  it('returns copies of its state', async () => {
    const known = await scene.populate();
    for (const reading of READINGS) {
      const before = await CALLS[reading](control, known);
      const copy: unknown = structuredClone(before);
      spoil(before);
      expect(await CALLS[reading](control, known)).toEqual(copy);
    }
    const lines = await control.log();
    spoil(await firstOf(control.watch({ since: 0 }), 3));
    expect(await control.log()).toEqual(lines);
  });

  it('copies its arguments', async () => {
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

  it('treats every id as an id: none of them calls another command', async () => {
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

  it('refuses connections for the given time, and then accepts them again', async () => {
    const { port } = new URL(scene.sandbox.url);
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
    // The second call replaces the first.
    await scene.sandbox.control.refuseConnections(1);
    await turn();
    while (!(await isThere())) await turn();
    for (const forMs of [0, -1, Number.NaN, 2 ** 31]) {
      expect(await refused(control.refuseConnections(forMs))).toMatch(/a number of ms/);
    }
    expect(await isThere()).toBe(true);
  });

  it('stops without an error while it refuses connections, or is about to', async () => {
    await control.refuseConnections(60_000);
    await scene.sandbox.stop();
    await turn();
    await turn();
  });

  it('deletes everything, but continues the ids', async () => {
    await scene.populate();
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
    await scene.sandbox.advance('1d');
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
    ['an API that accepts everything', 200, 'application/json', '{}'],
  ])('reports %s in every method', async (_, status, type, body) => {
    const server = await RawServer.start((socket) => {
      socket.end(http(status, body, { 'content-type': type }));
    });
    const control = SandboxControl.connect(server.url);
    const mistaken: string[] = [];
    for (const [method, callMethod] of Object.entries(CALLS)) {
      const end = await endOf(callMethod(control, KNOWN));
      const isClear = end instanceof SandboxControlError && /sandbox|Cannot GET it/.test(end.message);
      if (!isClear || end.status !== status) mistaken.push(method);
    }
    await server.stop();
    expect(mistaken).toEqual([]);
  });

  it('reports that nothing listens', async () => {
    const { url } = scene.sandbox;
    await scene.sandbox.stop();
    for (const callMethod of [CALLS.ledger, CALLS.clear, CALLS.watch]) {
      const end = await endOf(callMethod(SandboxControl.connect(url), KNOWN));
      expect(end).toMatchObject({ message: expect.stringContaining(url) });
    }
  });
});
