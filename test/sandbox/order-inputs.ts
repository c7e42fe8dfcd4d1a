import type { CreateQuotationDto } from 'nestjs-lalamove';
import { QUOTATION } from '../support/inputs.js';

export const START = '2026-11-22T08:00:00Z';

export const SECOND = 1000;

export const MINUTE = 60 * SECOND;

/** A route with two drop-offs. */
export const TWO_DROPS: CreateQuotationDto = {
  ...QUOTATION,
  stops: [...QUOTATION.stops, { coordinates: { lat: '22.3193', lng: '114.1694' }, address: 'Nathan Road' }],
};

/** A status of an order, and when it began, in seconds from the start. */
export type Moment = [status: string, seconds: number];
