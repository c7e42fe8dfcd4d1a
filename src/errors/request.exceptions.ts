import type { LalamoveErrorItem } from './lalamove-error-item.js';
import { LalamoveException } from './lalamove.exception.js';

/**
 * A field of the request is missing or wrong; {@link fieldErrors} says which one. Thrown if Lalamove refuses the
 * request (409 in v2, 422 in v3), and by the local validation before anything is sent (422, `ERR_INVALID_FIELD`, no
 * `upstreamStatus`).
 */
export class InvalidRequestException extends LalamoveException {
  override readonly name: string = 'InvalidRequestException';

  /** The errors that have a pointer into the request. */
  get fieldErrors(): readonly LalamoveErrorItem[] {
    return this.errors.filter(({ pointer }) => pointer !== undefined);
  }
}

/**
 * The address of a stop is wrong or was not found (`ERR_INCORRECT_ADDRESS`, `ERR_REVERSE_GEOCODE_FAILURE`). Correct
 * it, or give its coordinates.
 */
export class InvalidAddressException extends InvalidRequestException {
  override readonly name = 'InvalidAddressException';
}

/**
 * A phone number is not valid in this market (`ERR_INVALID_PHONE_NUMBER`). Give it in E.164 form, with a country code
 * that Lalamove accepts in this market.
 */
export class InvalidPhoneNumberException extends InvalidRequestException {
  override readonly name = 'InvalidPhoneNumberException';
}

/** A stop is outside the service area, or the stops are in different city zones (`ERR_OUT_OF_SERVICE_AREA`). */
export class OutOfServiceAreaException extends LalamoveException {
  override readonly name = 'OutOfServiceAreaException';
}

/**
 * The quotation is unknown, older than 5 minutes, or its price changed (`ERR_INVALID_QUOTATION_ID`,
 * `ERR_QUOTATION_EXPIRED`, `ERR_PRICE_MISMATCH`). Create a new quotation.
 */
export class InvalidQuotationException extends LalamoveException {
  override readonly name = 'InvalidQuotationException';
}

/** Lalamove could not read the request (400, `ERR_MALFORMED_JSON_BODY`, `ERR_BAD_REQUEST`). The app must correct it. */
export class MalformedRequestException extends LalamoveException {
  override readonly name = 'MalformedRequestException';
}

/** Lalamove or these API keys do not support the market (`ERR_INVALID_MARKET`, `ERR_INVALID_COUNTRY`). */
export class InvalidMarketException extends LalamoveException {
  override readonly name = 'InvalidMarketException';
}
