import { LalamoveException, type LalamoveExceptionInit } from './lalamove.exception.js';

/** Lalamove failed (any 5xx). */
export class LalamoveServerException extends LalamoveException {
  override readonly name = 'LalamoveServerException';
}

/** Lalamove answered with something that cannot be used: a 2xx that is not the documented JSON, or a redirect. Answered as 502. */
export class LalamoveUnreadableResponseException extends LalamoveException {
  override readonly name = 'LalamoveUnreadableResponseException';
}

/** No complete answer came in time (`timeoutMs` an attempt, `deadlineMs` the whole call). Answered as 504. */
export class LalamoveTimeoutException extends LalamoveException {
  override readonly name = 'LalamoveTimeoutException';
}

/** The connection could not be made, or broke. Answered as 502. */
export class LalamoveConnectionException extends LalamoveException {
  override readonly name = 'LalamoveConnectionException';
}

/** The caller's own `signal` ended the call. Answered as 499, nginx's "client closed request". */
export class LalamoveAbortedException extends LalamoveException {
  override readonly name = 'LalamoveAbortedException';
}

/**
 * A call that must not be repeated (placing or editing an order, a priority fee, changing the driver) ended in a way that does not
 * tell whether Lalamove carried it out: a timeout, a broken connection, a 5xx, an unreadable success, a 4xx whose
 * body is not Lalamove's (HTML, a text, cut off), or a 408, 425, 444, 460 or 499 of something in between that stopped
 * waiting. **Do not repeat it on a guess**: a second order is a second courier. Find out with what it carries: a
 * webhook or `getOrder` whose `quotationId` or `metadata` match, or Lalamove's support by `sentRequestId`. `cause` is
 * the exception that the end would have been for a harmless call. Answered as Lalamove's 5xx, else 504 or 502, never
 * with a `Retry-After`.
 */
export class LalamoveOutcomeUnknownException extends LalamoveException {
  override readonly name = 'LalamoveOutcomeUnknownException';

  override readonly cause: LalamoveException | undefined;
  /** The order that was to be changed; `undefined` for `placeOrder`. */
  readonly orderId: string | undefined;
  /** The quotation that was to be ordered. */
  readonly quotationId: string | undefined;
  /** The metadata that was sent with the order. */
  readonly metadata: Readonly<Record<string, string>> | undefined;

  constructor(init: LalamoveExceptionInit) {
    super(init);
    this.cause = LalamoveException.is(init.cause) ? init.cause : undefined;
    this.orderId = init.attempted?.orderId;
    this.quotationId = init.attempted?.quotationId;
    this.metadata = init.attempted?.metadata;
  }

  override toJSON(): Record<string, unknown> {
    return {
      ...super.toJSON(),
      orderId: this.orderId,
      quotationId: this.quotationId,
      metadata: this.metadata,
      cause: this.cause?.toJSON(),
    };
  }
}
