/**
 * The states of a delivery. They follow the order at Lalamove, forwards and backwards. The last four are ends;
 * `needs_attention` waits for a person.
 */
export const DELIVERY_STATES = [
  'requested',
  'quoting',
  'booking',
  'assigning',
  'on_going',
  'picked_up',
  'completed',
  'canceled',
  'failed',
  'needs_attention',
] as const;

/** One of {@link DELIVERY_STATES}. */
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Why a delivery cannot go on by itself. */
export interface DeliveryReason {
  /**
   * `PRICE_ABOVE_MAX`, `QUOTATION_EXPIRED`, `OUTCOME_UNKNOWN`, `ORDER_ALREADY_KNOWN`, `NO_DRIVER`,
   * `CANCELED_UNEXPLAINED`, `REPLACEMENT_MISSING`, `LALAMOVE_AWAY`, `ACCOUNT_UNKNOWN`, `ACCOUNT_UNAVAILABLE`,
   * `STOPS_UNMATCHED`, `REQUEST_ERASED`, `DATABASE_RESTORED`, or the code of Lalamove's refusal
   * (`ERR_INSUFFICIENT_CREDIT`, …).
   */
  readonly code: string;
  /** A sentence for a person. */
  readonly message: string;
  /**
   * The fields of the booking that Lalamove has refused, as JSON pointers (RFC 6901): `/recipients/0/phone`,
   * `/quotation/stops/1/address`. It is missing if Lalamove has named none.
   */
  readonly fields?: readonly string[];
}

/** The quotation to order next. */
export interface CurrentQuotation {
  readonly quotationId: string;
  /** Unix ms. */
  readonly expiresAt: number;
  /** A decimal string. */
  readonly total: string;
  readonly currency: string;
  /** In the order of the request: pick-up first. */
  readonly stopIds: readonly string[];
}

/** The latest attempt to place an order. `reserved` is committed before the order is posted. */
export interface DeliveryAttempt {
  readonly id: string;
  readonly number: number;
  readonly quotationId: string;
  /** Unix ms, of its quotation. */
  readonly quotationExpiresAt: number;
  readonly outcome: 'reserved' | 'unknown' | 'placed' | 'refused' | 'abandoned';
  /** Unix ms. */
  readonly reservedAt: number;
}

/** The live order, as far as it is known. */
export interface TrackedOrder {
  readonly orderId: string;
  /** Lalamove's status. */
  readonly status: string;
  /** The signed timestamp of the last webhook with a status, in Unix ms by Lalamove's clock; 0 if there was none. */
  readonly statusAt: number;
  /** When the order was last read, in Unix ms by our clock; 0 if it was not. */
  readonly readAt: number;
  /** Unix ms by our clock. */
  readonly placedAt: number;
  readonly driverId: string;
  /** When that driver was assigned, in Unix ms by our clock; 0 without a driver. */
  readonly driverSince: number;
  /** A decimal string; empty if it is not known. So is `priorityFee`. */
  readonly total: string;
  readonly priorityFee: string;
  readonly currency: string;
  /** The signed timestamp of the last webhook with a price, in Unix ms by Lalamove's clock. */
  readonly pricedAt?: number;
  readonly shareLink: string;
}

/**
 * An order beside the live one: an attempt that was given up has placed it after all, or it is the clone of such an
 * order. It is cancelled if Lalamove allows it. Until it ends, it is followed as an order of this delivery.
 */
export interface DuplicateOrder {
  readonly order: TrackedOrder;
  /** Its cancellation has been sent, with whatever result. This explains a later `CANCELED`. */
  readonly cancelSent?: boolean | undefined;
  /** Lalamove has refused its cancellation. */
  readonly cancelRefused?: boolean | undefined;
  /** As in {@link DeliveryProgress}, for this order. So are the members below. */
  readonly replacement?: { readonly until: number; readonly isAnnounced: boolean } | undefined;
  readonly needsRead?: boolean | undefined;
  readonly polls: number;
  readonly lastUpdateAt: number;
  readonly failures: number;
  readonly retryAt?: number | undefined;
}

/** Attempts of unknown outcome that were given up. */
export interface AbandonedAttempts {
  /** Unix ms. */
  readonly since: number;
  readonly until: number;
  /** How many of them may still have an unknown order, without a person who has confirmed that there is none. */
  readonly unknown?: number;
}

/** The database was restored from a backup while the delivery was not finished. */
export interface RestoredDelivery {
  /** Unix ms. */
  readonly at: number;
  /** The row that stands for the attempts that the backup does not have. Its outcome is unknown. */
  readonly attemptId: string;
}

/** An order of an unmatched webhook that could not be read. */
export interface UnreadOrder {
  readonly orderId: string;
  readonly failures: number;
  /** Not read again before this time, in Unix ms. */
  readonly retryAt: number;
}

/** An attempt that may have placed an order, or may still place one. */
export type OpenAttempt = DeliveryAttempt & { readonly outcome: 'reserved' | 'unknown' };

/** Whether the outcome of an attempt is not known yet. */
export function isOpen(attempt: DeliveryAttempt | undefined): attempt is OpenAttempt {
  return attempt?.outcome === 'reserved' || attempt?.outcome === 'unknown';
}

/** All that is known of a delivery beside its request and state. It is stored as JSON. */
export interface DeliveryProgress {
  readonly reason?: DeliveryReason | undefined;
  readonly quotation?: CurrentQuotation | undefined;
  readonly attempt?: DeliveryAttempt | undefined;
  /** How many orders may have been placed so far. Refused attempts do not count. */
  readonly booked: number;
  readonly order?: TrackedOrder | undefined;
  /** When the host asked for the cancellation, in Unix ms. */
  readonly cancelAskedAt?: number | undefined;
  /** The order whose cancellation has been sent, with whatever result. This explains its later `CANCELED`. */
  readonly cancelSent?: string | undefined;
  /** Lalamove has refused the cancellation of this order. */
  readonly cancelRefused?: boolean | undefined;
  /** After a cancellation that this application did not ask for: wait for a replacement until then (Unix ms). */
  readonly replacement?: { readonly until: number; readonly isAnnounced: boolean } | undefined;
  /** How many steps of the fee schedule are done. */
  readonly feeSteps: number;
  readonly driverChanges: number;
  /** How many reads in a row have shown no change. */
  readonly polls: number;
  /** When the order was last read or a webhook arrived, in Unix ms. Polling counts from here. */
  readonly lastUpdateAt: number;
  /** Webhooks and reads cannot be put in order of time: the order must be read. */
  readonly needsRead?: boolean | undefined;
  readonly failures: number;
  /** After a failure: no further call before this time, in Unix ms. */
  readonly retryAt?: number | undefined;
  /** Duplicate orders that have not ended, or whose end is not explained. */
  readonly duplicates?: readonly DuplicateOrder[] | undefined;
  /** Orders of unmatched webhooks that could not be read. Each has its own backoff. */
  readonly unread?: readonly UnreadOrder[] | undefined;
  /** Attempts of unknown outcome that were given up: unmatched orders since then are read, until then (Unix ms). */
  readonly lost?: AbandonedAttempts | undefined;
  /** A person has confirmed that no clone of a cancelled order is active. Until then (Unix ms), one may turn up. */
  readonly uncorrectableUntil?: number | undefined;
  /** Until a person has resolved it, nothing is spent: orders that the backup does not have may exist. */
  readonly restored?: RestoredDelivery | undefined;
  /** The hashes of the requests that a person has corrected the first one to. Each is still the same delivery. */
  readonly corrected?: readonly string[] | undefined;
  /** `maxPrice` of the request, or the one that `resolve` has set. A decimal string. */
  readonly maxPrice?: string | undefined;
  /** How often the links to its tracking page were revoked. A link names the count with which it was made. */
  readonly revokedLinks?: number | undefined;
  readonly trace?: DeliveryTrace | undefined;
}

/** What has led to the work on a delivery: W3C `traceparent`s. */
export interface DeliveryTrace {
  readonly booking?: string | undefined;
  /** Of the last webhook that was applied. */
  readonly webhook?: string | undefined;
}

/** The progress of a new delivery. */
export function newProgress(now: number, maxPrice: string | undefined, trace?: DeliveryTrace): DeliveryProgress {
  const counts = { booked: 0, feeSteps: 0, driverChanges: 0, polls: 0, failures: 0 };
  return { ...counts, lastUpdateAt: now, maxPrice, ...(trace && { trace }) };
}

/** The input of the decisions. */
export interface DeliverySnapshot {
  readonly state: DeliveryState;
  readonly progress: DeliveryProgress;
  /** The scheduled pick-up, in Unix ms; `undefined` for at once. */
  readonly scheduleAt: number | undefined;
  /** Orders of the account's unmatched webhooks that are not read yet. One may belong to this delivery. */
  readonly unmatched: readonly string[];
}

/** Whether a state is final. Only a replacement or a contradicting webhook leads away from it. */
export function isTerminal(state: DeliveryState): boolean {
  return state === 'completed' || state === 'canceled' || state === 'failed';
}
