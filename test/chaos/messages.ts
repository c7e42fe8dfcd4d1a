import type { BookDeliveryDto } from '../../src/deliveries/dto/book-delivery.dto.js';
import type { EmbeddedDatabaseOptions, GivenPolicy } from '../../src/deliveries/index.js';
import type { DeliveryStep } from '../../src/deliveries/deliveries.hooks.js';
import type { FileCommand } from './file-commands.js';

/**
 * A step of a host: of a delivery's work, or of the app around it. `answered`: the answer to a webhook has been sent.
 * `handling`: in the middle of a handler call.
 */
export type ChaosStep = DeliveryStep | 'answered' | 'handling';

/** When a host process is killed. */
export type Kill =
  /** At the given count of one kind of step, or of all steps. */
  | { readonly at: 'step'; readonly step: ChaosStep | undefined; readonly count: number }
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
  /** The file to which its handlers and its hooks write, one line for each call and step. */
  readonly journal?: string;
  /** One of this number of handler calls fails. */
  readonly failsOneIn?: number;
  /** Wakes each delivery twice at the same time, by a queue of the host's own. */
  readonly doublesWakes?: boolean;
  /** One of this number of answers with an order comes after its lease has ended and another worker has taken over. */
  readonly lateAnswers?: number;
  /** PostgreSQL instead of the file. Its leases are short, because a killed host holds them until their end. */
  readonly postgres?: { readonly url: string; readonly schema: string; readonly leaseSeconds: number };
  /** BullMQ wakes deliveries, instead of timers of the host. */
  readonly redis?: { readonly url: string; readonly prefix: string };
  /** Another server receives webhooks first, so the host does not register its own URL. */
  readonly isBehindBalancer?: boolean;
  /** More options of its database. */
  readonly database?: EmbeddedDatabaseOptions;
}

/** A command for a host. It answers with `{ id, done }` or `{ id, error }`. */
export type HostCommand =
  | { readonly do: 'book'; readonly bookings: readonly BookDeliveryDto[] }
  | { readonly do: 'cancel'; readonly reference: string }
  | { readonly do: 'register'; readonly port: number }
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

/** A stored webhook. */
export interface ReportedWebhook {
  /** Of its row. */
  readonly id: number;
  readonly eventId: string;
  readonly data: string;
  readonly fingerprint: string;
  /** The delivery in whose timeline it is. */
  readonly reference: string | undefined;
}

/** The contents of a host's database. */
export interface HostReport {
  readonly deliveries: readonly ReportedDelivery[];
  readonly webhooks: readonly ReportedWebhook[];
  /** The outcome of each attempt, by attempt id. */
  readonly attempts: Readonly<Record<string, string>>;
  /** The ids of each delivery's own events, in the order of its timeline. */
  readonly timelines: Readonly<Record<string, readonly number[]>>;
}
