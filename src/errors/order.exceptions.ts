import { LalamoveException } from './lalamove.exception.js';

/** The order or driver does not exist, or not in this market (404). Base class of the two exceptions that say which. */
export class LalamoveNotFoundException extends LalamoveException {
  override readonly name: string = 'LalamoveNotFoundException';
}

/** The order does not exist, or belongs to another market (`ERR_ORDER_NOT_FOUND`). */
export class OrderNotFoundException extends LalamoveNotFoundException {
  override readonly name = 'OrderNotFoundException';
}

/** The order has no such driver (`ERR_DRIVER_NOT_FOUND`). */
export class DriverNotFoundException extends LalamoveNotFoundException {
  override readonly name = 'DriverNotFoundException';
}

/**
 * The order can no longer be cancelled (`ERR_CANCELLATION_FORBIDDEN`). Lalamove allows it until a driver is matched,
 * and for 5 minutes after the match.
 */
export class CancellationForbiddenException extends LalamoveException {
  override readonly name: string = 'CancellationForbiddenException';
}

/** The order is already cancelled (`ERR_CANCELLATION`). */
export class OrderAlreadyCanceledException extends CancellationForbiddenException {
  override readonly name = 'OrderAlreadyCanceledException';
}

/** The order was edited before, or is not `ON_GOING` (`ERR_ORDER_EDIT`). */
export class OrderNotEditableException extends LalamoveException {
  override readonly name = 'OrderNotEditableException';
}

/** The current status of the order does not allow the call (`ERR_INVALID_ORDER_STATUS`). */
export class InvalidOrderStatusException extends LalamoveException {
  override readonly name = 'InvalidOrderStatusException';
}

/** The driver can be changed only from 15 minutes after the match until pick-up (`ERR_CHANGE_DRIVER`). */
export class DriverChangeForbiddenException extends LalamoveException {
  override readonly name = 'DriverChangeForbiddenException';
}

/**
 * The priority fee is too low, too high, or not above the last one (`ERR_EXCEED_MIN_TIPS`, `ERR_EXCEED_MAX_TIPS`,
 * `ERR_INVALID_TIPS`).
 */
export class InvalidPriorityFeeException extends LalamoveException {
  override readonly name = 'InvalidPriorityFeeException';
}
