import type { PriceBreakdown, Quotation } from '../../api/answers/quotation.js';

/** The route of all built answers: two stops in Hong Kong. */
export const BUILT_STOPS = [
  {
    stopId: '3394517965935702001',
    coordinates: { lat: '22.2759', lng: '114.1455' },
    address: 'Victoria Peak, Hong Kong',
  },
  {
    stopId: '3394517965935702002',
    coordinates: { lat: '22.3080', lng: '113.9185' },
    address: 'Hong Kong Airport',
  },
] as const;

/** The id of built quotations. */
export const BUILT_QUOTATION_ID = '3394517965935702476';

/** The members of an answer that has a price; of the price, a part is enough. */
export type WithPartOfPrice<Answer extends { priceBreakdown: PriceBreakdown }> = Partial<
  Omit<Answer, 'priceBreakdown'>
> & {
  priceBreakdown?: Partial<PriceBreakdown>;
};

/**
 * A quotation as `createQuotation` and `getQuotation` return it: a motorcycle through Hong Kong, valid for 5 minutes.
 *
 * @param members replace those of the example; of `priceBreakdown` a part is enough
 */
export function buildQuotation({ priceBreakdown, ...members }: WithPartOfPrice<Quotation> = {}): Quotation {
  const now = Date.now();
  const [pickUp, dropOff] = structuredClone(BUILT_STOPS);
  return {
    quotationId: BUILT_QUOTATION_ID,
    scheduleAt: new Date(now).toISOString(),
    expiresAt: new Date(now + 300_000).toISOString(),
    serviceType: 'MOTORCYCLE',
    language: 'EN_HK',
    stops: [pickUp, dropOff],
    isRouteOptimized: false,
    distance: { value: '34260', unit: 'm' },
    ...members,
    priceBreakdown: { ...builtPrice(), totalBeforeOptimization: '192', ...priceBreakdown },
  };
}

/** The price of built quotations and orders. */
export function builtPrice(): PriceBreakdown {
  return { base: '45', extraMileage: '147', totalExcludePriorityFee: '192', total: '192', currency: 'HKD' };
}
