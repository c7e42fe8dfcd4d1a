import { afterEach, describe, expect, it } from '@jest/globals';
import type { City, LalamoveService } from 'nestjs-lalamove';
import { LalamoveSandbox, type LalamoveSandboxOptions } from 'nestjs-lalamove/sandbox';
import { startFrozen } from './frozen-sandbox.js';
import { orderOf } from '../support/inputs.js';

const measure = (value: string, unit: string): { value: string; unit: string } => ({ value, unit });

/** A service as in the recorded answer of BR: special requests without a description, no item. */
const service = (key: string, ...requests: string[]): City['services'][number] => ({
  key,
  description: '...',
  dimensions: { length: measure('0.4', 'm'), width: measure('0.4', 'm'), height: measure('0.3', 'm') },
  load: measure('20', 'kg'),
  specialRequests: requests.map((name) => ({ name, description: '' })),
  deliveryItemSpecification: {},
});

/** São Paulo, whose area the sandbox knows, and Porto Alegre, whose area it does not know. */
const CITIES: readonly City[] = [
  { locode: 'BR POA', name: 'Porto Alegre', services: [service('HATCHBACK', 'RETURN')] },
  {
    locode: 'BR SAO',
    name: 'Sao Paulo & Campinas',
    services: [service('LALAPRO', 'WAITING_TIME_030MIN'), service('UV_4H')],
  },
];

const SAO_PAULO = [
  { coordinates: { lat: '-23.5589', lng: '-46.6345' }, address: 'R. Clímaco Barbosa, 665' },
  { coordinates: { lat: '-23.5401', lng: '-46.6066' }, address: 'Av. Renata, 249' },
];
const PORTO_ALEGRE = [
  { coordinates: { lat: '-30.0346', lng: '-51.2177' }, address: 'Praça da Matriz' },
  { coordinates: { lat: '-30.0500', lng: '-51.2200' }, address: 'Av. Praia de Belas, 1181' },
];
const market = { market: 'BR' };

describe('a sandbox with the cities of an account', () => {
  let lalamove: LalamoveService;
  let close: () => Promise<void> = () => Promise.resolve();

  const start = async (options: LalamoveSandboxOptions): Promise<void> => {
    ({ lalamove, close } = await startFrozen(options));
  };
  const quote = (serviceType: string, stops: object[], specialRequests: string[] = []): Promise<unknown> => {
    const route = { language: 'pt_BR', serviceType, specialRequests, stops };
    return lalamove.createQuotation(route, { ...market, validate: false });
  };

  afterEach(() => close());

  it('answers them as given, and in other markets its own', async () => {
    await start({ cities: CITIES });
    expect(await lalamove.getCities(market)).toEqual(CITIES);
    expect((await lalamove.getCities({ market: 'SG' })).map(({ locode }) => locode)).toEqual(['SG SIN']);
  });

  it('accepts the services and special requests of the city only', async () => {
    await start({ cities: CITIES });
    expect(await quote('LALAPRO', SAO_PAULO, ['WAITING_TIME_030MIN'])).toMatchObject({ serviceType: 'LALAPRO' });
    expect(await quote('UV_4H', SAO_PAULO)).toMatchObject({ serviceType: 'UV_4H' });
    expect(await quote('HATCHBACK', PORTO_ALEGRE, ['RETURN'])).toMatchObject({ serviceType: 'HATCHBACK' });
    for (const refused of [
      quote('HATCHBACK', SAO_PAULO),
      quote('LALAGO', SAO_PAULO),
      quote('LALAPRO', PORTO_ALEGRE),
      quote('LALAPRO', SAO_PAULO, ['RETURN']),
      quote('UV_4H', SAO_PAULO, ['WAITING_TIME_030MIN']),
    ]) {
      await expect(refused).rejects.toMatchObject({ upstreamStatus: 422 });
    }
  });

  it('serves a city without a known area too', async () => {
    await start({ cities: CITIES });
    const quotation = await lalamove.createQuotation(
      { language: 'pt_BR', serviceType: 'HATCHBACK', stops: PORTO_ALEGRE },
      market,
    );
    const { sender, recipients, ...order } = orderOf(quotation);
    const phone = '+5511955550001';
    const people = { sender: { ...sender, phone }, recipients: recipients.map((each) => ({ ...each, phone })) };
    const { orderId } = await lalamove.placeOrder({ ...order, ...people }, market);
    expect(await lalamove.addPriorityFee(orderId, { priorityFee: '5' }, market)).toMatchObject({ orderId });
  });

  it('has all cities of the recordings by default', async () => {
    await start({});
    const offered = async (where: string, key: string): Promise<string[] | undefined> => {
      const [city] = await lalamove.getCities({ market: where });
      return city?.services.find((each) => each.key === key)?.specialRequests?.map(({ name }) => name);
    };
    expect(await offered('TW', 'MOTORCYCLE')).toContain('FOOD_AND_BEVERAGE');
    expect(await offered('BR', 'LALAPRO')).toContain('WAITING_TIME_030MIN');
    expect(await offered('HK', 'MOTORCYCLE')).toContain('TOLL_FEE_10');
    expect(await offered('HK', 'VAN')).toContain('TOLL_FEE_10');
    expect(await offered('MY', 'LORRY_10FT')).toBeDefined();
    expect(await offered('SG', 'MOTORCYCLE')).not.toContain('TOLL_FEE_10');
  });

  const [POA, SAO] = CITIES;
  it.each<[what: string, cities: unknown, message: string]>([
    ['not an array', { data: CITIES }, 'cities must be an array'],
    ['an empty array', [], 'cities must be an array with at least one city'],
    ['a string for a city', ['BR SAO'], 'cities[0] must be an object, not "BR SAO"'],
    [
      'a city without a locode',
      [{ ...POA, locode: undefined }],
      'cities[0].locode must be a UN/LOCODE such as "TH BKK"',
    ],
    ['a market that is not served', [{ ...POA, locode: 'XX POA' }], 'cities[0].locode must be a UN/LOCODE'],
    ['a city twice', [POA, SAO, POA], 'cities has the locode "BR POA" twice'],
    ['a city without a name', [{ ...POA, name: '' }], 'cities[0].name must be a string that is not empty, not ""'],
    [
      'the services’ old name',
      [{ locode: 'BR POA', name: 'Porto Alegre', serviceTypes: [] }],
      'cities[0].services must be an array',
    ],
    ['no services', [{ ...POA, services: [] }], 'cities[0].services must be an array with at least one service'],
    ['a key that is a number', [{ ...POA, services: [{ key: 7 }] }], 'cities[0].services[0].key must be a string'],
    ['a key twice', [{ ...POA, services: [{ key: 'CAR' }, { key: 'CAR' }] }], 'has the key "CAR" twice'],
    [
      'a load in words',
      [{ ...POA, services: [{ key: 'CAR', load: '20 kg' }] }],
      'cities[0].services[0].load must be an object, not "20 kg"',
    ],
    [
      'a side that is missing',
      [{ ...POA, services: [{ key: 'CAR', dimensions: {} }] }],
      'dimensions.length must be an object, not nothing',
    ],
    [
      'names for special requests',
      [{ ...POA, services: [{ key: 'CAR', specialRequests: ['RETURN'] }] }],
      'specialRequests[0] must be an object',
    ],
    [
      'an incomplete special request',
      [{ ...POA, services: [{ key: 'CAR', specialRequests: [{ name: 'A', max_selection: 1.5 }] }] }],
      'max_selection must be a whole number',
    ],
  ])('does not start with %s', async (_, cities, message) => {
    await expect(LalamoveSandbox.start({ cities } as never)).rejects.toThrow(RangeError);
    await expect(LalamoveSandbox.start({ cities } as never)).rejects.toThrow(message);
  });
});
