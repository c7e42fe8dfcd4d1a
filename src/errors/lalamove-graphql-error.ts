import type { LalamoveErrorItem } from './lalamove-error-item.js';
import type { LalamoveException } from './lalamove.exception.js';
import type { NestErrorBody } from './nest-error-body.js';

/** The `extensions` of an error in a GraphQL answer: what the HTTP body has beside the message. */
export interface LalamoveGraphqlExtensions {
  /** Lalamove's `ERR_…` code, or one of ours with the prefix `LALAMOVE_`. */
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
 * What `LalamoveExceptionFilter` throws in a GraphQL resolver. GraphQL takes over `message` and `extensions` of any error. It is no
 * `HttpException`, for Apollo's driver would write a code of its own over ours, and it has no `errors` of its own, for Mercurius would
 * send those, be there none, in place of the error.
 */
export class LalamoveGraphqlError extends Error {
  override readonly name = 'LalamoveGraphqlError';
  readonly extensions: LalamoveGraphqlExtensions;

  /**
   * @param body what the exception's consumer is told, by the status policy
   * @param exception stays its `cause`, for the host's `formatError` and log; neither driver sends that
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
