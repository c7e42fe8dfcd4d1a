import { isRecord } from '../../internal/is-record.js';

/** A measured value, e.g. `{ value: '20', unit: 'kg' }`. */
export interface Measure {
  value: string;
  unit: string;
}

/** An extra that can be ordered with a service, e.g. a thermal bag. */
export interface SpecialRequest {
  /** The value for `specialRequests` of a quotation. */
  name: string;
  description: string;
  parent_type?: string;
  max_selection?: number;
  effective_time?: string;
  offline_time?: string;
}

/** A service type that a city offers. */
export interface CityService {
  /** The value for `serviceType` of a quotation. */
  key: string;
  description: string;
  dimensions?: { length: Measure; width: Measure; height: Measure };
  load?: Measure;
  specialRequests?: SpecialRequest[];
  /** The allowed values for `item` of a quotation. */
  deliveryItemSpecification?: Record<string, unknown>;
}

/** One entry of `GET /v3/cities`. */
export interface City {
  /** UN/LOCODE, e.g. `TH BKK`. */
  locode: string;
  name: string;
  services: CityService[];
}

/** The answer to `PATCH /v3/webhook`. */
export interface WebhookRegistration {
  url: string;
}

/** @returns `undefined` if the data are no list */
export function readCities(data: unknown): City[] | undefined {
  return isCityList(data) ? data : undefined;
}

/** @returns `undefined` if the data have no URL */
export function readWebhookRegistration(data: unknown): WebhookRegistration | undefined {
  return isWebhookRegistration(data) ? data : undefined;
}

function isCityList(data: unknown): data is City[] {
  return Array.isArray(data);
}

function isWebhookRegistration(data: unknown): data is WebhookRegistration {
  return isRecord(data) && typeof data.url === 'string';
}
