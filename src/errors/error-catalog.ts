import {
  InsufficientCreditException,
  LalamoveAuthenticationException,
  LalamoveForbiddenException,
  RateLimitedException,
  WebhookUrlRefusedException,
} from './account.exceptions.js';
import {
  LalamoveAbortedException,
  LalamoveConnectionException,
  LalamoveOutcomeUnknownException,
  LalamoveServerException,
  LalamoveTimeoutException,
  LalamoveUnreadableResponseException,
} from './call.exceptions.js';
import { LalamoveException, type FixableBy, type LalamoveExceptionInit } from './lalamove.exception.js';
import {
  CancellationForbiddenException,
  DriverChangeForbiddenException,
  DriverNotFoundException,
  InvalidOrderStatusException,
  InvalidPriorityFeeException,
  LalamoveNotFoundException,
  OrderAlreadyCanceledException,
  OrderNotEditableException,
  OrderNotFoundException,
} from './order.exceptions.js';
import {
  InvalidAddressException,
  InvalidMarketException,
  InvalidPhoneNumberException,
  InvalidQuotationException,
  InvalidRequestException,
  MalformedRequestException,
  OutOfServiceAreaException,
} from './request.exceptions.js';

/** One row of the catalog: all facts of an error code. Translation, docs, OpenAPI and sandbox derive from the rows. */
export interface ErrorRow<Code extends string = string> {
  /** Lalamove's code, or one of ours (`LALAMOVE_…`) if Lalamove sends none. */
  readonly code: Code;
  /** The statuses with which Lalamove sends the code, the most common first; empty for errors that we detect. */
  readonly statuses: readonly number[];
  /** The status under `mirror` if Lalamove sent no status that can be mirrored. */
  readonly status: number;
  readonly exception: new (init: LalamoveExceptionInit) => LalamoveException;
  /** The message for API consumers and logs. */
  readonly message: string;
  readonly fixableBy: FixableBy;
  /** Whether a retry can succeed, for a call that may be repeated. */
  readonly retryable: boolean;
  /** The status under `gateway`, which is sent with a neutral body; absent if that policy mirrors this error. */
  readonly gateway?: 502 | 503;
  /** What differs for a call that reads an order or a driver: the consumer asked for one that they may not read. */
  readonly whenReading?: { readonly fixableBy: FixableBy };
  /** Another message for a status without a JSON body, if that has a meaning of its own. */
  readonly bare?: Readonly<Record<number, string>>;
  /** Recognises the row by Lalamove's text, if Lalamove sends no code. */
  readonly recognise?: RegExp;
}

/** A row of Lalamove's. By default the consumer can fix the error, a retry does not help, and `gateway` mirrors it. */
function row<const Code extends string>(
  code: Code,
  statuses: readonly [number, ...number[]],
  exception: ErrorRow['exception'],
  message: string,
  rest: Partial<Omit<ErrorRow, 'code'>> = {},
): ErrorRow<Code> {
  return { code, statuses, status: statuses[0], exception, message, fixableBy: 'consumer', retryable: false, ...rest };
}

/** A row for an error that we detect: in our own process, on the connection, or in an unknown answer. */
function ours<const Code extends string>(
  code: Code,
  status: number,
  exception: ErrorRow['exception'],
  message: string,
  rest: Partial<Omit<ErrorRow, 'code'>> = {},
): ErrorRow<Code> {
  return { code, statuses: [], status, exception, message, fixableBy: 'lalamove', retryable: false, ...rest };
}

/** Observed in production: Lalamove's gateway answers unknown API keys with a 502 without a body. */
const BARE_502 =
  "Lalamove's gateway answered 502 without a reason. Wrong API keys can cause this too: " +
  'check the key, the secret and the market, or try again later.';

// prettier-ignore
const ROWS = [
  // The error table of Lalamove's v2 guide: eleven rows. Lalamove v3 still sends them.
  row('ERR_MALFORMED_JSON_BODY', [400], MalformedRequestException,
    'Lalamove could not read the request: its body is not valid JSON.', { fixableBy: 'host', gateway: 502 }),
  row('LALAMOVE_UNAUTHORIZED', [401], LalamoveAuthenticationException,
    'Lalamove refused the API key or the signature. Check the key, the secret and the clock.',
    { fixableBy: 'host', gateway: 503 }),
  row('ERR_INSUFFICIENT_CREDIT', [402], InsufficientCreditException,
    'The Lalamove wallet has insufficient credit. Top it up and try again.', { fixableBy: 'host', gateway: 503 }),
  row('LALAMOVE_FORBIDDEN', [403], LalamoveForbiddenException,
    'Lalamove does not allow this: the order or driver is not accessible to you or at this time, ' +
      'or the account is blocked.',
    { fixableBy: 'host', gateway: 503, whenReading: { fixableBy: 'consumer' } }),
  row('LALAMOVE_NOT_FOUND', [404], LalamoveNotFoundException, 'The order or driver could not be found.'),
  row('ERR_CANCELLATION_FORBIDDEN', [409], CancellationForbiddenException, 'The order can no longer be cancelled.'),
  row('ERR_INVALID_COUNTRY', [409], InvalidMarketException,
    'These API keys belong to another country.', { fixableBy: 'host', gateway: 503 }),
  row('ERR_INVALID_PARAMS', [409], InvalidRequestException, 'The request is not valid.'),
  row('ERR_REQUIRED_FIELD', [409, 422], InvalidRequestException, 'A required field is missing.'),
  row('LALAMOVE_RATE_LIMITED', [429], RateLimitedException,
    'Too many requests were sent to Lalamove. Try again later.', { fixableBy: 'host', retryable: true, gateway: 503 }),
  row('LALAMOVE_SERVER_ERROR', [500, 502], LalamoveServerException,
    'Lalamove had a server error. Try again later.',
    { fixableBy: 'lalamove', retryable: true, gateway: 502, bare: { 502: BARE_502 } }),

  // Codes from the v3 guide and from observed traffic.
  row('ERR_BAD_REQUEST', [400], MalformedRequestException,
    'Lalamove could not read the request: it is malformed, or a value is of the wrong type.',
    { fixableBy: 'host', gateway: 502 }),
  row('ERR_ORDER_NOT_FOUND', [404, 422], OrderNotFoundException, 'The order could not be found.'),
  row('ERR_DRIVER_NOT_FOUND', [404], DriverNotFoundException, 'The driver could not be found.'),
  row('ERR_CANCELLATION', [422], OrderAlreadyCanceledException, 'The order is already cancelled.'),
  row('ERR_INVALID_MARKET', [422], InvalidMarketException,
    'Lalamove does not support this market.', { fixableBy: 'host', gateway: 503 }),
  row('ERR_MISSING_FIELD', [422], InvalidRequestException, 'A required field is missing.'),
  row('ERR_INVALID_FIELD', [422], InvalidRequestException, 'A field of the request is not valid.'),
  row('ERR_UNKNOWN_FIELD', [422], InvalidRequestException, 'The request has a field that Lalamove does not know.'),
  row('ERR_INSUFFICIENT_STOPS', [422, 409], InvalidRequestException,
    'A delivery needs at least two stops: one pick-up and one drop-off.'),
  row('ERR_TOO_MANY_STOPS', [422, 409], InvalidRequestException, 'A delivery has too many stops.'),
  row('ERR_DELIVERY_MISMATCH', [409], InvalidRequestException, 'The stops and the deliveries do not match.'),
  row('ERR_INVALID_PAYMENT_METHOD', [409], InvalidRequestException, 'The payment method is not valid.'),
  row('ERR_INVALID_LOCALE', [409], InvalidRequestException, 'This market does not support the language.'),
  row('ERR_INVALID_CURRENCY', [409], InvalidRequestException, 'The currency is not valid.'),
  row('ERR_PRICE_MISMATCH', [409], InvalidQuotationException,
    'The price differs from the quoted one. Ask for a new quotation.'),
  row('ERR_INVALID_PHONE_NUMBER', [422, 409], InvalidPhoneNumberException,
    'A phone number is not valid in this market.'),
  row('ERR_INVALID_SCHEDULE_TIME', [422, 409], InvalidRequestException,
    'The pick-up time is in the past, or too far ahead.'),
  row('ERR_INVALID_SERVICE_TYPE', [422, 409], InvalidRequestException, 'The service type is not offered in this city.'),
  row('ERR_INVALID_SPECIAL_REQUEST', [422, 409], InvalidRequestException,
    'A special request is not offered for this service type.'),
  row('ERR_OUT_OF_SERVICE_AREA', [422, 409], OutOfServiceAreaException,
    'A stop is outside the service area, or the stops lie in different city zones.'),
  row('ERR_REVERSE_GEOCODE_FAILURE', [422, 409], InvalidAddressException,
    'An address could not be located. Give its coordinates.'),
  row('ERR_INCORRECT_ADDRESS', [422], InvalidAddressException,
    'An address cannot be used. Correct it, or give its coordinates.'),
  row('ERR_INVALID_QUOTATION_ID', [422], InvalidQuotationException,
    'The quotation is unknown or has expired. Ask for a new one.'),
  row('ERR_QUOTATION_EXPIRED', [422], InvalidQuotationException, 'The quotation has expired. Ask for a new one.'),
  row('ERR_INSUFFICIENT_BALANCE', [402, 422], InsufficientCreditException,
    'The Lalamove wallet has an insufficient balance. Top it up and try again.', { fixableBy: 'host', gateway: 503 }),
  row('ERR_INVALID_ORDER_STATUS', [422], InvalidOrderStatusException,
    'The current status of the order does not allow this.'),
  row('ERR_ORDER_EDIT', [422], OrderNotEditableException,
    'The order cannot be edited: it was edited before, or is not ongoing.', { recognise: /^cannot edit order/i }),
  row('ERR_CHANGE_DRIVER', [422], DriverChangeForbiddenException, 'The driver cannot be changed at this time.'),
  row('ERR_EXCEED_MIN_TIPS', [422], InvalidPriorityFeeException, 'The priority fee is too low.'),
  row('ERR_EXCEED_MAX_TIPS', [422], InvalidPriorityFeeException, 'The priority fee is too high.'),
  row('ERR_INVALID_TIPS', [422], InvalidPriorityFeeException,
    'The priority fee is not valid: it must exceed the last one.'),
  row('ERR_INVALID_RESPONSE', [422], WebhookUrlRefusedException,
    'The webhook URL did not answer with status 200.', { fixableBy: 'host', gateway: 502 }),
  row('ERR_RATE_LIMIT_EXCEEDED', [429], RateLimitedException,
    'Too many requests were sent to Lalamove. Try again later.', { fixableBy: 'host', retryable: true, gateway: 503 }),
  row('ERR_TOO_MANY_REQUESTS', [429], RateLimitedException,
    'Too many requests were sent to Lalamove. Try again later.', { fixableBy: 'host', retryable: true, gateway: 503 }),

  // Errors without a code of Lalamove's.
  ours('LALAMOVE_UNREADABLE_RESPONSE', 502, LalamoveUnreadableResponseException,
    'Lalamove sent an answer that cannot be read.', { retryable: true, gateway: 502 }),
  ours('LALAMOVE_TIMEOUT', 504, LalamoveTimeoutException,
    'Lalamove did not answer in time.', { retryable: true, gateway: 502 }),
  ours('LALAMOVE_CONNECTION', 502, LalamoveConnectionException,
    'The connection to Lalamove failed.', { retryable: true, gateway: 502 }),
  ours('LALAMOVE_ABORTED', 499, LalamoveAbortedException,
    'The call to Lalamove was aborted by its caller.', { fixableBy: 'consumer' }),
  ours('LALAMOVE_OUTCOME_UNKNOWN', 502, LalamoveOutcomeUnknownException,
    'It is not known whether Lalamove has carried this out. Do not repeat it before that is known.',
    { fixableBy: 'host' }),
  ours('LALAMOVE_UNKNOWN_ERROR', 502, LalamoveException,
    'Lalamove answered with an unknown error.', { fixableBy: 'host', gateway: 502 }),
];

/** The codes of the catalog. Lalamove adds codes without notice, so `code` of an exception can be any other string. */
export type LalamoveErrorCode = (typeof ROWS)[number]['code'];

/**
 * All known errors. Codes with `ERR_` are Lalamove's, codes with `LALAMOVE_` are ours. Sources, in this order: the
 * error table of Lalamove's v2 guide (eleven rows), the v3 guide and observed traffic, this package.
 */
export const ERROR_CATALOG: readonly ErrorRow[] = ROWS;

const BY_CODE: ReadonlyMap<string, ErrorRow> = new Map(ERROR_CATALOG.map((entry) => [entry.code, entry]));

/** The row for a status without a known code. */
const BY_STATUS: Readonly<Record<number, LalamoveErrorCode>> = {
  400: 'ERR_BAD_REQUEST',
  401: 'LALAMOVE_UNAUTHORIZED',
  402: 'ERR_INSUFFICIENT_CREDIT',
  403: 'LALAMOVE_FORBIDDEN',
  404: 'LALAMOVE_NOT_FOUND',
  408: 'LALAMOVE_TIMEOUT',
  429: 'LALAMOVE_RATE_LIMITED',
};

/** The row of a code, or `undefined` for one that this version does not know. */
export function rowOfCode(code: string): ErrorRow | undefined {
  return BY_CODE.get(code);
}

/** The row that matches Lalamove's text, for an answer without a code; `undefined` if none does. */
export function rowOfText(text: string): ErrorRow | undefined {
  return ERROR_CATALOG.find(({ recognise }) => recognise?.test(text));
}

/** The row for a status alone. */
export function rowOfStatus(status: number): ErrorRow {
  if (status < 400) return rowOf('LALAMOVE_UNREADABLE_RESPONSE');
  if (status >= 500 && status <= 599) return rowOf('LALAMOVE_SERVER_ERROR');
  return rowOf(BY_STATUS[status] ?? 'LALAMOVE_UNKNOWN_ERROR');
}

/**
 * The row of a code of the catalog.
 *
 * @throws TypeError if the catalog has no such row
 */
export function rowOf(code: LalamoveErrorCode): ErrorRow {
  const found = BY_CODE.get(code);
  if (!found) throw new TypeError(`The error catalog has no row for "${code}".`);
  return found;
}
