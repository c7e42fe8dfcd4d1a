import { ENDPOINTS, type LalamoveOperation } from '../api/endpoints.js';
import type { LalamoveErrorCode } from '../errors/error-catalog.js';

/** Calls with a body. */
const WITH_BODY = [
  'createQuotation',
  'placeOrder',
  'editOrder',
  'addPriorityFee',
  'changeDriver',
  'setWebhookUrl',
] as const satisfies LalamoveOperation[];

/** Calls that name an order. */
const OF_ORDER = [
  'getOrder',
  'editOrder',
  'cancelOrder',
  'addPriorityFee',
  'getDriver',
  'changeDriver',
] as const satisfies LalamoveOperation[];

/** Calls with the stops of a route. */
const WITH_STOPS = ['createQuotation', 'editOrder'] as const satisfies LalamoveOperation[];

/** Calls that may cost money. */
const PAID = ['placeOrder', 'editOrder', 'addPriorityFee'] as const satisfies LalamoveOperation[];

/** Calls that name a quotation. */
const OF_QUOTATION = ['getQuotation', 'placeOrder'] as const satisfies LalamoveOperation[];

/**
 * The calls that each code of the error catalog can end; `'every'` for every call. Sources: Lalamove's guide, the
 * recorded refusals, the sandbox's rules. A code that is added to the catalog must be added here too.
 */
export const CALLS_OF_CODE: Readonly<Record<LalamoveErrorCode, 'every' | readonly LalamoveOperation[]>> = {
  ERR_MALFORMED_JSON_BODY: WITH_BODY,
  LALAMOVE_UNAUTHORIZED: 'every',
  ERR_INSUFFICIENT_CREDIT: PAID,
  LALAMOVE_FORBIDDEN: 'every',
  LALAMOVE_NOT_FOUND: 'every',
  ERR_CANCELLATION_FORBIDDEN: ['cancelOrder'],
  ERR_INVALID_COUNTRY: 'every',
  ERR_INVALID_PARAMS: WITH_BODY,
  ERR_REQUIRED_FIELD: WITH_BODY,
  LALAMOVE_RATE_LIMITED: 'every',
  LALAMOVE_SERVER_ERROR: 'every',
  ERR_BAD_REQUEST: 'every',
  ERR_ORDER_NOT_FOUND: OF_ORDER,
  ERR_DRIVER_NOT_FOUND: ['getDriver', 'changeDriver'],
  ERR_CANCELLATION: ['cancelOrder'],
  ERR_INVALID_MARKET: 'every',
  ERR_MISSING_FIELD: WITH_BODY,
  // Every call with an id or a body: it is also the code of the checks before anything is sent.
  ERR_INVALID_FIELD: [...WITH_BODY, 'getQuotation', 'getOrder', 'cancelOrder', 'getDriver'],
  ERR_UNKNOWN_FIELD: WITH_BODY,
  ERR_INSUFFICIENT_STOPS: WITH_STOPS,
  ERR_TOO_MANY_STOPS: WITH_STOPS,
  ERR_DELIVERY_MISMATCH: ['placeOrder'],
  ERR_INVALID_PAYMENT_METHOD: ['createQuotation', 'placeOrder'],
  ERR_INVALID_LOCALE: ['createQuotation'],
  ERR_INVALID_CURRENCY: ['createQuotation', 'placeOrder'],
  ERR_PRICE_MISMATCH: ['placeOrder'],
  ERR_INVALID_PHONE_NUMBER: ['placeOrder', 'editOrder'],
  ERR_INVALID_SCHEDULE_TIME: ['createQuotation', 'placeOrder'],
  ERR_INVALID_SERVICE_TYPE: WITH_STOPS,
  ERR_INVALID_SPECIAL_REQUEST: ['createQuotation'],
  ERR_OUT_OF_SERVICE_AREA: WITH_STOPS,
  ERR_REVERSE_GEOCODE_FAILURE: WITH_STOPS,
  ERR_INCORRECT_ADDRESS: WITH_STOPS,
  ERR_INVALID_QUOTATION_ID: OF_QUOTATION,
  ERR_QUOTATION_EXPIRED: OF_QUOTATION,
  ERR_INSUFFICIENT_BALANCE: PAID,
  ERR_INVALID_ORDER_STATUS: OF_ORDER,
  ERR_ORDER_EDIT: ['editOrder'],
  ERR_CHANGE_DRIVER: ['changeDriver'],
  ERR_EXCEED_MIN_TIPS: ['addPriorityFee'],
  ERR_EXCEED_MAX_TIPS: ['addPriorityFee'],
  ERR_INVALID_TIPS: ['addPriorityFee'],
  ERR_INVALID_RESPONSE: ['setWebhookUrl'],
  ERR_RATE_LIMIT_EXCEEDED: 'every',
  ERR_TOO_MANY_REQUESTS: 'every',
  LALAMOVE_UNREADABLE_RESPONSE: 'every',
  LALAMOVE_TIMEOUT: 'every',
  LALAMOVE_CONNECTION: 'every',
  // Only a call to which the host has given a `signal`: its own consumer has gone away, and reads no answer.
  LALAMOVE_ABORTED: [],
  // Made from another error of a call that must not be repeated: see `operationExceptions`.
  LALAMOVE_OUTCOME_UNKNOWN: [],
  LALAMOVE_UNKNOWN_ERROR: 'every',
};

/** Whether a name is that of a call of `LalamoveService`. */
export function isOperation(name: string): name is LalamoveOperation {
  return Object.hasOwn(ENDPOINTS, name);
}
