import type { BookDeliveryDto } from '../../src/deliveries/dto/book-delivery.dto.js';
import type { EmbeddedDatabaseOptions, GivenPolicy } from '../../src/deliveries/index.js';
import type { DeliveryStep } from '../../src/deliveries/deliveries.hooks.js';
import type { FileCommand } from './file-commands.js';

/** When a host dies by its own hand. */
export type Kill =
  /** At the so-many-th step, of a kind or of any. */
  | { readonly at: 'step'; readonly step: DeliveryStep | undefined; readonly count: number }
  /** So long after it was told to book, in ms of real time: at whatever await it is. */
  | { readonly at: 'time'; readonly ms: number }
  /** So long after its process was started, in ms of real time: also while it makes the tables of a new file. */
  | { readonly at: 'start'; readonly ms: number }
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
  /** What differs from the default policy. */
  readonly policy?: GivenPolicy;
  /** The file in which its handlers write down what they are given: a line each. */
  readonly journal?: string;
  /** Of so many calls of a handler one fails. */
  readonly failsOneIn?: number;
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

/** A line of the handlers' journal: a delivery's own event, or a webhook. */
export type JournalLine = { readonly reference: string; readonly id: number } | { readonly fingerprint: string };

/** All that a host has. */
export interface HostReport {
  readonly deliveries: readonly ReportedDelivery[];
  /** The webhooks that were stored: two of the same second whose `data` is the same are one. */
  readonly webhooks: readonly { readonly data: string; readonly fingerprint: string }[];
  /** Attempts by id, with their outcome. */
  readonly attempts: Readonly<Record<string, string>>;
  /** The ids of each delivery's own events, in the order of its timeline. */
  readonly timelines: Readonly<Record<string, readonly number[]>>;
}
