import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LalamoveSandbox, SandboxClock, type SandboxLogEntry } from 'nestjs-lalamove/sandbox';

const SHOP = { address: 'Victoria Peak', coordinates: { lat: '22.2759', lng: '114.1455' } };
const HOMES = [
  { address: 'Airport', coordinates: { lat: '22.3080', lng: '113.9185' } },
  { address: '12 Nathan Road' },
  { address: 'Sha Tin', coordinates: { lat: '22.3771', lng: '114.1974' } },
];
const PHONE = '+85251234567';

/** Routes, services and special requests of many kinds. */
const QUOTATIONS: object[] = [
  { serviceType: 'MOTORCYCLE', language: 'en_HK', stops: [SHOP, HOMES[0]] },
  { serviceType: 'VAN', language: 'zh_HK', stops: [SHOP, ...HOMES], isRouteOptimized: true },
  { serviceType: 'WALKER', language: 'en_HK', stops: [SHOP, HOMES[1]], scheduleAt: '2026-11-22T09:30:00Z' },
  { serviceType: 'MOTORCYCLE', language: 'en_HK', stops: [SHOP, HOMES[2]], specialRequests: ['THERMAL_BAG_1'] },
  { serviceType: 'TRUCK330', language: 'en_HK', stops: [SHOP, HOMES[0], HOMES[1]] },
];

/** The members of orders besides their contacts. */
const WISHES: object[] = [
  { isPODEnabled: true, metadata: { reference: 'A-1' } },
  { metadata: { sandbox: 'reset-after-work, webhooks-doubled' } },
  { isPODEnabled: true, isRecipientSMSEnabled: true },
  { metadata: { reference: 'A-4', sandbox: 'leaving' } },
  {},
];

/** The result of a request: the answer with its headers as received, whole or cut off, or none. */
interface Outcome {
  readonly status?: number | undefined;
  readonly headers?: string[];
  readonly body?: string;
  readonly error?: string | undefined;
}

/** Sends a signed request on a connection of its own. */
function exchange(sandbox: LalamoveSandbox, method: string, path: string, data?: object): Promise<Outcome> {
  const timestamp = String(sandbox.clock.now());
  const body = data ? JSON.stringify({ data }) : '';
  const signature = createHmac('sha256', sandbox.apiSecret)
    .update(`${timestamp}\r\n${method}\r\n${path}\r\n\r\n${body}`)
    .digest('hex');
  const headers = {
    Authorization: `hmac ${sandbox.apiKey}:${timestamp}:${signature}`,
    Market: 'HK',
    // The client chooses this header, so no answer may depend on it.
    'Request-ID': randomUUID(),
    // Node counts the body of a DELETE only if told to.
    'Content-Length': String(Buffer.byteLength(body)),
  };
  return new Promise((resolve) => {
    const outgoing = request(sandbox.url + path, { method, headers, agent: false });
    const fail = ({ code }: NodeJS.ErrnoException): void => {
      resolve({ error: code });
    };
    outgoing.on('error', fail);
    outgoing.on('response', (response) => {
      const { statusCode: status, rawHeaders } = response;
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('error', ({ code }: NodeJS.ErrnoException) => {
        resolve({ status, headers: rawHeaders, body: text, error: code });
      });
      response.on('end', () => {
        resolve({ status, headers: rawHeaders, body: text });
      });
    });
    outgoing.end(body);
  });
}

/** Everything that a run leaves behind. */
interface Run {
  readonly outcomes: Outcome[];
  readonly webhooks: string[];
  readonly log: SandboxLogEntry[];
  readonly state: unknown;
}

describe('a seed', () => {
  let received: string[] = [];
  /** The same for all runs, because the links of proofs contain it. */
  let port = 0;
  const receiver = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (chunk) => (body += String(chunk)));
    incoming.on('end', () => {
      received.push(body);
      response.writeHead(received.length % 7 === 0 ? 503 : 200).end();
    });
  });
  let hooks: string;

  beforeAll(async () => {
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    hooks = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks`;
  });

  afterAll(() => {
    receiver.close();
    receiver.closeAllConnections();
  });

  /**
   * A client that sends requests one after the other: every call of the API, also refused ones, while couriers, calls
   * and webhooks fail by probability and the clock is advanced in large steps. A patient client waits for each webhook
   * before its next request.
   */
  async function live(seed: number | string, { lumps = 1, isPatient = true } = {}): Promise<Run> {
    received = [];
    const clock = new SandboxClock({ speed: 0, startAt: '2026-11-22T08:00:00Z' });
    const sandbox = await LalamoveSandbox.start({ clock, seed, drivers: 'mixed', deliveryCodes: true, port });
    port = Number(new URL(sandbox.url).port);
    const { control } = sandbox;
    const outcomes: Outcome[] = [];
    const call = async (method: string, path: string, data?: object): Promise<string> => {
      const outcome = await exchange(sandbox, method, path, data);
      outcomes.push(outcome);
      if (isPatient) await sandbox.advance(0);
      return outcome.body ?? '';
    };
    const wait = async (ms: number): Promise<void> => {
      for (let lump = 0; lump < lumps; lump += 1) await sandbox.advance(ms / lumps);
    };
    const MINUTE = 60_000;

    await call('PATCH', '/v3/webhook', { url: hooks });
    await call('GET', '/v3/cities');
    await call('POST', '/v3/quotations', { ...QUOTATIONS[0], stops: [] });
    for (const fault of [
      { call: 'getOrder', probability: 0.2, answer: { code: 'LALAMOVE_SERVER_ERROR', shape: 'html' } },
      { call: ['getOrder', 'placeOrder'], probability: 0.1, answer: 'truncate', work: 'done' },
      { call: 'placeOrder', probability: 0.1, answer: 'reset' },
      { webhook: 'lost', probability: 0.1 },
      { webhook: 'doubled', probability: 0.2 },
      { webhook: 'delayed', probability: 0.1, delay: '4m' },
      { webhook: 'reordered', probability: 0.2 },
      { webhook: 'badly-signed', probability: 0.1 },
    ] as const) {
      sandbox.addFault({ ...fault, times: 'always' });
    }

    const orderIds: string[] = [];
    for (const [index, wanted] of QUOTATIONS.entries()) {
      const quoted = await call('POST', '/v3/quotations', wanted);
      const ids = (name: string): string[] =>
        [...quoted.matchAll(new RegExp(`"${name}":"(\\d+)"`, 'g'))].map(([, id = '']) => id);
      const [quotationId = '1'] = ids('quotationId');
      const [from = '1', ...to] = ids('stopId');
      await call('GET', `/v3/quotations/${quotationId}`);
      const sender = { stopId: from, name: 'Shop', phone: PHONE };
      const recipients = to.map((stopId) => ({ stopId, name: 'Ada', phone: PHONE }));
      const order = { quotationId, sender, recipients, ...WISHES[index] };
      for (let tries = 0; tries < 2; tries += 1) {
        const placed = await call('POST', '/v3/orders', order);
        orderIds.push(/"orderId":"(\d+)"/.exec(placed)?.[1] ?? '1');
        await wait(20_000);
      }
    }
    const everyOrder = async (): Promise<void> => {
      for (const orderId of orderIds) await call('GET', `/v3/orders/${orderId}`);
    };
    const [first = '', second = '', third = '', fourth = ''] = orderIds;
    const people = { name: 'Shop', phone: PHONE };
    await call('POST', `/v3/orders/${first}/priority-fee`, { priorityFee: '20' });
    await call('POST', `/v3/orders/${third}/priority-fee`, { priorityFee: '50' });
    await everyOrder();
    await wait(2 * MINUTE);
    await call('PATCH', `/v3/orders/${fourth}`, { stops: [SHOP, HOMES[1]].map((stop) => ({ ...stop, ...people })) });
    await call('DELETE', `/v3/orders/${second}`);
    await call('GET', `/v3/orders/${first}/drivers/80001`);
    await wait(18 * MINUTE);
    await call('DELETE', `/v3/orders/${third}/drivers/80002`, { reason: 'DRIVER_LATE' });
    await everyOrder();
    await wait(26 * 60 * MINUTE);
    await everyOrder();

    const state = await Promise.all([control.orders(), control.ledger(), control.webhooks(), control.wallets()]);
    const run = { outcomes, webhooks: received, log: await control.log(), state };
    await sandbox.stop();
    return run;
  }

  let first: Run;

  beforeAll(async () => {
    first = await live(1);
  });

  it('has a test scenario with enough events', () => {
    expect(first.outcomes.length).toBeGreaterThan(50);
    expect(first.webhooks.length).toBeGreaterThan(50);
    const statuses = new Set(first.outcomes.map(({ status, error }) => error ?? status));
    expect([...statuses]).toEqual(expect.arrayContaining([200, 201, 422, 500, 'ECONNRESET']));
    const kinds = new Set(first.log.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['answer', 'event', 'fault', 'request', 'step', 'webhook']);
    const outcomes = first.log.map((line) => (line.kind === 'webhook' ? line.outcome : undefined));
    expect(outcomes).toEqual(expect.arrayContaining(['200', '503']));
  });

  it.each([1, '1'])('gives the same answers, log and webhooks again, byte for byte: %j', async (seed) => {
    const again = await live(seed);
    expect(again.outcomes).toEqual(first.outcomes);
    expect(again.webhooks).toEqual(first.webhooks);
    expect(again.log).toEqual(first.log);
    expect(again.state).toEqual(first.state);
  });

  it('gives other ids, couriers and faults than another seed', async () => {
    const other = await live(3);
    expect(other.outcomes).not.toEqual(first.outcomes);
    expect(other.webhooks).not.toEqual(first.webhooks);
    const events = ({ log }: Run): string[] => log.flatMap((line) => (line.kind === 'event' ? [line.type] : []));
    expect(events(other)).not.toEqual(events(first));
    const requestId = ({ outcomes: [outcome] }: Run): string | undefined =>
      outcome?.headers?.[outcome.headers.indexOf('request-id') + 1];
    expect(requestId(other)).not.toBe(requestId(first));
    const idsOf = (run: Run): Set<string> => new Set(JSON.stringify(run).match(/\b\d{19}\b/g));
    const ids = idsOf(other);
    expect(ids.size).toBeGreaterThan(25);
    expect([...idsOf(first)].filter((id) => ids.has(id))).toEqual([]);
  });

  it('gives the same for any size of advances: everything due happens at its time', async () => {
    const inSteps = await live(1, { lumps: 40 });
    expect(inSteps.log).toEqual(first.log);
    expect(inSteps.outcomes).toEqual(first.outcomes);
    expect(inSteps.webhooks).toEqual(first.webhooks);
  });

  it('gives the same to a client that does not wait for webhooks, except for the time of their answers', async () => {
    const hasty = await live(1, { isPatient: false });
    expect(hasty.outcomes).toEqual(first.outcomes);
    expect(hasty.webhooks).toEqual(first.webhooks);
    const course = ({ log }: Run): object[] =>
      log.filter(({ kind }) => kind !== 'webhook').map((line) => ({ ...line, seq: 0 }));
    expect(course(hasty)).toEqual(course(first));
  });
});
