import type { LalamoveOperation } from '../../api/operation-table.js';
import type { RefusalAnswer, WrittenAnswer } from '../api/refusal.js';
import type { Duration } from '../clock/duration.js';
import type { WebhookEventType } from '../../api/webhook-event-types.js';

/**
 * What a client gets instead of the answer: the connection reset, nothing at all, the answer cut off in its middle, a refusal of the error
 * catalog, or an answer word for word.
 */
export type FaultAnswer = 'reset' | 'hang' | 'truncate' | RefusalAnswer | WrittenAnswer;

/** How often a fault strikes. */
export interface FaultOccasions {
  /**
   * For how many occasions, or `'always'`.
   *
   * @default 1
   */
  readonly times?: number | 'always';
  /**
   * How likely it is on each occasion, from 0 to 1; by the sandbox's seed.
   *
   * @default 1
   */
  readonly probability?: number;
}

/** A call that goes wrong. */
export interface CallFault extends FaultOccasions {
  /** Which call or calls; any by default. */
  readonly call?: LalamoveOperation | readonly LalamoveOperation[];
  /** How long the request lies before anything is done, in ms of real time. */
  readonly latencyMs?: number;
  /**
   * Whether the call is carried out: not at all, before the answer goes wrong, or only `lateBy` after that. Without it there is no answer of its own:
   * unless `answer` names another one, nothing comes back.
   *
   * @default 'skipped' where there is an `answer`, else 'done'
   */
  readonly work?: 'skipped' | 'done' | 'late';
  /**
   * For `work: 'late'`: how long after the request, by the sandbox's clock. A quotation that has expired by then is refused, unseen.
   *
   * @default '2m'
   */
  readonly lateBy?: Duration;
  /** What the client gets; the call's own answer by default. */
  readonly answer?: FaultAnswer;
}

/** One of Lalamove's events, or any that you send yourself. */
type EventName = WebhookEventType | (string & {});

/** What can go wrong with a webhook. */
export const WEBHOOK_FAULTS = ['lost', 'doubled', 'delayed', 'reordered', 'badly-signed', 'early'] as const;

/** A webhook that goes wrong. */
export interface WebhookFault extends FaultOccasions {
  /**
   * `lost`: never sent. `doubled`: sent twice. `delayed`: sent `delay` later. `reordered`: sent after the next one. `badly-signed`: with a signature that does not
   * fit. `early`: sent, and waited for, before the answer to the call that caused it.
   */
  readonly webhook: (typeof WEBHOOK_FAULTS)[number];
  /** Which event or events, e.g. `'ORDER_CREATED'`; any by default. */
  readonly event?: EventName | readonly EventName[];
  /** Of which order; any by default. */
  readonly orderId?: string;
  /**
   * For `delayed`, by the sandbox's clock.
   *
   * @default '10m'
   */
  readonly delay?: Duration;
}

/** Something that goes wrong, and when. */
export type Fault = CallFault | WebhookFault;

/** A fault that waits for its occasions. */
export type FaultRule = Fault & {
  readonly id: string;
  /** On how many occasions it will still strike. */
  left: number | 'always';
};
