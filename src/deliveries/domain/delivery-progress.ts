/** States of a delivery. They follow Lalamove's truth, back as well as forth; the last four are ends, of which the last one waits for a person. */
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
   * `STOPS_UNMATCHED`, `REQUEST_ERASED`, or the code of Lalamove's refusal (`ERR_INSUFFICIENT_CREDIT`, …).
   */
  readonly code: string;
  /** A sentence for a person. */
  readonly message: string;
}

/** The quotation at hand. */
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

/** The latest attempt to book. `reserved` is committed before the order is posted. */
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
  /** Lalamove's. */
  readonly status: string;
  /** The signed timestamp of the last webhook that said so, in Unix ms by Lalamove's clock; 0 where none has. */
  readonly statusAt: number;
  /** When it was last read, in Unix ms by ours; 0 where it was not. */
  readonly readAt: number;
  /** Unix ms by our clock. */
  readonly placedAt: number;
  readonly driverId: string;
  /** Since when that driver is the driver, in Unix ms by our clock; 0 without one. */
  readonly driverSince: number;
  /** Decimal strings; empty where they are not known. */
  readonly total: string;
  readonly priorityFee: string;
  readonly currency: string;
  /** The signed timestamp of the last webhook that told the price, in Unix ms by Lalamove's clock. */
  readonly pricedAt?: number;
  readonly shareLink: string;
}

/**
 * An order beside the live one: an attempt that was given up has placed it after all, or it is the clone of such an
 * order. It is cancelled if Lalamove allows it. Until it has ended it is an order of this delivery, and is followed.
 */
export interface DuplicateOrder {
  readonly order: TrackedOrder;
  /** Its cancellation has been sent, whatever became of it: it explains its `CANCELED`. */
  readonly cancelSent?: boolean | undefined;
  /** Lalamove has refused its cancellation. */
  readonly cancelRefused?: boolean | undefined;
  /** As those of {@link DeliveryProgress}, for this order. */
  readonly replacement?: { readonly until: number; readonly isAnnounced: boolean } | undefined;
  readonly needsRead?: boolean | undefined;
  readonly polls: number;
  readonly lastUpdateAt: number;
  readonly failures: number;
  readonly retryAt?: number | undefined;
}

/** Attempts of unknown outcome that were given up. */
export interface LostAttempts {
  /** Unix ms. */
  readonly since: number;
  readonly until: number;
  /** How many of them may have an order that has not turned up, without a person who vouches that there is none. */
  readonly unknown?: number;
}

/** An order that could not be read when it was asked whose it is. */
export interface UnreadOrder {
  readonly orderId: string;
  readonly failures: number;
  /** Not before (Unix ms). */
  readonly retryAt: number;
}

/** An attempt of which an order may have come, or may come yet. */
export type OpenAttempt = DeliveryAttempt & { readonly outcome: 'reserved' | 'unknown' };

/** Whether nobody knows yet what has become of an attempt. */
export function isOpen(attempt: DeliveryAttempt | undefined): attempt is OpenAttempt {
  return attempt?.outcome === 'reserved' || attempt?.outcome === 'unknown';
}

/** Where a delivery is on its way: all that is known of it beside its request. Written as JSON. */
export interface DeliveryProgress {
  readonly reason?: DeliveryReason | undefined;
  readonly quotation?: CurrentQuotation | undefined;
  readonly attempt?: DeliveryAttempt | undefined;
  /** Orders that may have been placed so far: refusals do not count. */
  readonly booked: number;
  readonly order?: TrackedOrder | undefined;
  /** Unix ms at which its cancellation was asked for. */
  readonly cancelAskedAt?: number | undefined;
  /** The order whose cancellation has been sent, whatever became of it: it explains that order's `CANCELED`. */
  readonly cancelSent?: string | undefined;
  /** Lalamove has refused the cancellation of this order. */
  readonly cancelRefused?: boolean | undefined;
  /** A cancellation that nobody here asked for: until then (Unix ms) a replacement may come. */
  readonly replacement?: { readonly until: number; readonly isAnnounced: boolean } | undefined;
  /** How many steps of the fee's schedule are over. */
  readonly feeSteps: number;
  readonly driverChanges: number;
  /** How many reads in a row have brought nothing new. */
  readonly polls: number;
  /** Unix ms from which on it is polled: the last sign of life. */
  readonly lastUpdateAt: number;
  /** What was told cannot be ordered in time: only a read can tell. */
  readonly needsRead?: boolean | undefined;
  readonly failures: number;
  /** Not before (Unix ms): after a failure. */
  readonly retryAt?: number | undefined;
  /** Orders beside the live one that have not ended, or whose end is not explained. */
  readonly duplicates?: readonly DuplicateOrder[] | undefined;
  /** Orders of unmatched webhooks that could not be read: each has a backoff of its own. */
  readonly unread?: readonly UnreadOrder[] | undefined;
  /** Attempts of unknown outcome were given up: orders that came up since (Unix ms) are looked into until then. */
  readonly lost?: LostAttempts | undefined;
  /** `maxPrice` of the request, or what `resolve` has put in its place. A decimal string. */
  readonly maxPrice?: string | undefined;
}

/** The progress of a delivery that has just been asked for. */
export function newProgress(now: number, maxPrice: string | undefined): DeliveryProgress {
  return { booked: 0, feeSteps: 0, driverChanges: 0, polls: 0, lastUpdateAt: now, failures: 0, maxPrice };
}

/** What the decisions are about. */
export interface DeliverySnapshot {
  readonly state: DeliveryState;
  readonly progress: DeliveryProgress;
  /** Unix ms of the pick-up that was asked for; `undefined` for at once. */
  readonly scheduleAt: number | undefined;
  /** Orders of unmatched webhooks of the account, which have not been read yet: one of them may be this delivery's. */
  readonly unmatched: readonly string[];
}

/** Ends of which only a replacement leads away. */
export function isTerminal(state: DeliveryState): boolean {
  return state === 'completed' || state === 'canceled' || state === 'failed';
}
