import { HttpException } from '@nestjs/common';

/** The refusals of webhooks: code, status and message. */
const REFUSALS = {
  LALAMOVE_WEBHOOK_MALFORMED: {
    status: 400,
    error: 'Bad Request',
    message: 'The body is no webhook: it is not a JSON object, or it has two members `data`.',
  },
  LALAMOVE_WEBHOOK_SIGNATURE: {
    status: 401,
    error: 'Unauthorized',
    message: 'The signature is missing or wrong.',
  },
  LALAMOVE_WEBHOOK_METHOD: { status: 405, error: 'Method Not Allowed', message: 'Webhooks are sent by POST.' },
  LALAMOVE_WEBHOOK_TOO_LARGE: { status: 413, error: 'Payload Too Large', message: 'The body is larger than 1 MiB.' },
  LALAMOVE_WEBHOOK_NOT_TAKEN: {
    status: 503,
    error: 'Service Unavailable',
    message: 'The event cannot be accepted now. Send it again later.',
  },
} as const;

/** Codes of {@link LalamoveWebhookException}. */
export type LalamoveWebhookErrorCode = keyof typeof REFUSALS;

/**
 * Thrown if a webhook is refused. It extends `HttpException`, so a route of your own can let it through and answers
 * with the right status. Its body never repeats the request.
 */
export class LalamoveWebhookException extends HttpException {
  override readonly name = 'LalamoveWebhookException';

  /** @param options `cause`: why the event cannot be accepted */
  constructor(
    readonly code: LalamoveWebhookErrorCode,
    options?: { cause?: unknown },
  ) {
    const { status, error, message } = REFUSALS[code];
    super({ statusCode: status, error, message, code }, status, options);
  }
}
