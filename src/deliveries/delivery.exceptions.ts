import { LalamoveException } from '../errors/lalamove.exception.js';

/** Codes of what goes wrong with deliveries themselves. */
const CODES = {
  LALAMOVE_DELIVERY_NOT_FOUND: { status: 404, fixableBy: 'consumer' },
  LALAMOVE_DELIVERY_CONFLICT: { status: 409, fixableBy: 'consumer' },
  LALAMOVE_DELIVERY_INVALID: { status: 422, fixableBy: 'consumer' },
  LALAMOVE_DELIVERIES_STORE: { status: 503, fixableBy: 'host' },
} as const;

type DeliveryErrorCode = keyof typeof CODES;

/** What goes wrong with deliveries: the parent of its three kinds. The same filter answers it. */
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

/** There is no delivery of this reference. Answered as 404. */
export class DeliveryNotFoundException extends DeliveryException {
  override readonly name = 'DeliveryNotFoundException';

  constructor(reference: string, account?: string) {
    super('LALAMOVE_DELIVERY_NOT_FOUND', `There is no delivery ${JSON.stringify(reference)}.`, { account });
  }
}

/** The same reference asks for something else, or what is asked for does not go with where the delivery stands. Answered as 409. */
export class DeliveryConflictException extends DeliveryException {
  override readonly name = 'DeliveryConflictException';

  constructor(message: string, account?: string) {
    super('LALAMOVE_DELIVERY_CONFLICT', message, { account });
  }
}

/** What was asked for is wrong: `errors` says where, with JSON pointers. Answered as 422. */
export class InvalidDeliveryException extends DeliveryException {
  override readonly name = 'InvalidDeliveryException';

  constructor(errors: readonly { message: string; pointer: string }[]) {
    super('LALAMOVE_DELIVERY_INVALID', 'The delivery is not valid.', {
      errors: errors.map((error) => ({ code: 'ERR_INVALID_FIELD', ...error })),
    });
  }
}

/**
 * The database of deliveries cannot be opened, or does not do what it is asked for: its disk is full, say. Answered
 * as 503. `retryable` is `false` once this process never works on the file again: it has shut down, or the file was
 * lost.
 */
export class DeliveriesStoreException extends DeliveryException {
  override readonly name = 'DeliveriesStoreException';

  constructor(message: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super('LALAMOVE_DELIVERIES_STORE', message, options);
  }
}
