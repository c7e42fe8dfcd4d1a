import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LalamoveService, Quotation, SpecialRequest } from 'nestjs-lalamove';
import type { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { startFrozen } from './frozen-sandbox.js';
import { QUOTATION } from '../support/inputs.js';

/** Degrees of latitude. */
const METRE = 180 / (Math.PI * 6_371_000);
const HONG_KONG = { lat: 22.3193, lng: 114.1694 };

/** Where every service takes an `item`. */
const ITEM_MARKETS = new Set(['HK', 'TH', 'VN']);

/** A stop so many metres north of a place. */
const north = ({ lat, lng }: { lat: number; lng: number }, metres: number): object => ({
  coordinates: { lat: (lat + metres * METRE).toFixed(7), lng: lng.toFixed(7) },
  address: `${metres} m north`,
});
/** A stop so many hundredths of a degree east of the middle of Hong Kong. */
const east = (steps: number): object => ({
  coordinates: { lat: '22.3193', lng: (HONG_KONG.lng + steps / 100).toFixed(7) },
  address: `${steps} steps east`,
});
const stops = (count: number): object[] => Array.from({ length: count }, (_, index) => east(index));

describe('a quotation of the sandbox', () => {
  let sandbox: LalamoveSandbox;
  let lalamove: LalamoveService;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ sandbox, lalamove, close } = await startFrozen());
  });

  afterAll(() => close());

  // What local checks would refuse travels as well: it is the sandbox's word that counts here.
  const quote = (more: object = {}, market = 'HK'): Promise<Quotation> =>
    lalamove.createQuotation({ ...QUOTATION, ...more }, { market, validate: false });
  const total = async (more: object, market?: string): Promise<number> =>
    Number((await quote(more, market)).priceBreakdown.total);
  const expectRefusal = async (call: Promise<unknown>, code: string, pointer?: string, status = 422): Promise<void> => {
    const errors = pointer === undefined ? [{ code }] : [{ code, pointer }];
    await expect(call).rejects.toMatchObject({ code, upstreamStatus: status, errors });
  };

  it('holds its price for 5 minutes, and can be read', async () => {
    const quotation = await quote({ isRouteOptimized: false });
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
    await expect(lalamove.getQuotation(quotation.quotationId)).resolves.toEqual(quotation);
    await expectRefusal(lalamove.getQuotation('1'), 'ERR_INVALID_QUOTATION_ID');
  });

  it('numbers itself and its stops in 19 digits, each above the one before', async () => {
    const quotations = [await quote({ stops: stops(16) }), await quote(), await quote()];
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
      ['at once, where none is named', undefined, '2026-11-22T08:00:00.00Z'],
    ])('%s', async (_, scheduleAt, told) => {
      expect(await quote({ scheduleAt })).toMatchObject({ scheduleAt: told });
    });

    it.each([
      ['a millisecond ago', '2026-11-22T07:59:59.999Z', 'ERR_INVALID_SCHEDULE_TIME'],
      ['in 30 days and a millisecond', '2026-12-22T08:00:00.001Z', 'ERR_INVALID_SCHEDULE_TIME'],
      ['of no time zone', '2026-11-22T09:00:00', 'ERR_INVALID_FIELD'],
      ['on no day of the calendar', '2026-13-22T09:00:00Z', 'ERR_INVALID_FIELD'],
      ['in Unix time', Date.UTC(2026, 10, 22, 9), 'ERR_INVALID_FIELD'],
    ])('but not one %s', async (_, scheduleAt, code) => {
      await expectRefusal(quote({ scheduleAt }), code, '/data/scheduleAt');
    });

    it('but not one of another time zone', async () => {
      const answer = await sentAsIs({ ...QUOTATION, stops: stops(2), scheduleAt: '2026-11-22T17:00:00+08:00' });
      expect(answer).toEqual([422, 'ERR_INVALID_FIELD']);
    });
  });

  describe('has stops', () => {
    it.each([[2], [16], [17]])('%d of them', async (count) => {
      expect((await quote({ stops: stops(count) })).stops).toHaveLength(count);
    });

    it.each([
      ['none', [], 'ERR_INSUFFICIENT_STOPS'],
      ['a text', 'Peak to Airport', 'ERR_INSUFFICIENT_STOPS'],
      ['1', stops(1), 'ERR_INSUFFICIENT_STOPS'],
      ['18', stops(18), 'ERR_TOO_MANY_STOPS'],
    ])('but not %s', async (_, given, code) => {
      await expectRefusal(quote({ stops: given }), code, '/data/stops');
    });

    it('whose coordinates have up to 15 decimals, and come back with 7', async () => {
      const given = { lat: '22.319312345678901', lng: '114.1694' };
      const { stops } = await quote({ stops: [{ coordinates: given, address: 'Peak' }, east(1)] });
      expect(stops[0].coordinates).toEqual({ lat: '22.3193123', lng: '114.1694000' });
    });

    it.each([
      ['that is none', 'Peak', ''],
      ['with an address that is no text', { address: 7 }, '/address'],
      ['with coordinates that are none', { coordinates: '22.3,114.1' }, '/coordinates'],
      ['without a latitude', { coordinates: { lng: '114.1' } }, '/coordinates/lat'],
      ['without a longitude', { coordinates: { lat: '22.3' } }, '/coordinates/lng'],
      ['with words for degrees', { coordinates: { lat: 'north', lng: '114.1' } }, '/coordinates/lat'],
      ['beyond the pole', { coordinates: { lat: '90.0000001', lng: '0' } }, '/coordinates/lat'],
      ['beyond the other pole', { coordinates: { lat: '-90.0000001', lng: '0' } }, '/coordinates/lat'],
      ['beyond the date line', { coordinates: { lat: '0', lng: '180.0000001' } }, '/coordinates/lng'],
    ])('but not one %s', async (_, stop, below) => {
      await expectRefusal(quote({ stops: [stop, east(0)] }), 'ERR_INVALID_FIELD', `/data/stops/0${below}`);
      await expectRefusal(quote({ stops: [east(0), stop] }), 'ERR_INVALID_FIELD', `/data/stops/1${below}`);
    });

    it('but not one with 16 decimals', async () => {
      const coordinates = { lat: '22.3000000000000001', lng: '114.1' };
      expect(await sentAsIs({ ...QUOTATION, stops: [{ coordinates }, east(0)] })).toEqual([422, 'ERR_INVALID_FIELD']);
      expect(await sentAsIs({ ...QUOTATION, stops: [east(0), { coordinates }] })).toEqual([422, 'ERR_INVALID_FIELD']);
    });

    it.each([
      ['a pole', { lat: '90', lng: '0' }],
      ['the date line', { lat: '0', lng: '-180' }],
    ])('and takes %s for a place, if not one to deliver to', async (_, coordinates) => {
      await expectRefusal(quote({ stops: [east(0), { coordinates }] }), 'ERR_OUT_OF_SERVICE_AREA');
    });
  });

  describe('serves an area', () => {
    it('of so many kilometres around a city, to the metre', async () => {
      const [middle, edge, beyond] = [0, 39_999, 40_001].map((metres) => north(HONG_KONG, metres));
      await quote({ stops: [middle, edge] });
      await expectRefusal(quote({ stops: [middle, beyond] }), 'ERR_OUT_OF_SERVICE_AREA', '/data/stops/1');
      await expectRefusal(quote({ stops: [beyond, middle] }), 'ERR_OUT_OF_SERVICE_AREA', '/data/stops/0');
      await expectRefusal(quote({ stops: [middle, edge, beyond] }), 'ERR_OUT_OF_SERVICE_AREA', '/data/stops/2');
    });

    it('in one city at a time', async () => {
      const bangkok = { lat: 13.7563, lng: 100.5018 };
      const pattaya = { lat: 12.9236, lng: 100.8825 };
      const thai = (...route: object[]): Promise<Quotation> => quote({ language: 'th_TH', stops: route }, 'TH');
      await thai(north(bangkok, 0), north(bangkok, 1000));
      await thai(north(pattaya, 0), north(pattaya, 1000));
      await expectRefusal(
        thai(north(bangkok, 0), north(bangkok, 1000), north(pattaya, 0)),
        'ERR_OUT_OF_SERVICE_AREA',
        '/data/stops/2',
      );
      await expectRefusal(thai(north(pattaya, 0), north(bangkok, 0)), 'ERR_OUT_OF_SERVICE_AREA', '/data/stops/1');
    });

    it('of the market that the call is for', async () => {
      await expectRefusal(quote({ language: 'en_SG' }, 'SG'), 'ERR_OUT_OF_SERVICE_AREA', '/data/stops/0');
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
        (await quote({ language, serviceType, stops: route }, market)).stops[0].coordinates;
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
    ])('but cannot use one of %s', async (_, address) => {
      await expectRefusal(quote({ stops: [east(0), { address }] }), 'ERR_INCORRECT_ADDRESS');
    });

    it.each([
      ['HK', 'Hong Kong', 'en_HK'],
      ['HK', 'HONG KONG, 999077', 'en_HK'],
      ['TH', 'Bangkok, Thailand', 'th_TH'],
      ['TH', 'Pattaya', 'th_TH'],
    ])('nor, in %s, one that says no more than the city: %s', async (market, address, language) => {
      const call = quote({ language, stops: [{ address: 'First street' }, { address }] }, market);
      await expectRefusal(call, 'ERR_REVERSE_GEOCODE_FAILURE');
    });

    it('and asks nothing of an address that has coordinates', async () => {
      await quote({
        stops: [
          { ...east(0), address: '' },
          { ...east(1), address: undefined },
        ],
      });
    });

    it('unless they are numbers, which is a bad request', async () => {
      for (const coordinates of [
        { lat: 22.3193, lng: '114.1694' },
        { lat: '22.3193', lng: 114.1694 },
      ]) {
        const answer = await sentAsIs({ ...QUOTATION, stops: [{ coordinates, address: 'Peak' }, east(1)] });
        expect(answer).toEqual([400, 'ERR_BAD_REQUEST']);
      }
    });
  });

  /** Sends what the module would mend before it leaves. */
  async function sentAsIs(data: object): Promise<[status: number, code: unknown]> {
    const { createHmac } = await import('node:crypto');
    const body = JSON.stringify({ data });
    const timestamp = String(sandbox.clock.now());
    const signed = createHmac('sha256', sandbox.apiSecret)
      .update(`${timestamp}\r\nPOST\r\n/v3/quotations\r\n\r\n${body}`)
      .digest('hex');
    const headers = { Authorization: `hmac ${sandbox.apiKey}:${timestamp}:${signed}`, Market: 'HK' };
    const answer = await fetch(`${sandbox.url}/v3/quotations`, { method: 'POST', headers, body });
    return [answer.status, /ERR_[A-Z_]+/.exec(await answer.text())?.[0]];
  }

  describe('is in a language', () => {
    it.each([['en_HK'], ['zh_HK']])('of its market: %s', async (language) => {
      expect(await quote({ language })).toMatchObject({ language: language.toUpperCase() });
    });

    it.each([['th_TH'], ['EN_HK'], ['en'], ['fr_HK']])('and in no other: %s', async (language) => {
      await expectRefusal(quote({ language }), 'ERR_INVALID_FIELD', '/data/language');
    });
  });

  describe('is for a service', () => {
    it.each([['SUBMARINE'], ['motorcycle'], ['LALAGO']])('that the city has, which %s is not', async (serviceType) => {
      await expectRefusal(quote({ serviceType }), 'ERR_INVALID_SERVICE_TYPE', '/data/serviceType');
    });

    it.each([
      ['serviceType', undefined, 'ERR_MISSING_FIELD'],
      ['serviceType', null, 'ERR_MISSING_FIELD'],
      ['serviceType', 7, 'ERR_INVALID_FIELD'],
      ['language', undefined, 'ERR_MISSING_FIELD'],
      ['language', ['en_HK'], 'ERR_INVALID_FIELD'],
      ['isRouteOptimized', 'yes', 'ERR_INVALID_FIELD'],
      ['serviceType', '', 'ERR_REQUIRED_FIELD'],
      ['language', '', 'ERR_REQUIRED_FIELD'],
    ])('and says what is wrong with %s: %j', async (member, value, code) => {
      await expectRefusal(quote({ [member]: value }), code, `/data/${member}`);
    });
  });

  describe('has special requests', () => {
    it.each([
      ['none', []],
      ['one', ['THERMAL_BAG_1']],
      ['one of each family', ['CASH_ON_DELIVERY', 'THERMAL_BAG_2']],
    ])('%s of them', async (_, specialRequests) => {
      expect((await quote({ specialRequests })).specialRequests ?? []).toEqual(specialRequests);
    });

    it.each([
      ['one that does not exist', ['JET_ENGINE'], '/0'],
      ['one of another service', ['CASH_ON_DELIVERY', 'TAILBOARD'], '/1'],
      ['more of a family than may be chosen', ['THERMAL_BAG_1', 'CASH_ON_DELIVERY', 'THERMAL_BAG_2'], '/2'],
      ['one twice', ['CASH_ON_DELIVERY', 'CASH_ON_DELIVERY'], '/1'],
    ])('but not %s', async (_, specialRequests, below) => {
      const pointer = `/data/specialRequests${below}`;
      await expectRefusal(quote({ specialRequests }), 'ERR_INVALID_SPECIAL_REQUEST', pointer);
    });

    it.each([
      ['no list', 'CASH_ON_DELIVERY', ''],
      ['no text', [7], '/0'],
    ])('nor what is %s', async (_, specialRequests, below) => {
      await expectRefusal(quote({ specialRequests }), 'ERR_INVALID_FIELD', `/data/specialRequests${below}`);
    });
  });

  describe('is for an item', () => {
    const ITEM = {
      quantity: '3',
      weight: 'LESS_THAN_3_KG',
      categories: ['FOOD_DELIVERY', 'FRAGILE'],
      handlingInstructions: ['KEEP_UPRIGHT'],
    };

    it('that the service lists', async () => {
      expect((await quote({ item: ITEM })).item).toEqual(ITEM);
      expect(await quote({ item: {} })).toMatchObject({ item: {} });
    });

    it.each([
      ['quantity', 3],
      ['weight', 'MORE_THAN_500_KG'],
      ['weight', 2],
      ['categories', ['FOOD_DELIVERY', 'FURNITURE']],
      ['categories', 'FOOD_DELIVERY'],
      ['handlingInstructions', ['DO_NOT_STACK']],
    ])('whose %s is not %j', async (member, value) => {
      const call = quote({ item: { ...ITEM, [member]: value } });
      await expect(call).rejects.toMatchObject({ code: 'ERR_INVALID_FIELD', upstreamStatus: 422 });
      await expect(call).rejects.toMatchObject({
        errors: [{ pointer: expect.stringMatching(new RegExp(`^/data/item/${member}(/0)?$`)) }],
      });
    });

    it('which most services take without a word, and leave out', async () => {
      const manila = [{ address: 'First street' }, { address: 'Second street' }];
      const quotation = await quote({ item: { weight: 'ANY' }, language: 'en_PH', stops: manila }, 'PH');
      expect(quotation).not.toHaveProperty('item');
    });

    it('that is one', async () => {
      await expectRefusal(quote({ item: 'a cake' }), 'ERR_INVALID_FIELD', '/data/item');
    });
  });

  describe('costs', () => {
    it('the base up to 5 km, and more with every further km', async () => {
      // Streets are longer than the crow flies.
      const of = (km: number): Promise<number> =>
        total({ stops: [north(HONG_KONG, 0), north(HONG_KONG, (km * 1000) / 1.4)] });
      const prices = [await of(0), await of(4.9), await of(6), await of(7), await of(20)];
      expect(prices).toEqual([45, 45, 51, 57, 135]);
    });

    it('more with every stop, at whatever distance', async () => {
      const prices: number[] = [];
      for (const count of [2, 3, 4, 16]) {
        prices.push(await total({ stops: [east(0), ...Array<object>(count - 1).fill(east(1))] }));
      }
      expect(prices).toEqual([...new Set(prices)].sort((a, b) => a - b));
    });

    it('more with every special request', async () => {
      const prices = [
        await total({ specialRequests: [] }),
        await total({ specialRequests: ['CASH_ON_DELIVERY'] }),
        await total({ specialRequests: ['CASH_ON_DELIVERY', 'THERMAL_BAG_1'] }),
      ];
      expect(prices).toEqual([...new Set(prices)].sort((a, b) => a - b));
    });

    it('more in a larger vehicle', async () => {
      const prices: number[] = [];
      for (const serviceType of ['WALKER', 'MOTORCYCLE', 'VAN', 'TRUCK330', 'TRUCK550']) {
        prices.push(await total({ serviceType }));
      }
      expect(prices).toEqual([...new Set(prices)].sort((a, b) => a - b));
    });
  });

  describe('optimises a route', () => {
    const addresses = ({ stops: route }: Quotation): string[] => route.map(({ address }) => address);
    const prices = ({ priceBreakdown }: Quotation): number[] =>
      [priceBreakdown.totalBeforeOptimization, priceBreakdown.total].map(Number);

    it('only where it is asked to', async () => {
      const route = [east(0), east(30), east(10), east(20)];
      const asGiven = await quote({ stops: route });
      const optimised = await quote({ stops: route, isRouteOptimized: true });
      expect([asGiven.isRouteOptimized, optimised.isRouteOptimized]).toEqual([false, true]);
      expect(addresses(asGiven)).toEqual(['0', '30', '10', '20'].map((steps) => `${steps} steps east`));
      expect(addresses(optimised)).toEqual(['0', '10', '20', '30'].map((steps) => `${steps} steps east`));
    });

    it('and tells what it would have cost', async () => {
      const route = [east(0), east(30), east(10), east(20)];
      const [before, same] = prices(await quote({ stops: route }));
      const [told, lower] = prices(await quote({ stops: route, isRouteOptimized: true }));
      expect([same, told]).toEqual([before, before]);
      expect(lower).toBeLessThan(Number(before));
    });

    it('at the same price, where nothing is gained', async () => {
      const [before, after] = prices(await quote({ stops: stops(5), isRouteOptimized: true }));
      expect(after).toBe(before);
    });

    it('never for a higher price, also where the next stop is not the nearest', async () => {
      const route = [east(0), east(-11), east(10), east(30)];
      const [before, after] = prices(await quote({ stops: route, isRouteOptimized: true }));
      expect(after).toBeLessThanOrEqual(Number(before));
    });

    it('keeping the id of each stop', async () => {
      const given = await quote({ stops: [east(0), east(20), east(10)], isRouteOptimized: true });
      const [first, second, third] = given.stops.map(({ stopId }) => stopId);
      expect([first, third, second]).toEqual([first, second, third].sort());
    });
  });

  /** Of `lalamove-api.md` §1: currency, decimals, languages. */
  describe.each([
    ['AE', 'AED', 0, ['en_AE']],
    ['BR', 'BRL', 2, ['en_BR', 'pt_BR']],
    ['HK', 'HKD', 0, ['en_HK', 'zh_HK']],
    ['ID', 'IDR', 0, ['en_ID', 'id_ID']],
    ['JP', 'JPY', 0, ['en_JP', 'ja_JP']],
    ['MX', 'MXN', 0, ['en_MX', 'es_MX']],
    ['MY', 'MYR', 1, ['en_MY', 'ms_MY']],
    ['PH', 'PHP', 0, ['en_PH']],
    ['SA', 'SAR', 0, ['en_SA', 'ar_SA']],
    ['SG', 'SGD', 1, ['en_SG']],
    ['TH', 'THB', 0, ['th_TH', 'en_TH']],
    ['TW', 'TWD', 0, ['zh_TW']],
    ['VN', 'VND', 0, ['en_VN', 'vi_VN']],
  ])('in %s', (market, currency, decimals, languages) => {
    const measure = (unit: string): object => ({ value: expect.stringMatching(/^\d+(\.\d+)?$/), unit });
    const text = expect.stringMatching(/\S/);

    it('is for one of its cities, each with its services and what they offer', async () => {
      const cities = await lalamove.getCities({ market });
      expect(cities.length).toBeGreaterThan(0);
      expect(new Set(cities.map(({ locode }) => locode)).size).toBe(cities.length);
      for (const { locode, name, services } of cities) {
        expect(locode).toMatch(new RegExp(`^${market} [A-Z]{3}$`));
        expect(name).toEqual(text);
        expect(new Set(services.map(({ key }) => key)).size).toBe(services.length);
        expect(services.length).toBeGreaterThan(1);
        for (const service of services) {
          expect(service).toEqual({
            key: expect.stringMatching(/^[A-Z0-9_]+$/),
            description: text,
            dimensions: { length: measure('m'), width: measure('m'), height: measure('m') },
            load: measure('kg'),
            specialRequests: expect.any(Array),
            deliveryItemSpecification: ITEM_MARKETS.has(market)
              ? {
                  weight: expect.arrayContaining([text]),
                  categories: expect.arrayContaining([text]),
                  handlingInstructions: expect.arrayContaining([text]),
                }
              : expect.any(Object),
          });
          for (const { name: request, description } of service.specialRequests ?? []) {
            expect(request).toMatch(/^[A-Z0-9_]+$/);
            expect(description).toEqual(text);
          }
        }
      }
    });

    it('is in each of its languages, for each of its services with all that it offers, in its currency', async () => {
      const [city] = await lalamove.getCities({ market });
      const money = expect.stringMatching(decimals === 0 ? /^\d+$/ : new RegExp(`^\\d+\\.\\d{${decimals}}$`));
      for (const { key: serviceType, specialRequests = [], deliveryItemSpecification } of city?.services ?? []) {
        for (const language of languages) {
          const { priceBreakdown, ...quotation } = await quote(
            {
              language,
              serviceType,
              item: { ...deliveryItemSpecification, weight: [deliveryItemSpecification?.weight ?? 'ANY'].flat()[0] },
              specialRequests: oneOfEachFamily(specialRequests),
              stops: [{ address: 'First street' }, { address: 'Second street' }, { address: 'Third street' }],
            },
            market,
          ).catch((error: unknown) => {
            throw new Error(`no ${serviceType} in ${language}`, { cause: error });
          });
          expect(quotation).toMatchObject({ serviceType, language: language.toUpperCase() });
          const { currency: told, ...amounts } = priceBreakdown;
          expect(told).toBe(currency);
          expect(Object.values(amounts)).toEqual(Object.values(amounts).map(() => money));
        }
      }
    });

    it('is in no language of another market', async () => {
      const call = quote({ language: market === 'TH' ? 'en_HK' : 'th_TH' }, market);
      await expectRefusal(call, 'ERR_INVALID_FIELD', '/data/language');
    });
  });
});

/** Special requests that can be asked for together. */
function oneOfEachFamily(requests: readonly SpecialRequest[]): string[] {
  const families = new Map(requests.map(({ name, parent_type: family }) => [family ?? name, name]));
  return [...families.values()];
}
