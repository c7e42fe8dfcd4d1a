import type { LalamoveErrorItem } from './lalamove-error-item.js';
import { LalamoveException } from './lalamove.exception.js';

/**
 * A field of the request is missing or wrong; {@link fieldErrors} says which. Thrown for Lalamove's refusals (409 in v2, 422 in v3)
 * and by local validation before anything is sent (422, `ERR_INVALID_FIELD`, no `upstreamStatus`).
 */
export class InvalidRequestException extends LalamoveException {
  override readonly name: string = 'InvalidRequestException';

  /** The errors that name a place in the request. */
  get fieldErrors(): readonly LalamoveErrorItem[] {
    return this.errors.filter(({ pointer }) => pointer !== undefined);
  }
}

/** The address of a stop cannot be used or found (`ERR_INCORRECT_ADDRESS`, `ERR_REVERSE_GEOCODE_FAILURE`): correct it, or give coordinates. */
export class InvalidAddressException extends InvalidRequestException {
  override readonly name = 'InvalidAddressException';
}

/** A phone number is refused for this market (`ERR_INVALID_PHONE_NUMBER`): give it in E.164, with a country that Lalamove takes there. */
export class InvalidPhoneNumberException extends InvalidRequestException {
  override readonly name = 'InvalidPhoneNumberException';
}

/** A stop lies outside the service area, or the stops lie in two city zones (`ERR_OUT_OF_SERVICE_AREA`). */
export class OutOfServiceAreaException extends LalamoveException {
  override readonly name = 'OutOfServiceAreaException';
}

/** The quotation is unknown, older than its 5 minutes, or its price differs (`ERR_INVALID_QUOTATION_ID`, `ERR_PRICE_MISMATCH`): quote anew. */
export class InvalidQuotationException extends LalamoveException {
  override readonly name = 'InvalidQuotationException';
}

/** Lalamove could not read the request (400, `ERR_MALFORMED_JSON_BODY`, `ERR_BAD_REQUEST`): the app has sent something it should not. */
export class MalformedRequestException extends LalamoveException {
  override readonly name = 'MalformedRequestException';
}

/** The market is not supported, or not the one of these keys (`ERR_INVALID_MARKET`, `ERR_INVALID_COUNTRY`). */
export class InvalidMarketException extends LalamoveException {
  override readonly name = 'InvalidMarketException';
}
