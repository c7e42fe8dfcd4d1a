import { HttpException } from '@nestjs/common';
import type { LalamoveErrorItem } from './lalamove-error-item.js';
import { nestErrorBody, type GatewayAnswer, type NestErrorBody } from './nest-error-body.js';

/** Marks our exceptions across copies of this package in one process (an ESM and a CommonJS one, two versions). */
const BRAND = Symbol.for('nestjs-lalamove:exception');

/** Who can mend what went wrong: the app's API consumer, the app itself (or who runs it), or Lalamove. */
export type FixableBy = 'consumer' | 'host' | 'lalamove';

/** What a call was about, as far as it helps to find out whether it was carried out. */
export interface AttemptedCall {
  /** The order that was to be changed. */
  orderId?: string;
  /** The quotation that was to be ordered. */
  quotationId?: string;
  /** The metadata that was sent with the order. */
  metadata?: Readonly<Record<string, string>>;
}

/** All that makes a {@link LalamoveException}; `createLalamoveException` fills it from the error catalog. */
export interface LalamoveExceptionInit {
  code: string;
  message: string;
  mirrorStatus: number;
  gateway?: GatewayAnswer;
  fixableBy: FixableBy;
  retryable: boolean;
  upstreamStatus?: number;
  isForeign?: boolean;
  errors?: readonly LalamoveErrorItem[];
  requestId?: string;
  sentRequestId?: string;
  operation?: string;
  account?: string;
  retryAfterSeconds?: number;
  /** Under which policy {@link LalamoveException.getStatus} speaks. `'mirror'` by default. */
  policy?: 'mirror' | 'gateway';
  /** Kept by `LalamoveOutcomeUnknownException` alone. */
  attempted?: AttemptedCall;
  cause?: unknown;
}

/**
 * Anything that went wrong between this app and Lalamove. It extends Nest's `HttpException`, so that it answers right even where
 * `LalamoveExceptionFilter` is switched off. Catch a sub-class for a meaning, or compare {@link code}.
 *
 * It never holds a secret, a key, a signature or a raw axios error.
 */
export class LalamoveException extends HttpException {
  override readonly name: string = 'LalamoveException';

  /**
   * Lalamove's `ERR_…` code as it came, or where it sent none a stable one of ours: `LALAMOVE_UNAUTHORIZED`, `LALAMOVE_FORBIDDEN`,
   * `LALAMOVE_NOT_FOUND`, `LALAMOVE_RATE_LIMITED`, `LALAMOVE_SERVER_ERROR`, `LALAMOVE_UNREADABLE_RESPONSE`, `LALAMOVE_TIMEOUT`,
   * `LALAMOVE_CONNECTION`, `LALAMOVE_OUTCOME_UNKNOWN`, `LALAMOVE_ABORTED`, `LALAMOVE_UNKNOWN_ERROR`.
   */
  readonly code: string;
  /** The HTTP status that Lalamove sent; `undefined` where nothing came back or nothing was sent. */
  readonly upstreamStatus: number | undefined;
  /**
   * Whether the answer cannot be Lalamove's own, for it is HTML or a text, or broke off: something in between sent
   * it, a firewall say. Its status is not Lalamove's word then.
   */
  readonly isForeign: boolean;
  /** The errors that Lalamove (or local validation) listed; empty where it listed none. */
  readonly errors: readonly LalamoveErrorItem[];
  /** Lalamove's id of the call, for its support. */
  readonly requestId: string | undefined;
  /** The `Request-ID` header that was sent; `undefined` where nothing was. */
  readonly sentRequestId: string | undefined;
  /** The `LalamoveService` method that failed, e.g. `placeOrder`. */
  readonly operation: string | undefined;
  /** The `name` of the account's registration; `undefined` for the default one. */
  readonly account: string | undefined;
  /** Whether the very same call may be repeated without a risk. */
  readonly retryable: boolean;
  readonly fixableBy: FixableBy;
  /** After how many seconds a repeat makes sense, where that is known. */
  readonly retryAfterSeconds: number | undefined;
  /** The status under `errors.status: 'mirror'`. */
  readonly mirrorStatus: number;
  /** What `errors.status: 'gateway'` answers instead; `undefined` where that policy mirrors too. */
  readonly gateway: GatewayAnswer | undefined;

  /** By this symbol, and not by its class, an exception is recognised. Not enumerable: no log shows it. */
  declare readonly [BRAND]: true;

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  readonly #body: NestErrorBody;

  constructor(init: LalamoveExceptionInit) {
    const { message, code, mirrorStatus, gateway, errors = [], requestId, policy = 'mirror' } = init;
    const body = nestErrorBody({ message, code, mirrorStatus, gateway, errors, requestId }, policy);
    // As Nest's own exceptions do: what reads `response` (GraphQL drivers, loggers, filters) finds the body there.
    super(body, body.statusCode, init.cause === undefined ? {} : { cause: init.cause });
    // Nest takes the body's message, which may be the neutral one.
    this.message = message;
    this.#body = body;
    this.code = init.code;
    this.upstreamStatus = init.upstreamStatus;
    this.isForeign = init.isForeign ?? false;
    this.errors = init.errors ?? [];
    this.requestId = init.requestId;
    this.sentRequestId = init.sentRequestId;
    this.operation = init.operation;
    this.account = init.account;
    this.retryable = init.retryable;
    this.fixableBy = init.fixableBy;
    this.retryAfterSeconds = init.retryAfterSeconds;
    this.mirrorStatus = init.mirrorStatus;
    this.gateway = init.gateway;
  }

  /** Whether an error is a Lalamove exception, also one from another copy of this package. */
  static is(error: unknown): error is LalamoveException {
    return typeof error === 'object' && error !== null && BRAND in error;
  }

  /** The body in Nest's form, for a host that answers `HttpException`s by itself. */
  override getResponse(): NestErrorBody {
    return this.#body;
  }

  /** What logs and queues get: what happened, without the answers that it could be given. */
  toJSON(): Record<string, unknown> {
    return {
      name: this.name,
      code: this.code,
      message: this.message,
      statusCode: this.getStatus(),
      upstreamStatus: this.upstreamStatus,
      errors: this.errors,
      requestId: this.requestId,
      sentRequestId: this.sentRequestId,
      operation: this.operation,
      account: this.account,
      retryable: this.retryable,
      fixableBy: this.fixableBy,
      retryAfterSeconds: this.retryAfterSeconds,
    };
  }
}
