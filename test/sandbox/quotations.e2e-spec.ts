import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Quotation } from 'nestjs-lalamove';
import { expectRefusal } from './expect-refusal.js';
import { QuotationScene } from './quotation-scene.js';
import { QUOTATION } from '../support/inputs.js';
import { HONG_KONG, north, east, stops } from './quotation-stops.js';

describe('a quotation of the sandbox', () => {
  const scene = new QuotationScene();

  beforeAll(() => scene.start());

  afterAll(() => scene.close());

  it('keeps its price for 5 minutes and can be read', async () => {
    const quotation = await scene.quote({ isRouteOptimized: false });
    expect(quotation).toMatchObject({
      quotationId: expect.stringMatching(/^\d{19}$/),
      scheduleAt: '2026-11-22T08:00:00.00Z',
      expiresAt: '2026-11-22T08:05:00.00Z',
      serviceType: 'MOTORCYCLE',
      language: 'EN_HK',
      isRouteOptimized: false,
      distance: { value: expect.stringMatching(/^\d+$/), unit: 'm' },
      stops: [{ address: 'Victoria Peak' }, { address: 'Airport' }],
    });
    await expect(scene.lalamove.getQuotation(quotation.quotationId)).resolves.toEqual(quotation);
    await expectRefusal(scene.lalamove.getQuotation('1'), 'ERR_INVALID_QUOTATION_ID');
  });

  it('has ids of 19 digits for itself and its stops, each larger than the one before', async () => {
    const quotations = [await scene.quote({ stops: stops(16) }), await scene.quote(), await scene.quote()];
    const ids = quotations.flatMap(({ quotationId, stops }) => [...stops.map(({ stopId }) => stopId), quotationId]);
    expect(ids).toHaveLength(17 + 3 + 3);
    for (const id of ids) expect(id).toMatch(/^\d{19}$/);
    expect(ids).toEqual([...new Set(ids)].sort());
  });

  describe('has a pick-up time', () => {
    it.each([
      ['now', '2026-11-22T08:00:00.000Z', '2026-11-22T08:00:00.00Z'],
      ['without seconds', '2026-11-22T08:01Z', '2026-11-22T08:01:00.00Z'],
      ['in 30 days', '2026-12-22T08:00:00.000Z', '2026-12-22T08:00:00.00Z'],
      ['at once, if none is given', undefined, '2026-11-22T08:00:00.00Z'],
    ])('%s', async (_, scheduleAt, answered) => {
      expect(await scene.quote({ scheduleAt })).toMatchObject({ scheduleAt: answered });
    });

    it.each([
      ['a millisecond ago', '2026-11-22T07:59:59.999Z', 'ERR_INVALID_SCHEDULE_TIME'],
      ['in 30 days and a millisecond', '2026-12-22T08:00:00.001Z', 'ERR_INVALID_SCHEDULE_TIME'],
      ['without a time zone', '2026-11-22T09:00:00', 'ERR_INVALID_FIELD'],
      ['on a day that does not exist', '2026-13-22T09:00:00Z', 'ERR_INVALID_FIELD'],
      ['in Unix time', Date.UTC(2026, 10, 22, 9), 'ERR_INVALID_FIELD'],
    ])('but not one %s', async (_, scheduleAt, code) => {
      await expectRefusal(scene.quote({ scheduleAt }), code, '/data/scheduleAt');
    });

    it('but not one of another time zone', async () => {
      const answer = await sentAsIs({ ...QUOTATION, stops: stops(2), scheduleAt: '2026-11-22T17:00:00+08:00' });
      expect(answer).toEqual([422, 'ERR_INVALID_FIELD']);
    });
  });

  describe('has stops', () => {
    it.each([[2], [16], [17]])('%d of them', async (count) => {
      expect((await scene.quote({ stops: stops(count) })).stops).toHaveLength(count);
    });

    it.each([
      ['none', [], 'ERR_INSUFFICIENT_STOPS'],
      ['a string', 'Peak to Airport', 'ERR_INSUFFICIENT_STOPS'],
      ['1', stops(1), 'ERR_INSUFFICIENT_STOPS'],
      ['18', stops(18), 'ERR_TOO_MANY_STOPS'],
    ])('but not %s', async (_, given, code) => {
      await expectRefusal(scene.quote({ stops: given }), code, '/data/stops');
    });

    it('whose coordinates have up to 15 decimals, and come back with 7', async () => {
      const given = { lat: '22.319312345678901', lng: '114.1694' };
      const { stops } = await scene.quote({ stops: [{ coordinates: given, address: 'Peak' }, east(1)] });
      expect(stops[0].coordinates).toEqual({ lat: '22.3193123', lng: '114.1694000' });
    });

    it.each([
      ['that is not an object', 'Peak', ''],
      ['with an address that is not a string', { address: 7 }, '/address'],
      ['with invalid coordinates', { coordinates: '22.3,114.1' }, '/coordinates'],
      ['without a latitude', { coordinates: { lng: '114.1' } }, '/coordinates/lat'],
      ['without a longitude', { coordinates: { lat: '22.3' } }, '/coordinates/lng'],
      ['with words for degrees', { coordinates: { lat: 'north', lng: '114.1' } }, '/coordinates/lat'],
      ['beyond the pole', { coordinates: { lat: '90.0000001', lng: '0' } }, '/coordinates/lat'],
      ['beyond the other pole', { coordinates: { lat: '-90.0000001', lng: '0' } }, '/coordinates/lat'],
      ['beyond the date line', { coordinates: { lat: '0', lng: '180.0000001' } }, '/coordinates/lng'],
    ])('but not one %s', async (_, stop, below) => {
      await expectRefusal(scene.quote({ stops: [stop, east(0)] }), 'ERR_INVALID_FIELD', `/data/stops/0${below}`);
      await expectRefusal(scene.quote({ stops: [east(0), stop] }), 'ERR_INVALID_FIELD', `/data/stops/1${below}`);
    });

    it('but not one with 16 decimals', async () => {
      const coordinates = { lat: '22.3000000000000001', lng: '114.1' };
      expect(await sentAsIs({ ...QUOTATION, stops: [{ coordinates }, east(0)] })).toEqual([422, 'ERR_INVALID_FIELD']);
      expect(await sentAsIs({ ...QUOTATION, stops: [east(0), { coordinates }] })).toEqual([422, 'ERR_INVALID_FIELD']);
    });

    it.each([
      ['a pole', { lat: '90', lng: '0' }],
      ['the date line', { lat: '0', lng: '-180' }],
    ])('and accepts %s as a place, even if it cannot deliver there', async (_, coordinates) => {
      await expectRefusal(scene.quote({ stops: [east(0), { coordinates }] }), 'ERR_OUT_OF_SERVICE_AREA');
    });
  });

  describe('serves an area', () => {
    it('of the given radius around a city, to the metre', async () => {
      const [middle, edge, beyond] = [0, 39_999, 40_001].map((metres) => north(HONG_KONG, metres));
      await scene.quote({ stops: [middle, edge] });
      await expectRefusal(scene.quote({ stops: [middle, beyond] }), 'ERR_OUT_OF_SERVICE_AREA', '/data/stops/1');
      await expectRefusal(scene.quote({ stops: [beyond, middle] }), 'ERR_OUT_OF_SERVICE_AREA', '/data/stops/0');
      await expectRefusal(scene.quote({ stops: [middle, edge, beyond] }), 'ERR_OUT_OF_SERVICE_AREA', '/data/stops/2');
    });

    it('in one city at a time', async () => {
      const bangkok = { lat: 13.7563, lng: 100.5018 };
      const pattaya = { lat: 12.9236, lng: 100.8825 };
      const thai = (...route: object[]): Promise<Quotation> => scene.quote({ language: 'th_TH', stops: route }, 'TH');
      await thai(north(bangkok, 0), north(bangkok, 1000));
      await thai(north(pattaya, 0), north(pattaya, 1000));
      await expectRefusal(
        thai(north(bangkok, 0), north(bangkok, 1000), north(pattaya, 0)),
        'ERR_OUT_OF_SERVICE_AREA',
        '/data/stops/2',
      );
      await expectRefusal(thai(north(pattaya, 0), north(bangkok, 0)), 'ERR_OUT_OF_SERVICE_AREA', '/data/stops/1');
    });

    it('of the market of the call', async () => {
      await expectRefusal(scene.quote({ language: 'en_SG' }, 'SG'), 'ERR_OUT_OF_SERVICE_AREA', '/data/stops/0');
    });
  });

  describe('finds an address without coordinates', () => {
    it.each([
      ['HK', 'en_HK', '1 Harbour Road, Hong Kong'],
      ['HK', 'zh_HK', '中環'],
      ['TH', 'th_TH', 'ถนนสุขุมวิท'],
      ['JP', 'ja_JP', 'しぶや'],
      ['BR', 'pt_BR', 'Avenida Paulista, São Paulo'],
    ])('in %s, in %s: %s', async (market, language, address) => {
      const serviceType = market === 'BR' ? 'LALAGO' : 'MOTORCYCLE';
      const route = [{ address }, { address: 'Second street' }];
      const find = async (): Promise<unknown> =>
        (await scene.quote({ language, serviceType, stops: route }, market)).stops[0].coordinates;
      const degrees = expect.stringMatching(/^-?\d+\.\d+$/);
      const found = await find();
      expect(found).toEqual({ lat: degrees, lng: degrees });
      expect(await find()).toEqual(found);
    });

    it.each([
      ['nothing', ''],
      ['signs', ', , -'],
      ['a number', '12345'],
      ['single letters', 'A 1, B 2'],
    ])('but not by %s', async (_, address) => {
      await expectRefusal(scene.quote({ stops: [east(0), { address }] }), 'ERR_INCORRECT_ADDRESS');
    });

    it.each([
      ['HK', 'Hong Kong', 'en_HK'],
      ['HK', 'HONG KONG, 999077', 'en_HK'],
      ['TH', 'Bangkok, Thailand', 'th_TH'],
      ['TH', 'Pattaya', 'th_TH'],
    ])('nor, in %s, if it names only the city: %s', async (market, address, language) => {
      const call = scene.quote({ language, stops: [{ address: 'First street' }, { address }] }, market);
      await expectRefusal(call, 'ERR_REVERSE_GEOCODE_FAILURE');
    });

    it('and ignores the address if there are coordinates', async () => {
      await scene.quote({
        stops: [
          { ...east(0), address: '' },
          { ...east(1), address: undefined },
        ],
      });
    });

    it('unless the coordinates are numbers, which is a bad request', async () => {
      for (const coordinates of [
        { lat: 22.3193, lng: '114.1694' },
        { lat: '22.3193', lng: 114.1694 },
      ]) {
        const answer = await sentAsIs({ ...QUOTATION, stops: [{ coordinates, address: 'Peak' }, east(1)] });
        expect(answer).toEqual([400, 'ERR_BAD_REQUEST']);
      }
    });
  });

  /** Sends values that the module would correct before it sends them. */
  async function sentAsIs(data: object): Promise<[status: number, code: unknown]> {
    const { createHmac } = await import('node:crypto');
    const body = JSON.stringify({ data });
    const timestamp = String(scene.sandbox.clock.now());
    const signed = createHmac('sha256', scene.sandbox.apiSecret)
      .update(`${timestamp}\r\nPOST\r\n/v3/quotations\r\n\r\n${body}`)
      .digest('hex');
    const headers = { Authorization: `hmac ${scene.sandbox.apiKey}:${timestamp}:${signed}`, Market: 'HK' };
    const answer = await fetch(`${scene.sandbox.url}/v3/quotations`, { method: 'POST', headers, body });
    return [answer.status, /ERR_[A-Z_]+/.exec(await answer.text())?.[0]];
  }
});
