import { HttpException } from '@nestjs/common';

/** Why a webhook is refused: its code, its status and what is said of it. */
const REFUSALS = {
  LALAMOVE_WEBHOOK_MALFORMED: {
    status: 400,
    error: 'Bad Request',
    message: 'The body is no webhook: it is no JSON object, or has two members `data`.',
  },
  LALAMOVE_WEBHOOK_SIGNATURE: {
    status: 401,
    error: 'Unauthorized',
    message: 'The signature is missing, or does not fit.',
  },
  LALAMOVE_WEBHOOK_METHOD: { status: 405, error: 'Method Not Allowed', message: 'Webhooks are sent by POST.' },
  LALAMOVE_WEBHOOK_TOO_LARGE: { status: 413, error: 'Payload Too Large', message: 'The body is larger than 1 MiB.' },
  LALAMOVE_WEBHOOK_NOT_TAKEN: {
    status: 503,
    error: 'Service Unavailable',
    message: 'The event cannot be taken now. Send it again later.',
  },
} as const;

/** Codes of {@link LalamoveWebhookException}. */
export type LalamoveWebhookErrorCode = keyof typeof REFUSALS;

/** A webhook that is refused. An `HttpException`, so that a route of your own that lets it pass answers right; its body never echoes what came. */
export class LalamoveWebhookException extends HttpException {
  override readonly name = 'LalamoveWebhookException';

  /** @param options `cause`: why the event cannot be taken */
  constructor(
    readonly code: LalamoveWebhookErrorCode,
    options?: { cause?: unknown },
  ) {
    const { status, error, message } = REFUSALS[code];
    super({ statusCode: status, error, message, code }, status, options);
  }
}
