import { LalamoveException } from '../errors/lalamove.exception.js';

/** The error codes of deliveries. */
const CODES = {
  LALAMOVE_DELIVERY_NOT_FOUND: { status: 404, fixableBy: 'consumer' },
  LALAMOVE_DELIVERY_CONFLICT: { status: 409, fixableBy: 'consumer' },
  LALAMOVE_DELIVERY_INVALID: { status: 422, fixableBy: 'consumer' },
  LALAMOVE_DELIVERIES_STORE: { status: 503, fixableBy: 'host' },
} as const;

type DeliveryErrorCode = keyof typeof CODES;

/** The base class of all errors of deliveries. The core's exception filter converts it to an HTTP response. */
export abstract class DeliveryException extends LalamoveException {
  protected constructor(
    code: DeliveryErrorCode,
    message: string,
    rest: {
      account?: string | undefined;
      errors?: LalamoveException['errors'];
      cause?: unknown;
      retryable?: boolean;
    } = {},
  ) {
    const { status, fixableBy } = CODES[code];
    const { account, errors = [], cause, retryable = status === 503 } = rest;
    super({
      code,
      message,
      mirrorStatus: status,
      fixableBy,
      retryable,
      errors,
      ...(account !== undefined && { account }),
      ...(cause !== undefined && { cause }),
    });
  }
}

/** No delivery has this reference. HTTP status 404. */
export class DeliveryNotFoundException extends DeliveryException {
  override readonly name = 'DeliveryNotFoundException';

  constructor(reference: string, account?: string) {
    const owner = account === undefined ? '' : ` of the account ${JSON.stringify(account)}`;
    super('LALAMOVE_DELIVERY_NOT_FOUND', `There is no delivery ${JSON.stringify(reference)}${owner}.`, { account });
  }
}

/**
 * The reference is already used for a different booking, or the delivery's state does not allow the call. HTTP status
 * 409.
 */
export class DeliveryConflictException extends DeliveryException {
  override readonly name = 'DeliveryConflictException';

  constructor(message: string, account?: string) {
    super('LALAMOVE_DELIVERY_CONFLICT', message, { account });
  }
}

/**
 * The input is not valid. `errors` describes each invalid field with a JSON pointer into the input; `pointer` and
 * `field` are the same here. HTTP status 422.
 */
export class InvalidDeliveryException extends DeliveryException {
  override readonly name = 'InvalidDeliveryException';

  constructor(errors: readonly { message: string; pointer: string }[]) {
    super('LALAMOVE_DELIVERY_INVALID', `The delivery is not valid${firstOf(errors)}.`, {
      errors: errors.map((error) => ({ code: 'ERR_INVALID_FIELD', ...error, field: error.pointer })),
    });
  }
}

/** The first fault, and how many more there are. The messages contain no values of the input. */
function firstOf([first, ...more]: readonly { message: string; pointer: string }[]): string {
  if (!first) return '';
  const rest = more.length === 0 ? '' : `, and ${more.length} more`;
  const said = `: ${first.message}${first.pointer === '' ? '' : ` (${first.pointer})`}${rest}`;
  // A pointer contains the names of members, and the message may become a line of a log.
  return said.replace(/\p{Cc}/gu, '?');
}

/**
 * The database of deliveries cannot be opened, or a statement failed, for example because the disk is full. HTTP status
 * 503. `retryable` is `false` if this process will not use the file again, because it has shut down or because the file
 * was lost.
 */
export class DeliveriesStoreException extends DeliveryException {
  override readonly name = 'DeliveriesStoreException';

  constructor(message: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super('LALAMOVE_DELIVERIES_STORE', message, options);
  }
}
