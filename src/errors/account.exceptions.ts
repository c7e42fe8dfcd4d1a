import { LalamoveException } from './lalamove.exception.js';

/** The API key or the signature is wrong (401). Check `apiKey`, `apiSecret` and the clock of the host. */
export class LalamoveAuthenticationException extends LalamoveException {
  override readonly name = 'LalamoveAuthenticationException';
}

/**
 * Lalamove does not allow the call (403). The order is older than 60 days or belongs to another account, the driver
 * cannot be read at this time, or the account is blocked.
 */
export class LalamoveForbiddenException extends LalamoveException {
  override readonly name = 'LalamoveForbiddenException';
}

/** The wallet has too little credit (402, `ERR_INSUFFICIENT_CREDIT`). Top it up in Lalamove's partner portal. */
export class InsufficientCreditException extends LalamoveException {
  override readonly name = 'InsufficientCreditException';
}

/** Too many requests (429). `retryAfterSeconds` is set if Lalamove's answer says when to retry. */
export class RateLimitedException extends LalamoveException {
  override readonly name = 'RateLimitedException';
}

/**
 * Lalamove called the webhook URL and did not get a 200 (`ERR_INVALID_RESPONSE`). Make the URL reachable before you
 * set it.
 */
export class WebhookUrlRefusedException extends LalamoveException {
  override readonly name = 'WebhookUrlRefusedException';
}
