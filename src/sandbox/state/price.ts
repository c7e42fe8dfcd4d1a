import type { PriceBreakdown } from '../../api/answers/quotation.js';
import type { MarketFacts } from './market-facts.js';
import { toUnits, formatAmount } from './money.js';
import type { Service } from './service-catalog.js';

/** The values that a price depends on. */
export interface PricedRoute {
  readonly market: MarketFacts;
  readonly service: Service;
  readonly metres: number;
  readonly stops: number;
  /** The number of special requests. */
  readonly specialRequests: number;
  /** In the market's smallest units; absent if none was offered. */
  readonly priorityFee?: number | undefined;
}

/** A price in the market's smallest units: the items and their sum. */
export interface Price {
  readonly items: Readonly<Record<string, number>>;
  readonly priorityFee: number | undefined;
  /** Without the priority fee. */
  readonly route: number;
  readonly total: number;
}

/**
 * The price of a route: a base for 5 km, a price per further metre, surcharges for further drop-offs and special
 * requests, and the market's VAT.
 */
export function priceOf({ market, service, metres, stops, specialRequests, priorityFee }: PricedRoute): Price {
  const amount = (value: number): number => toUnits(value * service.rate, market);
  const net = {
    base: amount(market.base),
    extraMileage: amount((market.perKm * Math.max(0, metres - 5000)) / 1000),
    multiStopSurcharge: amount(market.perKm * 2) * Math.max(0, stops - 2),
    specialRequests: amount(market.perKm * 2) * specialRequests,
  };
  const sum = Object.values(net).reduce((total, item) => total + item, 0);
  const vat = Math.round(sum * market.vat);
  return { items: { ...net, vat }, priorityFee, route: sum + vat, total: sum + vat + (priorityFee ?? 0) };
}

/**
 * A price as answers show it, without the items that are zero. `before` is the price before the route was optimised,
 * which only quotations show.
 */
export function priceBreakdown(price: Price, market: MarketFacts, before?: Price): PriceBreakdown {
  const items = Object.entries(price.items)
    .filter(([, units]) => units > 0)
    .map(([name, units]) => [name, formatAmount(units, market)]);
  return {
    ...(Object.fromEntries(items) as Record<string, string>),
    ...(price.priorityFee !== undefined && { priorityFee: formatAmount(price.priorityFee, market) }),
    ...(before && { totalBeforeOptimization: formatAmount(before.route, market) }),
    totalExcludePriorityFee: formatAmount(price.route, market),
    total: formatAmount(price.total, market),
    currency: market.currency,
  };
}
