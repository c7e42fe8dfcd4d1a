import type { LalamoveOperation } from '../../api/endpoints.js';
import type { RefusalAnswer, WrittenAnswer } from '../api/refusal.js';
import type { Duration } from '../clock/duration.js';
import type { WebhookEventType } from '../../api/webhook-event-types.js';

/**
 * What the client gets instead of the answer: a connection reset, no answer, an answer cut in its middle, a refusal of
 * the error catalog, or a given answer.
 */
export type FaultAnswer = 'reset' | 'hang' | 'truncate' | RefusalAnswer | WrittenAnswer;

/** How often a fault applies. */
export interface FaultOccasions {
  /**
   * The number of times, or `'always'`.
   *
   * @default 1
   */
  readonly times?: number | 'always';
  /**
   * The probability of each time, from 0 to 1. The choice depends on the sandbox's seed.
   *
   * @default 1
   */
  readonly probability?: number;
}

/** A fault of a call. */
export interface CallFault extends FaultOccasions {
  /** The call or calls that it applies to; by default any. */
  readonly call?: LalamoveOperation | readonly LalamoveOperation[];
  /** The delay before the request is worked on, in ms of real time. */
  readonly latencyMs?: number;
  /**
   * Whether and when the call is carried out: not at all, before the answer goes wrong, or `lateBy` after the request.
   * A call that is not carried out at once has no answer of its own. Then the client gets nothing, unless `answer` is
   * set.
   *
   * @default 'skipped' if there is an `answer`, else 'done'
   */
  readonly work?: 'skipped' | 'done' | 'late';
  /**
   * For `work: 'late'`: the delay after the request, by the sandbox's clock. If the quotation has expired by then, the
   * late call is refused, and no client sees it.
   *
   * @default '2m'
   */
  readonly lateBy?: Duration;
  /** What the client gets; by default the answer of the call. */
  readonly answer?: FaultAnswer;
}

/** One of Lalamove's events, or one that you send yourself. */
type EventName = WebhookEventType | (string & {});

/** The faults of webhooks. */
export const WEBHOOK_FAULTS = ['lost', 'doubled', 'delayed', 'reordered', 'badly-signed', 'early'] as const;

/** A fault of a webhook. */
export interface WebhookFault extends FaultOccasions {
  /**
   * What goes wrong:
   *
   * - `lost`: the webhook is never sent.
   * - `doubled`: it is sent twice.
   * - `delayed`: it is sent `delay` later.
   * - `reordered`: it is sent after the next one.
   * - `badly-signed`: its signature is wrong.
   * - `early`: it is sent before the answer to the call that caused it, and the answer waits for it.
   */
  readonly webhook: (typeof WEBHOOK_FAULTS)[number];
  /** The event or events that it applies to, e.g. `'ORDER_CREATED'`; by default any. */
  readonly event?: EventName | readonly EventName[];
  /** The order that it applies to; by default any. */
  readonly orderId?: string;
  /**
   * For `delayed`: the delay, by the sandbox's clock.
   *
   * @default '10m'
   */
  readonly delay?: Duration;
}

/** A fault, and how often it applies. */
export type Fault = CallFault | WebhookFault;

/** A fault that the sandbox keeps. */
export type FaultRule = Fault & {
  readonly id: string;
  /** How many times it will still apply. */
  left: number | 'always';
  /** How many times it has applied. */
  fired: number;
};
