/** What the sandbox knows of a market: where a stop without coordinates is placed, and how its prices are written. */
export interface MarketFacts {
  /** UN/LOCODE of its first city. */
  locode: string;
  city: string;
  lat: number;
  lng: number;
  currency: string;
  /** Decimals of an amount: 1 in SG and MY, 2 in BR, otherwise none (`lalamove-api.md` §1). */
  decimals: number;
  /** What a kilometre costs, in the market's currency; prices are plausible, not Lalamove's. */
  perKm: number;
}

// prettier-ignore
const MARKETS: ReadonlyMap<string, MarketFacts> = new Map([
  ['AE', { locode: 'AE DXB', city: 'Dubai', lat: 25.2048, lng: 55.2708, currency: 'AED', decimals: 0, perKm: 2 }],
  ['BR', { locode: 'BR SAO', city: 'São Paulo', lat: -23.5505, lng: -46.6333, currency: 'BRL', decimals: 2, perKm: 1.6 }],
  ['HK', { locode: 'HK HKG', city: 'Hong Kong', lat: 22.3193, lng: 114.1694, currency: 'HKD', decimals: 0, perKm: 6 }],
  ['ID', { locode: 'ID JKT', city: 'Jakarta', lat: -6.2088, lng: 106.8456, currency: 'IDR', decimals: 0, perKm: 2500 }],
  ['JP', { locode: 'JP TYO', city: 'Tokyo', lat: 35.6762, lng: 139.6503, currency: 'JPY', decimals: 0, perKm: 150 }],
  ['MX', { locode: 'MX MEX', city: 'Mexico City', lat: 19.4326, lng: -99.1332, currency: 'MXN', decimals: 0, perKm: 9 }],
  ['MY', { locode: 'MY KUL', city: 'Kuala Lumpur', lat: 3.139, lng: 101.6869, currency: 'MYR', decimals: 1, perKm: 0.9 }],
  ['PH', { locode: 'PH MNL', city: 'Manila', lat: 14.5995, lng: 120.9842, currency: 'PHP', decimals: 0, perKm: 6 }],
  ['SA', { locode: 'SA RUH', city: 'Riyadh', lat: 24.7136, lng: 46.6753, currency: 'SAR', decimals: 0, perKm: 2 }],
  ['SG', { locode: 'SG SIN', city: 'Singapore', lat: 1.3521, lng: 103.8198, currency: 'SGD', decimals: 1, perKm: 0.8 }],
  ['TH', { locode: 'TH BKK', city: 'Bangkok', lat: 13.7563, lng: 100.5018, currency: 'THB', decimals: 0, perKm: 7 }],
  ['TW', { locode: 'TW TPE', city: 'Taipei', lat: 25.033, lng: 121.5654, currency: 'TWD', decimals: 0, perKm: 15 }],
  ['VN', { locode: 'VN SGN', city: 'Ho Chi Minh City', lat: 10.8231, lng: 106.6297, currency: 'VND', decimals: 0, perKm: 5000 }],
]);

/** The facts of a market; `undefined` for one that Lalamove does not serve. */
export function marketFacts(market: string | undefined): MarketFacts | undefined {
  return market === undefined ? undefined : MARKETS.get(market.toUpperCase());
}
