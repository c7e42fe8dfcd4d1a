import type { LalamoveErrorItem } from './lalamove-error-item.js';
import type { LalamoveException } from './lalamove.exception.js';
import type { NestErrorBody } from './nest-error-body.js';

/** The `extensions` of an error in a GraphQL answer: the members of the HTTP body except the message. */
export interface LalamoveGraphqlExtensions {
  /** Lalamove's `ERR_…` code, or one of this package's with the prefix `LALAMOVE_`. */
  code: string;
  /** The HTTP status by `errors.status`; the GraphQL answer itself is sent with 200. */
  status: number;
  errors: readonly LalamoveErrorItem[];
  /** Lalamove's id of the call, for its support. */
  requestId?: string;
  /** After how many seconds a repeat makes sense, if that is known. */
  retryAfterSeconds?: number;
}

/**
 * The error that `LalamoveExceptionFilter` throws in a GraphQL resolver. GraphQL sends `message` and `extensions` of
 * any error. This class does not extend `HttpException`, because Apollo's driver would replace our code. It has no
 * member `errors`, because Mercurius would send its elements instead of the error.
 */
export class LalamoveGraphqlError extends Error {
  override readonly name = 'LalamoveGraphqlError';
  readonly extensions: LalamoveGraphqlExtensions;

  /**
   * @param body the body for the consumer, by the status policy
   * @param exception becomes the `cause`, for the host's `formatError` and log; neither driver sends the cause
   */
  constructor({ message, code, statusCode: status, errors, requestId }: NestErrorBody, exception: LalamoveException) {
    super(message, { cause: exception });
    const { retryAfterSeconds } = exception;
    this.extensions = {
      code,
      status,
      errors,
      ...(requestId !== undefined && { requestId }),
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    };
  }
}
