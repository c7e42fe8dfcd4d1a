import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CreateQuotationDto, LalamoveService } from 'nestjs-lalamove';
import { EDIT, ORDER, QUOTATION } from '../support/inputs.js';
import { failureOf, KEYS, startLalamove } from '../support/lalamove.js';
import { http, RawServer } from '../support/raw-server.js';

describe('the sent request', () => {
  let server: RawServer;
  let lalamove: LalamoveService;
  let close: () => Promise<void>;

  /** The `data` of the last request. */
  const sent = (): Record<string, unknown> => {
    const [, body = ''] = (server.requests.at(-1) ?? '').split('\r\n\r\n');
    return (JSON.parse(body) as { data: Record<string, unknown> }).data;
  };

  const quote = async (more: object): Promise<Record<string, unknown>> => {
    await lalamove.createQuotation({ ...QUOTATION, ...more });
    return sent();
  };

  beforeAll(async () => {
    const answer = '{"data":{"quotationId":"1","orderId":"1"}}';
    server = await RawServer.start((socket) => socket.write(http(200, answer)));
    ({ lalamove, close } = await startLalamove({ ...KEYS, baseUrl: server.url }));
  });

  afterAll(async () => {
    await close();
    await server.stop();
  });

  it.each([
    [22.3, '22.3'],
    ['22.300', '22.300'],
    [0.1234567890123456, '0.123456789012346'],
    ['22.12345678901234567890', '22.123456789012346'],
    [1e-7, '0.0000001'],
    ['1e-7', '0.0000001'],
  ])('has coordinates with at most 15 decimals: %p is %s', async (lat, text) => {
    const stops = [{ coordinates: { lat, lng: 114 }, address: 'Here' }, { address: 'There' }];
    expect((await quote({ stops })).stops).toEqual([
      { coordinates: { lat: text, lng: '114' }, address: 'Here' },
      { address: 'There' },
    ]);
  });

  it('leaves out options that are null', async () => {
    const nulls = { scheduleAt: null, specialRequests: null, isRouteOptimized: null, item: null };
    const stops = [
      { coordinates: null, address: 'Here' },
      { address: 'There', coordinates: undefined },
    ];
    expect(await quote({ ...nulls, stops })).toEqual({
      ...QUOTATION,
      stops: [{ address: 'Here' }, { address: 'There' }],
    });
    const [recipient] = ORDER.recipients;
    const order: object = {
      ...ORDER,
      recipients: [{ ...recipient, remarks: null }],
      isPODEnabled: null,
      partner: null,
    };
    await lalamove.placeOrder({ ...ORDER, ...order, metadata: undefined });
    expect(sent()).toEqual({ quotationId: ORDER.quotationId, sender: ORDER.sender, recipients: ORDER.recipients });
  });

  it('is refused, not sent, if metadata are null', async () => {
    const order: object = { ...ORDER, metadata: { reference: null } };
    expect(await failureOf(lalamove.placeOrder({ ...ORDER, ...order }))).toMatchObject({
      errors: [{ pointer: '/data/metadata' }],
    });
  });

  it('has 17 stops, which Lalamove refuses', async () => {
    expect((await quote({ stops: Array(17).fill({ address: 'Here' }) })).stops).toHaveLength(17);
    const [from = {}, to = {}] = EDIT.stops;
    await lalamove.editOrder('1', { ...EDIT, stops: Object.assign([...EDIT.stops], Array(17).fill(to), { 0: from }) });
    expect(sent().stops).toHaveLength(17);
    const [recipient] = ORDER.recipients;
    await lalamove.placeOrder({
      ...ORDER,
      recipients: Object.assign([...ORDER.recipients], Array(16).fill(recipient)),
    });
    expect(sent().recipients).toHaveLength(16);
  });

  it.each(['/v3', '/v3/', '/'])('has the version once in its path, with a base URL that ends in %s', async (end) => {
    const other = await startLalamove({ ...KEYS, baseUrl: server.url + end });
    await other.lalamove.getOrder('1');
    await other.close();
    expect(server.requests.at(-1)).toMatch(/^GET \/v3\/orders\/1 HTTP/);
  });

  it('is not sent to a host of Lalamove with keys of the other environment', async () => {
    const other = await startLalamove({ ...KEYS, baseUrl: 'https://rest.sandbox.lalamove.com' });
    const merchant = { apiKey: 'pk_prod_public', apiSecret: 'sk_prod_secret', market: 'HK' };
    expect(() => other.lalamove.forAccount(merchant)).toThrow(/baseUrl is the sandbox of Lalamove/);
    await other.close();
  });

  it.each<[CreateQuotationDto['scheduleAt'], string]>([
    [new Date('2026-12-01T08:30:00Z'), '2026-12-01T08:30:00Z'],
    [new Date('2026-12-01T08:30:00.123Z'), '2026-12-01T08:30:00.123Z'],
    ['2026-12-01T08:30:00Z', '2026-12-01T08:30:00Z'],
    ['2026-12-01T08:30Z', '2026-12-01T08:30:00Z'],
    ['2026-12-01T16:30:00+08:00', '2026-12-01T08:30:00Z'],
    ['2026-12-01T16:30:00+0800', '2026-12-01T08:30:00Z'],
    ['2026-12-01T05:00:00.500-03:30', '2026-12-01T08:30:00.500Z'],
    ['2026-12-01T16:30+08', '2026-12-01T08:30:00Z'],
  ])('has scheduleAt in UTC: %p', async (scheduleAt, utc) => {
    expect((await quote({ scheduleAt })).scheduleAt).toBe(utc);
  });

  it.each(['2026-12-01T16:30:00', '2026-02-30T08:30:00Z', new Date(Number.NaN), 'soon', 1_800_000_000_000])(
    'is refused, not sent without its time, if the time is not valid: %p',
    async (scheduleAt) => {
      expect(await failureOf(quote({ scheduleAt }))).toMatchObject({ errors: [{ pointer: '/data/scheduleAt' }] });
    },
  );
});
