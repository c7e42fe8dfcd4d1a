import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ClientModule, Config, PatchOrderPayloadBuilder } from '@lalamove/lalamove-js';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { Test, type TestingModule } from '@nestjs/testing';
import { LalamoveModule, LalamoveService } from 'nestjs-lalamove';
import { LalamoveSandbox, SandboxClock } from 'nestjs-lalamove/sandbox';
import { quoteAndOrder as withService } from './examples/migrating/after.js';
import { quoteAndOrder as withSdk } from './examples/migrating/before.js';
import { read } from './fences.js';
import { table } from './pages.js';

const pem = (name: string): string => readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), 'utf8');

/** A call as it was sent, with the same names for ids in the order in which they appear. */
interface SentCall {
  readonly method: string;
  readonly path: string;
  readonly market: unknown;
  readonly body: unknown;
}

const STOPS = [
  { coordinates: { lat: '22.2759', lng: '114.1455' }, address: 'Victoria Peak', name: 'Shop', phone: '+85221234567' },
  { coordinates: { lat: '22.3193', lng: '114.1694' }, address: 'Mong Kok', name: 'Ada', phone: '+85251234567' },
];

/** Both clients call the same sandbox. The SDK knows no other host, so Node's global agent leads it there. */
describe('docs/guides/migrating-from-lalamove-js.md', () => {
  const { options } = https.globalAgent;
  const usualOptions = { ...options };
  const usualPort: unknown = Reflect.get(https.globalAgent, 'defaultPort');
  let sandbox: LalamoveSandbox;
  let module: TestingModule;
  let sdk: ClientModule;
  let lalamove: LalamoveService;

  beforeAll(async () => {
    const clock = new SandboxClock({ speed: 0, startAt: '2026-11-22T08:00:00Z' });
    const tls = { key: pem('key'), cert: pem('cert') };
    sandbox = await LalamoveSandbox.start({ clock, tls, rateLimits: false, drivers: 'still' });
    const { apiKey, apiSecret } = sandbox;
    const { port, hostname } = new URL(sandbox.url);
    const lookup: LookupFunction = (_host, { all }, found) => {
      if (all === true) found(null, [{ address: hostname, family: 4 }]);
      else found(null, hostname, 4);
    };
    Object.assign(options, { ca: tls.cert, lookup });
    Object.assign(https.globalAgent, { defaultPort: Number(port) });
    sdk = new ClientModule(new Config(apiKey, apiSecret));
    const http = { httpsAgent: https.globalAgent };
    const account = { apiKey, apiSecret, market: 'HK', clock, rateLimit: false, http } as const;
    module = await Test.createTestingModule({ imports: [LalamoveModule.forRoot(account)] }).compile();
    lalamove = module.get(LalamoveService);
  });

  beforeEach(() => sandbox.control.clear());

  afterAll(async () => {
    await module.close();
    https.globalAgent.destroy();
    for (const name of ['ca', 'lookup']) Reflect.deleteProperty(options, name);
    Object.assign(options, usualOptions);
    Object.assign(https.globalAgent, { defaultPort: usualPort });
    await sandbox.stop();
  });

  /** What the work sent, in order. */
  async function sentBy(work: () => Promise<unknown>): Promise<SentCall[]> {
    const before = sandbox.requests.length;
    await work();
    const names = new Map<string, string>();
    const named = (text: string): string =>
      text.replace(/\d{12,}|(?<=drivers\/)\d+/g, (id) => {
        names.set(id, names.get(id) ?? `<id ${names.size + 1}>`);
        return names.get(id) ?? '';
      });
    const latest = sandbox.requests.slice(before);
    expect(latest.map(({ verdict }) => verdict)).toEqual(latest.map(() => 'right'));
    return latest.map(({ method, path, headers, body }) => ({
      method,
      path: named(path),
      market: headers.market,
      body: body === '' ? undefined : (JSON.parse(named(body)) as unknown),
    }));
  }

  it('sends the same quotation and the same order', async () => {
    const sent = await sentBy(() => withService(lalamove));
    expect(sent.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /v3/quotations', 'POST /v3/orders']);
    expect(sent).toEqual(await sentBy(() => withSdk(sdk)));
  });

  /** An order with a driver, if it is to have one. */
  async function order(hasDriver: boolean): Promise<{ id: string; driverId: string }> {
    const id = await withService(lalamove);
    return { id, driverId: hasDriver ? sandbox.drive(id, { do: 'accept' }).driverId : '' };
  }

  const edited = PatchOrderPayloadBuilder.patchOrderPayload().withStops(STOPS).build();
  const fee = '20';
  const reason = 'DRIVER_LATE';

  it.each<
    [string, boolean, (id: string, driverId: string) => [sdk: () => Promise<unknown>, service: () => Promise<unknown>]]
  >([
    ['getOrder', false, (id) => [() => sdk.Order.retrieve('HK', id), () => lalamove.getOrder(id)]],
    ['cancelOrder', false, (id) => [() => sdk.Order.cancel('HK', id), () => lalamove.cancelOrder(id)]],
    [
      'addPriorityFee',
      false,
      (id) => [() => sdk.Order.addPriorityFee('HK', id, fee), () => lalamove.addPriorityFee(id, { priorityFee: fee })],
    ],
    [
      'editOrder',
      true,
      (id) => [() => sdk.Order.edit('HK', id, edited), () => lalamove.editOrder(id, { stops: STOPS })],
    ],
    [
      'getDriver',
      true,
      (id, driver) => [() => sdk.Driver.retrieve('HK', driver, id), () => lalamove.getDriver(id, driver)],
    ],
    [
      'changeDriver',
      true,
      (id, driver) => [
        () => sdk.Driver.cancel('HK', driver, id, reason),
        () => lalamove.changeDriver(id, driver, { reason }),
      ],
    ],
    ['getCities', false, () => [() => sdk.Market.retrieve('HK'), () => lalamove.getCities()]],
  ])('sends the same in %s', async (_, hasDriver, calls) => {
    const sent = [];
    for (const client of [0, 1] as const) {
      const { id, driverId } = await order(hasDriver);
      if (hasDriver) await sandbox.advance('15m');
      sent.push(await sentBy(() => calls(id, driverId)[client]()));
    }
    expect(sent[0]).toHaveLength(1);
    expect(sent[0]).toEqual(sent[1]);
  });

  it('names every method of the SDK', () => {
    const { Quotation, Order, Driver, Market, City } = sdk;
    const methods = Object.entries({ Quotation, Order, Driver, Market, City }).flatMap(([name, part]) =>
      Object.getOwnPropertyNames(Object.getPrototypeOf(part) as object)
        .filter((method) => method !== 'constructor')
        .map((method) => `${name}.${method}`),
    );
    const page = read('docs/guides/migrating-from-lalamove-js.md');
    const named = table(page, 'lalamove-js').map(([call = '']) => /^`(\w+\.\w+)/.exec(call)?.[1]);
    expect(named.sort()).toEqual(methods.sort());
  });

  it('rejects with a message only, where the service tells code and status', async () => {
    const bySdk: unknown = await sdk.Order.retrieve('HK', '1').catch((error: unknown) => error);
    expect(bySdk).toEqual(new Error('Order not found.'));
    const byService: unknown = await lalamove.getOrder('1').catch((error: unknown) => error);
    expect(byService).toMatchObject({ code: 'ERR_ORDER_NOT_FOUND', upstreamStatus: 404, retryable: false });
  });
});
