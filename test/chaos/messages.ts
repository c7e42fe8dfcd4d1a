import type { BookDeliveryDto } from '../../src/deliveries/dto/book-delivery.dto.js';
import type { EmbeddedDatabaseOptions } from '../../src/deliveries/index.js';
import type { DeliveryStep } from '../../src/deliveries/deliveries.hooks.js';
import type { FileCommand } from './file-commands.js';

/** When a host dies by its own hand. */
export type Kill =
  /** At the so-many-th step, of a kind or of any. */
  | { readonly at: 'step'; readonly step: DeliveryStep | undefined; readonly count: number }
  /** So long after it was told to book, in ms of real time: at whatever await it is. */
  | { readonly at: 'time'; readonly ms: number }
  | { readonly at: 'never' };

/** What a host process is started with. */
export interface HostPlan {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly port: number;
  readonly file: string;
  /** Unix ms that its clock begins with. */
  readonly startAt: number;
  readonly timeoutMs: number;
  readonly kill: Kill;
  /** Further options of its database. */
  readonly database?: EmbeddedDatabaseOptions;
}

/** What a host is told to do; it answers `{ id, done }` or `{ id, error }`. */
export type HostCommand =
  | { readonly do: 'book'; readonly bookings: readonly BookDeliveryDto[] }
  | { readonly do: 'cancel'; readonly reference: string }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'report' }
  | FileCommand;

/** A delivery, as its host has it. */
export interface ReportedDelivery {
  readonly reference: string;
  readonly state: string;
  readonly reason: string | undefined;
  readonly orderId: string | undefined;
  readonly attempts: number;
}

/** All that a host has. */
export interface HostReport {
  readonly deliveries: readonly ReportedDelivery[];
  /** `data` of the webhooks that were stored: two of the same second that say the same are one. */
  readonly events: readonly string[];
  /** Attempts by id, with their outcome. */
  readonly attempts: Readonly<Record<string, string>>;
}
