import { MARKET_LANGUAGES } from '../../api/market-languages.js';
import type { CityService } from '../../api/answers/city.js';
import { servicesOf } from './service-catalog.js';

/** A city, its services, and the area around its centre that couriers serve. */
export interface CityFacts {
  /** UN/LOCODE, e.g. `TH BKK`. */
  readonly locode: string;
  readonly name: string;
  readonly lat: number;
  readonly lng: number;
  /** Infinite if the area is not known. Such a city serves every place that no other city serves. */
  readonly radiusKm: number;
  readonly services: readonly CityService[];
}

/**
 * What the sandbox knows of a market. Codes, languages and decimals are Lalamove's. Areas, services and prices are
 * plausible, but not Lalamove's.
 */
export interface MarketFacts {
  readonly country: string;
  readonly languages: readonly string[];
  /** ISO 4217. */
  readonly currency: string;
  /** The decimals of an amount: 1 in SG and MY, 2 in BR, otherwise 0. */
  readonly decimals: number;
  /** The price of the first 5 km on a motorcycle, in the market's currency. */
  readonly base: number;
  /** The price of each further km on a motorcycle. */
  readonly perKm: number;
  /** A fraction of the price; 0 if there is none. */
  readonly vat: number;
  /** The offset of the local time that webhooks show with a wrong `Z`. */
  readonly utcOffsetHours: number;
  /** Addresses without coordinates are placed in the first city whose area is known. */
  readonly cities: readonly [CityFacts, ...CityFacts[]];
  /** Whether an order is `DELIVERING` between `PICKED_UP` and `COMPLETED` (observed in BR). */
  readonly hasDelivering: boolean;
  /** Whether `ERR_OUT_OF_SERVICE_AREA` has a message (not in MY, observed). */
  readonly hasAreaText: boolean;
}

type Place = Omit<CityFacts, 'services'>;
/** A market with the keys of its services, which are the same in all its cities. */
type MarketRow = Omit<MarketFacts, 'cities' | 'languages'> & {
  readonly services: readonly string[];
  readonly cities: readonly [Place, ...Place[]];
};

function city(locode: string, name: string, lat: number, lng: number, radiusKm = 45): Place {
  return { locode, name, lat, lng, radiusKm };
}

const COMMON = { vat: 0, hasDelivering: false, hasAreaText: true } as const;

const MARKETS: ReadonlyMap<string, MarketRow> = new Map<string, MarketRow>([
  [
    'AE',
    {
      ...COMMON,
      country: 'United Arab Emirates',
      currency: 'AED',
      decimals: 0,
      base: 20,
      perKm: 2,
      utcOffsetHours: 4,
      services: ['MOTORCYCLE', 'CAR', 'VAN', 'TRUCK330'],
      cities: [city('AE DXB', 'Dubai', 25.2048, 55.2708), city('AE AUH', 'Abu Dhabi', 24.4539, 54.3773)],
    },
  ],
  [
    'BR',
    {
      ...COMMON,
      country: 'Brazil',
      currency: 'BRL',
      decimals: 2,
      base: 9.5,
      perKm: 1.4,
      vat: 0.2,
      utcOffsetHours: -3,
      hasDelivering: true,
      services: ['LALAGO', 'LALAPRO', 'CAR', 'UV_FIORINO', 'VAN', 'TRUCK330'],
      cities: [
        city('BR SAO', 'São Paulo', -23.5505, -46.6333, 60),
        city('BR RIO', 'Rio de Janeiro', -22.9068, -43.1729),
        city('BR CWB', 'Curitiba', -25.4284, -49.2733),
      ],
    },
  ],
  [
    'HK',
    {
      ...COMMON,
      country: 'Hong Kong',
      currency: 'HKD',
      decimals: 0,
      base: 45,
      perKm: 6,
      utcOffsetHours: 8,
      services: ['WALKER', 'MOTORCYCLE', 'VAN', 'TRUCK330', 'TRUCK550'],
      cities: [city('HK HKG', 'Hong Kong', 22.3193, 114.1694, 40)],
    },
  ],
  [
    'ID',
    {
      ...COMMON,
      country: 'Indonesia',
      currency: 'IDR',
      decimals: 0,
      base: 12_000,
      perKm: 2500,
      utcOffsetHours: 7,
      services: ['MOTORCYCLE', 'SEDAN', 'VAN', 'TRUCK175', 'TRUCK330'],
      cities: [
        city('ID JKT', 'Jakarta', -6.2088, 106.8456),
        city('ID BDO', 'Bandung', -6.9175, 107.6191),
        city('ID SUB', 'Surabaya', -7.2575, 112.7521),
      ],
    },
  ],
  [
    'JP',
    {
      ...COMMON,
      country: 'Japan',
      currency: 'JPY',
      decimals: 0,
      base: 900,
      perKm: 150,
      utcOffsetHours: 9,
      services: ['MOTORCYCLE', 'MINIVAN', 'VAN'],
      cities: [city('JP TYO', 'Tokyo', 35.6762, 139.6503, 50), city('JP OSA', 'Osaka', 34.6937, 135.5023)],
    },
  ],
  [
    'MX',
    {
      ...COMMON,
      country: 'Mexico',
      currency: 'MXN',
      decimals: 0,
      base: 45,
      perKm: 9,
      utcOffsetHours: -6,
      services: ['MOTORCYCLE', 'CAR', 'MINIVAN', 'VAN', 'TRUCK330'],
      cities: [
        city('MX MEX', 'Mexico City', 19.4326, -99.1332, 50),
        city('MX MTY', 'Monterrey', 25.6866, -100.3161),
        city('MX GDL', 'Guadalajara', 20.6597, -103.3496),
      ],
    },
  ],
  [
    'MY',
    {
      ...COMMON,
      country: 'Malaysia',
      hasAreaText: false,
      currency: 'MYR',
      decimals: 1,
      base: 5,
      perKm: 0.9,
      utcOffsetHours: 8,
      services: ['MOTORCYCLE', 'CAR', '4X4', 'VAN', 'LORRY_10FT', 'TRUCK330'],
      cities: [
        city('MY KUL', 'Kuala Lumpur', 3.139, 101.6869),
        city('MY PEN', 'Penang', 5.4141, 100.3288),
        city('MY JHB', 'Johor Bahru', 1.4927, 103.7414, 30),
      ],
    },
  ],
  [
    'PH',
    {
      ...COMMON,
      country: 'Philippines',
      currency: 'PHP',
      decimals: 0,
      base: 49,
      perKm: 6,
      utcOffsetHours: 8,
      services: ['MOTORCYCLE', 'SEDAN', 'MINIVAN', 'VAN', 'TRUCK330'],
      cities: [city('PH MNL', 'Manila', 14.5995, 120.9842), city('PH CEB', 'Cebu', 10.3157, 123.8854)],
    },
  ],
  [
    'SA',
    {
      ...COMMON,
      country: 'Saudi Arabia',
      currency: 'SAR',
      decimals: 0,
      base: 18,
      perKm: 2,
      utcOffsetHours: 3,
      services: ['CAR', 'VAN', 'TRUCK330'],
      cities: [city('SA RUH', 'Riyadh', 24.7136, 46.6753), city('SA JED', 'Jeddah', 21.4858, 39.1925)],
    },
  ],
  [
    'SG',
    {
      ...COMMON,
      country: 'Singapore',
      currency: 'SGD',
      decimals: 1,
      base: 9,
      perKm: 0.8,
      utcOffsetHours: 8,
      services: ['WALKER', 'MOTORCYCLE', 'CAR', 'MINIVAN', 'VAN', 'TRUCK330'],
      cities: [city('SG SIN', 'Singapore', 1.3521, 103.8198, 30)],
    },
  ],
  [
    'TH',
    {
      ...COMMON,
      country: 'Thailand',
      currency: 'THB',
      decimals: 0,
      base: 48,
      perKm: 7,
      utcOffsetHours: 7,
      services: ['MOTORCYCLE', 'SEDAN', '4X4', 'VAN', 'TRUCK330'],
      cities: [
        city('TH BKK', 'Bangkok', 13.7563, 100.5018),
        city('TH PYX', 'Pattaya', 12.9236, 100.8825, 30),
        city('TH CNX', 'Chiang Mai', 18.7883, 98.9853),
      ],
    },
  ],
  [
    'TW',
    {
      ...COMMON,
      country: 'Taiwan',
      currency: 'TWD',
      decimals: 0,
      base: 80,
      perKm: 15,
      utcOffsetHours: 8,
      services: ['MOTORCYCLE', 'SEDAN', 'VAN', 'TRUCK330'],
      cities: [
        city('TW TPE', 'Taipei', 25.033, 121.5654),
        city('TW TXG', 'Taichung', 24.1477, 120.6736),
        city('TW KHH', 'Kaohsiung', 22.6273, 120.3014),
      ],
    },
  ],
  [
    'VN',
    {
      ...COMMON,
      country: 'Vietnam',
      currency: 'VND',
      decimals: 0,
      base: 25_000,
      perKm: 5000,
      utcOffsetHours: 7,
      services: ['MOTORCYCLE', 'VAN', 'TRUCK175', 'TRUCK330'],
      cities: [city('VN SGN', 'Ho Chi Minh City', 10.8231, 106.6297), city('VN HAN', 'Hanoi', 21.0278, 105.8342)],
    },
  ],
]);

/** The codes of all markets that the sandbox serves. */
export const MARKET_CODES: readonly string[] = [...MARKETS.keys()];

const FACTS: ReadonlyMap<string, MarketFacts> = new Map([...MARKETS].map(([code, row]) => [code, factsOf(code, row)]));

function factsOf(code: string, { services: keys, cities: [first, ...others], ...row }: MarketRow): MarketFacts {
  const services = servicesOf(code, keys);
  return {
    ...row,
    languages: MARKET_LANGUAGES[code] ?? [],
    cities: [{ ...first, services }, ...others.map((each) => ({ ...each, services }))],
  };
}

/** The facts of a market; `undefined` if Lalamove does not serve it. */
export function marketFacts(market: string): MarketFacts | undefined {
  return FACTS.get(market);
}
