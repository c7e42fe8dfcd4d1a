import { LalamoveException } from './lalamove.exception.js';

/** Key or signature are wrong (401). Check `apiKey`, `apiSecret` and the host's clock. */
export class LalamoveAuthenticationException extends LalamoveException {
  override readonly name = 'LalamoveAuthenticationException';
}

/**
 * Not allowed (403): an order older than 60 days, a driver outside the window in which one may be seen, somebody else's order, or a
 * blocked account.
 */
export class LalamoveForbiddenException extends LalamoveException {
  override readonly name = 'LalamoveForbiddenException';
}

/** The wallet lacks credit (402, `ERR_INSUFFICIENT_CREDIT`). Top it up in Lalamove's partner portal. */
export class InsufficientCreditException extends LalamoveException {
  override readonly name = 'InsufficientCreditException';
}

/** Too many requests (429). `retryAfterSeconds` says when to come back, where Lalamove said so. */
export class RateLimitedException extends LalamoveException {
  override readonly name = 'RateLimitedException';
}

/** Lalamove called the webhook URL and did not get a 200 (`ERR_INVALID_RESPONSE`). Make it reachable before it is set. */
export class WebhookUrlRefusedException extends LalamoveException {
  override readonly name = 'WebhookUrlRefusedException';
}
