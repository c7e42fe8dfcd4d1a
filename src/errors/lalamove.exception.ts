import { HttpException } from '@nestjs/common';
import type { LalamoveErrorItem } from './lalamove-error-item.js';
import { nestErrorBody, type GatewayAnswer, type NestErrorBody } from './nest-error-body.js';
import { isObject } from '../internal/is-object.js';

/** Marks our exceptions across several copies of this package in a process (ESM and CommonJS, or two versions). */
const BRAND = Symbol.for('nestjs-lalamove:exception');

/** Who can fix the error: the app's API consumer, the app or its operator (`host`), or Lalamove. */
export type FixableBy = 'consumer' | 'host' | 'lalamove';

/** The data of a call that help to find out whether Lalamove carried it out. */
export interface AttemptedCall {
  /** The order that the call should change. */
  orderId?: string;
  /** The quotation that the call should order. */
  quotationId?: string;
  /** The metadata that was sent with the order. */
  metadata?: Readonly<Record<string, string>>;
}

/** The members of a {@link LalamoveException}. `createLalamoveException` fills them from the error catalog. */
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
  /** The policy that `getStatus()` applies. `'mirror'` by default. */
  policy?: 'mirror' | 'gateway';
  /** Used by `LalamoveOutcomeUnknownException` only. */
  attempted?: AttemptedCall;
  cause?: unknown;
}

/**
 * The base class of all errors of calls to Lalamove. It extends Nest's `HttpException`, so that Nest sends the right
 * status and body even if `LalamoveExceptionFilter` is off. Catch a sub-class, or compare {@link code}.
 *
 * An exception never holds a secret, a key, a signature or a raw axios error.
 */
export class LalamoveException extends HttpException {
  override readonly name: string = 'LalamoveException';

  /**
   * Lalamove's `ERR_…` code, unchanged. If Lalamove sent none, one of ours: `LALAMOVE_UNAUTHORIZED`,
   * `LALAMOVE_FORBIDDEN`, `LALAMOVE_NOT_FOUND`, `LALAMOVE_RATE_LIMITED`, `LALAMOVE_SERVER_ERROR`,
   * `LALAMOVE_UNREADABLE_RESPONSE`, `LALAMOVE_TIMEOUT`, `LALAMOVE_CONNECTION`, `LALAMOVE_OUTCOME_UNKNOWN`,
   * `LALAMOVE_ABORTED`, `LALAMOVE_UNKNOWN_ERROR`.
   */
  readonly code: string;
  /** The HTTP status that Lalamove sent; `undefined` if no answer came or nothing was sent. */
  readonly upstreamStatus: number | undefined;
  /**
   * Whether the answer cannot be Lalamove's own, because it is HTML or plain text, or was truncated. Then a firewall or
   * a proxy sent it, and its status does not say what Lalamove did.
   */
  readonly isForeign: boolean;
  /** The errors that Lalamove or the local validation listed; empty if it listed none. */
  readonly errors: readonly LalamoveErrorItem[];
  /** Lalamove's id of the call, for its support. */
  readonly requestId: string | undefined;
  /** The `Request-ID` header of the request; `undefined` if nothing was sent. */
  readonly sentRequestId: string | undefined;
  /** The `LalamoveService` method that failed, e.g. `placeOrder`. */
  readonly operation: string | undefined;
  /** The `name` of the account's registration; `undefined` for the default one. */
  readonly account: string | undefined;
  /** Whether the same call can be repeated safely. */
  readonly retryable: boolean;
  readonly fixableBy: FixableBy;
  /** After how many seconds to repeat the call, if that is known. */
  readonly retryAfterSeconds: number | undefined;
  /** The status under `errors.status: 'mirror'`. */
  readonly mirrorStatus: number;
  /** The answer under `errors.status: 'gateway'`; `undefined` if that policy mirrors this error. */
  readonly gateway: GatewayAnswer | undefined;

  /** Exceptions are recognised by this symbol, not by their class. It is not enumerable, so no log shows it. */
  declare readonly [BRAND]: true;

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  readonly #body: NestErrorBody;

  constructor(init: LalamoveExceptionInit) {
    const { message, code, mirrorStatus, gateway, errors = [], requestId, policy = 'mirror' } = init;
    const body = nestErrorBody({ message, code, mirrorStatus, gateway, errors, requestId }, policy);
    // As in Nest's own exceptions, `response` holds the body: GraphQL drivers, loggers and filters read it there.
    super(body, body.statusCode, init.cause === undefined ? {} : { cause: init.cause });
    // Nest sets the message of the body, which may be the neutral one.
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

  /** Whether an error is a Lalamove exception, including one of another copy of this package. */
  static is(error: unknown): error is LalamoveException {
    return isObject(error) && BRAND in error;
  }

  /** The body in Nest's format, for a host that answers `HttpException`s itself. */
  override getResponse(): NestErrorBody {
    return this.#body;
  }

  /** The facts of the error, for logs and queues, without the possible HTTP answers. */
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
