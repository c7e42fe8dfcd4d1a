import { LalamoveException, type LalamoveExceptionInit } from './lalamove.exception.js';

/** Lalamove answered with a server error (any 5xx). */
export class LalamoveServerException extends LalamoveException {
  override readonly name = 'LalamoveServerException';
}

/** Lalamove's answer cannot be used: a 2xx without the documented JSON, or a redirect. Answered as 502. */
export class LalamoveUnreadableResponseException extends LalamoveException {
  override readonly name = 'LalamoveUnreadableResponseException';
}

/** No complete answer came in time (`timeoutMs` for an attempt, `deadlineMs` for the whole call). Answered as 504. */
export class LalamoveTimeoutException extends LalamoveException {
  override readonly name = 'LalamoveTimeoutException';
}

/** The connection to Lalamove could not be made, or it broke. Answered as 502. */
export class LalamoveConnectionException extends LalamoveException {
  override readonly name = 'LalamoveConnectionException';
}

/** The caller aborted the call with its `signal`. Answered as 499, which nginx calls "client closed request". */
export class LalamoveAbortedException extends LalamoveException {
  override readonly name = 'LalamoveAbortedException';
}

/**
 * It is not known whether Lalamove carried out a call that must not be repeated: placing an order, editing an order,
 * adding a priority fee, changing the driver. **Do not repeat the call without a check**: a second order is a second
 * courier.
 *
 * Causes: a timeout, a broken connection, a 5xx, a success that cannot be read, a 4xx whose body is not Lalamove's
 * (HTML, plain text, truncated), or a 408, 425, 444, 460 or 499 from a proxy that stopped waiting.
 *
 * To find out what happened, look for a webhook or an order with the same `quotationId` or `metadata`, or give
 * `sentRequestId` to Lalamove's support. `cause` is the exception that a repeatable call would have thrown.
 * Answered with Lalamove's 5xx, else 504 or 502, and always without `Retry-After`.
 */
export class LalamoveOutcomeUnknownException extends LalamoveException {
  override readonly name = 'LalamoveOutcomeUnknownException';

  override readonly cause: LalamoveException | undefined;
  /** The order that the call should change; `undefined` for `placeOrder`. */
  readonly orderId: string | undefined;
  /** The quotation that the call should order. */
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
