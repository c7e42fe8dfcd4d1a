import { isRecord } from '../../internal/is-record.js';
import { repairTimes } from './repair-time.js';
import type { ItemDto } from '../requests/create-quotation.dto.js';

/** Amounts as decimal strings in `currency`, with the decimals of the market. A market may add further amounts. */
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

/** Coordinates as Lalamove sends them: decimal strings, in degrees. */
export interface Coordinates {
  lat: string;
  lng: string;
}

/** A stop of a quotation. Sender and recipients of an order refer to it by `stopId`. */
export interface QuotationStop {
  stopId: string;
  coordinates: Coordinates;
  address: string;
}

/**
 * The answer to `POST /v3/quotations` and `GET /v3/quotations/:id`. Only the id is checked; the other fields are
 * unchanged.
 */
export interface Quotation {
  quotationId: string;
  /** ISO 8601, UTC. */
  scheduleAt: string;
  /** ISO 8601, UTC: 5 minutes after the quotation was created. */
  expiresAt: string;
  serviceType: string;
  specialRequests?: string[];
  /** In upper case, e.g. `EN_HK`. */
  language: string;
  /** The pick-up and 1 to 16 drop-offs. */
  stops: [QuotationStop, QuotationStop, ...QuotationStop[]];
  isRouteOptimized: boolean;
  priceBreakdown: PriceBreakdown;
  item?: ItemDto;
  distance?: Distance;
}

/** @returns `undefined` if the data are no quotation */
export function readQuotation(data: unknown): Quotation | undefined {
  repairTimes(data, 'scheduleAt', 'expiresAt');
  return isQuotation(data) ? data : undefined;
}

function isQuotation(data: unknown): data is Quotation {
  return isRecord(data) && typeof data.quotationId === 'string' && data.quotationId !== '';
}
