import type { BookDeliveryDto } from '../../src/deliveries/dto/book-delivery.dto.js';
import type { EmbeddedDatabaseOptions, GivenPolicy } from '../../src/deliveries/index.js';
import type { DeliveryStep } from '../../src/deliveries/deliveries.hooks.js';
import type { FileCommand } from './file-commands.js';

/** When a host process is killed. */
export type Kill =
  /** At the given count of one kind of step, or of all steps. */
  | { readonly at: 'step'; readonly step: DeliveryStep | undefined; readonly count: number }
  /** This long after the command to book, in ms of real time, at any await. */
  | { readonly at: 'time'; readonly ms: number }
  /** This long after its process was started, in ms of real time. It may still create the tables of a new file. */
  | { readonly at: 'start'; readonly ms: number }
  | { readonly at: 'never' };

/** The settings of a host process. */
export interface HostPlan {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly port: number;
  readonly file: string;
  /** The start of its clock, in Unix ms. */
  readonly startAt: number;
  readonly timeoutMs: number;
  readonly kill: Kill;
  /** The parts of the policy that differ from the default. */
  readonly policy?: GivenPolicy;
  /** The file to which its handlers write their events, one a line. */
  readonly journal?: string;
  /** One of this number of handler calls fails. */
  readonly failsOneIn?: number;
  /** More options of its database. */
  readonly database?: EmbeddedDatabaseOptions;
}

/** A command for a host. It answers with `{ id, done }` or `{ id, error }`. */
export type HostCommand =
  | { readonly do: 'book'; readonly bookings: readonly BookDeliveryDto[] }
  | { readonly do: 'cancel'; readonly reference: string }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'report' }
  | FileCommand;

/** A delivery in the host's database. */
export interface ReportedDelivery {
  readonly reference: string;
  readonly state: string;
  readonly reason: string | undefined;
  readonly orderId: string | undefined;
  readonly attempts: number;
}

/** A line of the handlers' journal: a delivery's own event, or a webhook. */
export type JournalLine = { readonly reference: string; readonly id: number } | { readonly fingerprint: string };

/** The contents of a host's database. */
export interface HostReport {
  readonly deliveries: readonly ReportedDelivery[];
  /** The stored webhooks. Two with the same `data` in the same second count as one. */
  readonly webhooks: readonly { readonly data: string; readonly fingerprint: string }[];
  /** The outcome of each attempt, by attempt id. */
  readonly attempts: Readonly<Record<string, string>>;
  /** The ids of each delivery's own events, in the order of its timeline. */
  readonly timelines: Readonly<Record<string, readonly number[]>>;
}
