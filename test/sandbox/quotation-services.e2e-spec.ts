import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SpecialRequest } from 'nestjs-lalamove';
import { expectRefusal } from './expect-refusal.js';
import { QuotationScene } from './quotation-scene.js';

/** Markets in which every service accepts an `item`. */
const ITEM_MARKETS = new Set(['HK', 'TH', 'VN']);

describe('a quotation of the sandbox', () => {
  const scene = new QuotationScene();

  beforeAll(() => scene.start());

  afterAll(() => scene.close());

  describe('is in a language', () => {
    it.each([['en_HK'], ['zh_HK']])('of its market: %s', async (language) => {
      expect(await scene.quote({ language })).toMatchObject({ language: language.toUpperCase() });
    });

    it.each([['th_TH'], ['EN_HK'], ['en'], ['fr_HK']])('and in no other: %s', async (language) => {
      await expectRefusal(scene.quote({ language }), 'ERR_INVALID_FIELD', '/data/language');
    });
  });

  describe('is for a service', () => {
    it.each([['SUBMARINE'], ['motorcycle'], ['LALAGO']])('that the city has, and %s is not', async (serviceType) => {
      await expectRefusal(scene.quote({ serviceType }), 'ERR_INVALID_SERVICE_TYPE', '/data/serviceType');
    });

    it.each([
      ['serviceType', undefined, 'ERR_MISSING_FIELD'],
      ['serviceType', null, 'ERR_MISSING_FIELD'],
      ['serviceType', 7, 'ERR_INVALID_FIELD'],
      ['language', ['en_HK'], 'ERR_INVALID_FIELD'],
      ['isRouteOptimized', 'yes', 'ERR_INVALID_FIELD'],
      ['serviceType', '', 'ERR_REQUIRED_FIELD'],
      ['language', '', 'ERR_REQUIRED_FIELD'],
    ])('and reports an invalid %s: %j', async (member, value, code) => {
      await expectRefusal(scene.quote({ [member]: value }), code, `/data/${member}`);
    });
  });

  describe('has special requests', () => {
    it.each([
      ['none', []],
      ['one', ['THERMAL_BAG_1']],
      ['one of each family', ['CASH_ON_DELIVERY', 'THERMAL_BAG_2']],
    ])('%s of them', async (_, specialRequests) => {
      expect((await scene.quote({ specialRequests })).specialRequests ?? []).toEqual(specialRequests);
    });

    it.each([
      ['one that does not exist', ['JET_ENGINE'], '/0'],
      ['one of another service', ['CASH_ON_DELIVERY', 'TAILBOARD'], '/1'],
      ['more of a family than may be chosen', ['THERMAL_BAG_1', 'CASH_ON_DELIVERY', 'THERMAL_BAG_2'], '/2'],
      ['one twice', ['CASH_ON_DELIVERY', 'CASH_ON_DELIVERY'], '/1'],
    ])('but not %s', async (_, specialRequests, below) => {
      const pointer = `/data/specialRequests${below}`;
      await expectRefusal(scene.quote({ specialRequests }), 'ERR_INVALID_SPECIAL_REQUEST', pointer);
    });

    it.each([
      ['not an array', 'CASH_ON_DELIVERY', ''],
      ['not a string', [7], '/0'],
    ])('nor %s', async (_, specialRequests, below) => {
      await expectRefusal(scene.quote({ specialRequests }), 'ERR_INVALID_FIELD', `/data/specialRequests${below}`);
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
      expect((await scene.quote({ item: ITEM })).item).toEqual(ITEM);
      expect(await scene.quote({ item: {} })).toMatchObject({ item: {} });
    });

    it.each([
      ['quantity', 3],
      ['weight', 'MORE_THAN_500_KG'],
      ['weight', 2],
      ['categories', ['FOOD_DELIVERY', 'FURNITURE']],
      ['categories', 'FOOD_DELIVERY'],
      ['handlingInstructions', ['DO_NOT_STACK']],
    ])('whose %s is not %j', async (member, value) => {
      const call = scene.quote({ item: { ...ITEM, [member]: value } });
      await expect(call).rejects.toMatchObject({ code: 'ERR_INVALID_FIELD', upstreamStatus: 422 });
      await expect(call).rejects.toMatchObject({
        errors: [{ pointer: expect.stringMatching(new RegExp(`^/data/item/${member}(/0)?$`)) }],
      });
    });

    it('which most services accept without an error and leave out', async () => {
      const manila = [{ address: 'First street' }, { address: 'Second street' }];
      const quotation = await scene.quote({ item: { weight: 'ANY' }, language: 'en_PH', stops: manila }, 'PH');
      expect(quotation).not.toHaveProperty('item');
    });

    it('that is an object', async () => {
      await expectRefusal(scene.quote({ item: 'a cake' }), 'ERR_INVALID_FIELD', '/data/item');
    });
  });

  /** From `lalamove-api.md` §1: currency, decimals, languages. */
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

    it('is for one of its cities, each with its services and their special requests', async () => {
      const cities = await scene.lalamove.getCities({ market });
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

    it('is in each of its languages, for each of its services with all special requests, in its currency', async () => {
      const [city] = await scene.lalamove.getCities({ market });
      const money = expect.stringMatching(decimals === 0 ? /^\d+$/ : new RegExp(`^\\d+\\.\\d{${decimals}}$`));
      for (const { key: serviceType, specialRequests = [], deliveryItemSpecification } of city?.services ?? []) {
        for (const language of languages) {
          const { priceBreakdown, ...quotation } = await scene
            .quote(
              {
                language,
                serviceType,
                item: { ...deliveryItemSpecification, weight: [deliveryItemSpecification?.weight ?? 'ANY'].flat()[0] },
                specialRequests: oneOfEachFamily(specialRequests),
                stops: [{ address: 'First street' }, { address: 'Second street' }, { address: 'Third street' }],
              },
              market,
            )
            .catch((error: unknown) => {
              throw new Error(`no ${serviceType} in ${language}`, { cause: error });
            });
          expect(quotation).toMatchObject({ serviceType, language: language.toUpperCase() });
          const { currency: returned, ...amounts } = priceBreakdown;
          expect(returned).toBe(currency);
          expect(Object.values(amounts)).toEqual(Object.values(amounts).map(() => money));
        }
      }
    });

    it('is not in a language of another market', async () => {
      const call = scene.quote({ language: market === 'TH' ? 'en_HK' : 'th_TH' }, market);
      await expectRefusal(call, 'ERR_INVALID_FIELD', '/data/language');
    });
  });
});

/** Special requests that can be combined. */
function oneOfEachFamily(requests: readonly SpecialRequest[]): string[] {
  const families = new Map(requests.map(({ name, parent_type: family }) => [family ?? name, name]));
  return [...families.values()];
}
