import { isRecord } from '../../internal/is-record.js';

/** A measure, e.g. `{ value: '20', unit: 'kg' }`. */
export interface Measure {
  value: string;
  unit: string;
}

/** Something that may be asked for beside a service, e.g. a thermal bag. */
export interface SpecialRequest {
  /** What goes into `specialRequests`. */
  name: string;
  description: string;
  parent_type?: string;
  max_selection?: number;
  effective_time?: string;
  offline_time?: string;
}

/** A service type that a city offers. */
export interface CityService {
  /** What goes into `serviceType`. */
  key: string;
  description: string;
  dimensions?: { length: Measure; width: Measure; height: Measure };
  load?: Measure;
  specialRequests?: SpecialRequest[];
  /** What `item` of a quotation may hold. */
  deliveryItemSpecification?: Record<string, unknown>;
}

/** One entry of `GET /v3/cities`. */
export interface City {
  /** UN/LOCODE, e.g. `TH BKK`. */
  locode: string;
  name: string;
  services: CityService[];
}

/** The answer of `PATCH /v3/webhook`. */
export interface WebhookRegistration {
  url: string;
}

/** @returns `undefined` for what is no list */
export function readCities(data: unknown): City[] | undefined {
  return isCityList(data) ? data : undefined;
}

/** @returns `undefined` for what has no URL */
export function readWebhookRegistration(data: unknown): WebhookRegistration | undefined {
  return isWebhookRegistration(data) ? data : undefined;
}

function isCityList(data: unknown): data is City[] {
  return Array.isArray(data);
}

function isWebhookRegistration(data: unknown): data is WebhookRegistration {
  return isRecord(data) && typeof data.url === 'string';
}
