import { LalamoveException } from './lalamove.exception.js';

/** The order or driver does not exist, or not in this market (404). Parent of the two that say which. */
export class LalamoveNotFoundException extends LalamoveException {
  override readonly name: string = 'LalamoveNotFoundException';
}

/** No such order, or an order of another market (`ERR_ORDER_NOT_FOUND`). */
export class OrderNotFoundException extends LalamoveNotFoundException {
  override readonly name = 'OrderNotFoundException';
}

/** No such driver on this order (`ERR_DRIVER_NOT_FOUND`). */
export class DriverNotFoundException extends LalamoveNotFoundException {
  override readonly name = 'DriverNotFoundException';
}

/** The order cannot be cancelled any more (`ERR_CANCELLATION_FORBIDDEN`): only while a driver is sought, or within 5 minutes after the match. */
export class CancellationForbiddenException extends LalamoveException {
  override readonly name: string = 'CancellationForbiddenException';
}

/** The order has been cancelled before (`ERR_CANCELLATION`). */
export class OrderAlreadyCanceledException extends CancellationForbiddenException {
  override readonly name = 'OrderAlreadyCanceledException';
}

/** The order was edited before, or is not `ON_GOING` (`ERR_ORDER_EDIT`). */
export class OrderNotEditableException extends LalamoveException {
  override readonly name = 'OrderNotEditableException';
}

/** The call is not allowed in the order's present status (`ERR_INVALID_ORDER_STATUS`). */
export class InvalidOrderStatusException extends LalamoveException {
  override readonly name = 'InvalidOrderStatusException';
}

/** The driver can be changed only from 15 minutes after the match until pick-up (`ERR_CHANGE_DRIVER`). */
export class DriverChangeForbiddenException extends LalamoveException {
  override readonly name = 'DriverChangeForbiddenException';
}

/** The priority fee is too low, too high, or not above the last one (`ERR_EXCEED_MIN_TIPS`, `ERR_EXCEED_MAX_TIPS`, `ERR_INVALID_TIPS`). */
export class InvalidPriorityFeeException extends LalamoveException {
  override readonly name = 'InvalidPriorityFeeException';
}
