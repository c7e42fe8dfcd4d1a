import { isRecord } from '../../internal/is-record.js';
import { repairTimes } from './repair-time.js';
import type { ItemDto } from '../requests/create-quotation.dto.js';

/** Amounts as decimal strings in `currency`, with the market's number of decimals. A market may add items. */
export interface PriceBreakdown {
  base?: string;
  extraMileage?: string;
  surcharge?: string;
  specialRequests?: string;
  multiStopSurcharge?: string;
  vat?: string;
  adminFee?: string;
  priorityFee?: string;
  totalBeforeOptimization?: string;
  totalExcludePriorityFee?: string;
  total: string;
  /** ISO 4217, e.g. `HKD`. */
  currency: string;
  [item: string]: string | undefined;
}

/** A length of the route; `value` is a decimal string, `unit` is `m`. */
export interface Distance {
  value: string;
  unit: string;
}

/** A place as Lalamove answers it: decimal strings, in degrees. */
export interface Coordinates {
  lat: string;
  lng: string;
}

/** A stop of a quotation; `stopId` is what sender and recipients of an order refer to. */
export interface QuotationStop {
  stopId: string;
  coordinates: Coordinates;
  address: string;
}

/** An answer of `POST /v3/quotations` or `GET /v3/quotations/:id`; an answer is checked for its id, other fields come as they came. */
export interface Quotation {
  quotationId: string;
  /** ISO 8601, UTC. */
  scheduleAt: string;
  /** ISO 8601, UTC: 5 minutes after it was made. */
  expiresAt: string;
  serviceType: string;
  specialRequests?: string[];
  /** Upper-cased, e.g. `EN_HK`. */
  language: string;
  /** The pick-up and 1 to 16 drop-offs. */
  stops: [QuotationStop, QuotationStop, ...QuotationStop[]];
  isRouteOptimized: boolean;
  priceBreakdown: PriceBreakdown;
  item?: ItemDto;
  distance?: Distance;
}

/** @returns `undefined` for what is no quotation */
export function readQuotation(data: unknown): Quotation | undefined {
  repairTimes(data, 'scheduleAt', 'expiresAt');
  return isQuotation(data) ? data : undefined;
}

function isQuotation(data: unknown): data is Quotation {
  return isRecord(data) && typeof data.quotationId === 'string' && data.quotationId !== '';
}
