import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ClientModule,
  Config,
  OrderPayloadBuilder,
  PatchOrderPayloadBuilder,
  QuotationPayloadBuilder,
  type IQuotation,
} from '@lalamove/lalamove-js';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { LalamoveSandbox, SandboxClock } from 'nestjs-lalamove/sandbox';

const pem = (name: string): string => readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), 'utf8');

type PlacedOrder = Awaited<ReturnType<ClientModule['Order']['create']>>;

const FROM = { coordinates: { lat: '22.3353139', lng: '114.1758402' }, address: 'Wu Kai Sha Road' };
const TO = { coordinates: { lat: '22.3203648', lng: '114.1697730' }, address: 'Quarry Bay, Hong Kong' };
const SENDER = { name: 'Michal', phone: '+85256847123' };
const RECIPIENT = { name: 'Rustam', phone: '+85256847456', remarks: 'Ring twice' };

/**
 * The published official SDK. It only uses HTTPS on Lalamove's own host. So the settings of Node's global agent resolve
 * that host to the sandbox and trust its certificate.
 */
describe('the official SDK, against the sandbox', () => {
  const { options } = https.globalAgent;
  const usualOptions = { ...options };
  const usualPort: unknown = Reflect.get(https.globalAgent, 'defaultPort');
  const asked: string[] = [];
  let sandbox: LalamoveSandbox;
  let sdk: ClientModule;

  beforeAll(async () => {
    const clock = new SandboxClock({ speed: 0, startAt: '2026-11-22T08:00:00Z' });
    sandbox = await LalamoveSandbox.start({ clock, tls: { key: pem('key'), cert: pem('cert') } });
    const { port, hostname } = new URL(sandbox.url);
    const lookup: LookupFunction = (host, { all }, found) => {
      asked.push(host);
      if (all === true) found(null, [{ address: hostname, family: 4 }]);
      else found(null, hostname, 4);
    };
    Object.assign(options, { ca: pem('cert'), lookup });
    Object.assign(https.globalAgent, { defaultPort: Number(port) });
    sdk = new ClientModule(new Config(sandbox.apiKey, sandbox.apiSecret, 'sandbox'));
  });

  beforeEach(() => sandbox.control.clear());

  afterAll(async () => {
    https.globalAgent.destroy();
    for (const name of ['ca', 'lookup']) Reflect.deleteProperty(options, name);
    Object.assign(options, usualOptions);
    Object.assign(https.globalAgent, { defaultPort: usualPort });
    await sandbox.stop();
  });

  const quote = (language = 'en_HK'): Promise<IQuotation> =>
    sdk.Quotation.create(
      'HK',
      QuotationPayloadBuilder.quotationPayload()
        .withLanguage(language)
        .withServiceType('MOTORCYCLE')
        .withStops([FROM, TO])
        .build(),
    );

  const order = ({ id, stops }: IQuotation): Promise<PlacedOrder> =>
    sdk.Order.create(
      'HK',
      OrderPayloadBuilder.orderPayload()
        .withIsPODEnabled(true)
        .withQuotationID(id)
        .withSender({ stopId: stops[0]?.id ?? '', ...SENDER })
        .withRecipients([{ stopId: stops[1]?.id ?? '', ...RECIPIENT }])
        .withMetadata({ internalId: '123123' })
        .build(),
    );

  it('reaches it by Lalamove’s own name, with its own signature', async () => {
    await quote();
    const [request] = sandbox.requests;
    expect(new Set(asked)).toEqual(new Set(['rest.sandbox.lalamove.com']));
    expect(request).toMatchObject({
      path: '/v3/quotations',
      verdict: 'right',
      headers: { 'sdk-type': 'nodejs', 'sdk-version': '1.1.0', 'content-type': 'application/json; charset=UTF-8' },
      answer: { status: 201 },
    });
    expect(request?.body).toMatch(/^\{"data": \{/);
    expect(request?.headers).not.toHaveProperty('request-id');
  });

  it('quotes', async () => {
    const quotation = await quote();
    expect(quotation).toMatchObject({
      id: expect.stringMatching(/^\d{19}$/),
      serviceType: 'MOTORCYCLE',
      expiresAt: '2026-11-22T08:05:00.00Z',
      isRouteOptimized: false,
      priceBreakdown: { total: expect.stringMatching(/^\d+$/), currency: 'HKD' },
      stops: [
        { id: expect.stringMatching(/^\d{19}$/), ...FROM },
        { id: expect.stringMatching(/^\d{19}$/), ...TO },
      ],
    });
    expect(await sdk.Quotation.retrieve('HK', quotation.id)).toEqual(quotation);
  });

  it('orders, adds a priority fee, reads and cancels', async () => {
    const quotation = await quote();
    const placed = await order(quotation);
    expect(placed).toMatchObject({
      id: expect.stringMatching(/^\d{19}$/),
      quotationId: quotation.id,
      status: 'ASSIGNING_DRIVER',
      driverId: '',
      distance: { value: expect.stringMatching(/^\d+$/), unit: 'm' },
      stops: [
        { ...FROM, name: 'Michal' },
        { ...TO, name: 'Rustam', POD: { status: 'PENDING' } },
      ],
      metadata: { internalId: '123123' },
    });
    expect(await sdk.Order.retrieve('HK', placed.id)).toEqual(placed);
    expect(await sdk.Order.addPriorityFee('HK', placed.id, '15')).toBe(true);
    expect(await sdk.Order.retrieve('HK', placed.id)).toMatchObject({ priceBreakdown: { priorityFee: '15' } });
    expect(await sdk.Order.cancel('HK', placed.id)).toBe(true);
    expect(await sdk.Order.retrieve('HK', placed.id)).toMatchObject({ status: 'CANCELED' });
  });

  it('edits an order that is on its way', async () => {
    const { id } = await order(await quote());
    sandbox.drive(id, { do: 'accept' });
    const changes = PatchOrderPayloadBuilder.patchOrderPayload().withStops([
      { ...FROM, ...SENDER },
      { ...TO, ...RECIPIENT, name: 'Ada' },
    ]);
    expect(await sdk.Order.edit('HK', id, changes.build())).toMatchObject({
      id,
      stops: [{ name: 'Michal' }, { name: 'Ada' }],
    });
  });

  it('reads its driver, and asks for another', async () => {
    const { id } = await order(await quote());
    const { driverId } = sandbox.drive(id, { do: 'accept' });
    expect(await sdk.Driver.retrieve('HK', driverId, id)).toEqual({
      id: driverId,
      contact: { name: expect.any(String), phone: expect.stringMatching(/^\+852\d{8}$/) },
      plateNumber: expect.stringContaining('*'),
      photo: '',
      coordinates: { lat: expect.stringMatching(/^22\./), lng: expect.stringMatching(/^114\./) },
      updatedAt: new Date('2026-11-22T08:00:00Z'),
    });
    await sandbox.advance('15m');
    expect(await sdk.Driver.cancel('HK', driverId, id, 'DRIVER_LATE')).toBe(true);
    expect(await sdk.Order.retrieve('HK', id)).toMatchObject({ status: 'ASSIGNING_DRIVER', driverId: '' });
  });

  it('reads the market and its city', async () => {
    const market = await sdk.Market.retrieve('HK');
    expect(market).toMatchObject({ id: 'HK', cities: [{ id: 'HK HKG', name: 'Hong Kong' }] });
    const city = await sdk.City.retrieve('HK', 'HK HKG');
    expect(city).toEqual(market.cities[0]);
    expect(city.services.map(({ key }) => key)).toContain('MOTORCYCLE');
  });

  it.each<[string, () => Promise<unknown>]>([
    [
      'Please verify if you have made the request with the right credentials.',
      () => new ClientModule(new Config('pk_test_stranger', 'sk_test_stranger')).Market.retrieve('HK'),
    ],
    ['Problem with language because of value must be one of "en_HK", "zh_HK"', () => quote('th_TH')],
    ['Quotation not found.', () => sdk.Quotation.retrieve('HK', '1')],
    ['Order not found.', () => sdk.Order.retrieve('HK', '1')],
    [
      'Please check your wallet balance.',
      async () => {
        const quotation = await quote();
        await sandbox.control.setBalance({ market: 'HK' }, '0');
        await order(quotation);
      },
    ],
    [
      'You need to calm down. You hit the rate limit.',
      async () => {
        const quotation = await quote();
        for (let courier = 1; courier <= 3; courier += 1) await order(quotation);
      },
    ],
  ])('reads a refusal as “%s”', async (words, call) => {
    await expect(call()).rejects.toThrow(words);
  });
});
