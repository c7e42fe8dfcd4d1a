import type { Quotation } from '../../api/answers/quotation.js';
import type { Tenant } from './tenant.js';

/** A quotation, with the data that the API does not return. */
export interface QuotationEntry {
  readonly tenant: Tenant;
  readonly quotation: Quotation;
  /** UN/LOCODE of the city that serves it. */
  readonly locode: string;
  /** The pick-up time in Unix ms; the time of the request if none was given. */
  readonly scheduleAt: number;
  /** Whether the request gave a pick-up time. */
  readonly isScheduled: boolean;
  /** Unix ms. */
  readonly expiresAt: number;
  readonly metres: number;
  /** In the market's smallest units. */
  readonly total: number;
  /** How many orders were placed with it. */
  timesOrdered: number;
  /** Whether a magic value has already caused a fault for an order of this quotation. */
  isMagicSpent: boolean;
}
