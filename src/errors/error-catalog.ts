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

/** One row of the catalog: all that is known of a code. Everything else about errors derives from it. */
export interface ErrorRow<Code extends string = string> {
  /** Lalamove's code, or ours (`LALAMOVE_…`) where Lalamove sends none. */
  readonly code: Code;
  /** The statuses that Lalamove sends it with, the commonest first; empty for what happens on our side. */
  readonly statuses: readonly number[];
  /** The status under `mirror` where Lalamove sent none that could be mirrored. */
  readonly status: number;
  readonly exception: new (init: LalamoveExceptionInit) => LalamoveException;
  /** A sentence for people. */
  readonly message: string;
  readonly fixableBy: FixableBy;
  /** Whether a call that may be repeated at all is worth repeating. */
  readonly retryable: boolean;
  /** The status under `gateway`, with a neutral body; absent where that policy mirrors. */
  readonly gateway?: 502 | 503;
  /** What differs when an order or a driver was to be read: there the consumer asked for something that is not theirs to see. */
  readonly whenReading?: { readonly fixableBy: FixableBy };
  /** The sentence for a status that comes without JSON, where that is a sign of its own. */
  readonly bare?: Readonly<Record<number, string>>;
  /** Recognises the row by Lalamove's text where it sends no code. */
  readonly recognise?: RegExp;
}

/** Rows whose defaults say: the consumer can fix it, a repeat will not help, `gateway` mirrors it. */
function row<const Code extends string>(
  code: Code,
  statuses: readonly [number, ...number[]],
  exception: ErrorRow['exception'],
  message: string,
  rest: Partial<Omit<ErrorRow, 'code'>> = {},
): ErrorRow<Code> {
  return { code, statuses, status: statuses[0], exception, message, fixableBy: 'consumer', retryable: false, ...rest };
}

/** Rows for what happens on our side of the wire, or to the wire. */
function ours<const Code extends string>(
  code: Code,
  status: number,
  exception: ErrorRow['exception'],
  message: string,
  rest: Partial<Omit<ErrorRow, 'code'>> = {},
): ErrorRow<Code> {
  return { code, statuses: [], status, exception, message, fixableBy: 'lalamove', retryable: false, ...rest };
}

/** Observed in production: what stands before Lalamove answers keys that it does not know like a fault of the server. */
const BARE_502 =
  "Lalamove's gateway answered 502 without a word. Wrong API keys look like this too: check key, secret and market, or try again later.";

// prettier-ignore
const ROWS = [
  // The error table of Lalamove's v2 guide: eleven rows, still answered by v3.
  row('ERR_MALFORMED_JSON_BODY', [400], MalformedRequestException, 'Lalamove could not read the request: its body is not valid JSON.', { fixableBy: 'host', gateway: 502 }),
  row('LALAMOVE_UNAUTHORIZED', [401], LalamoveAuthenticationException, 'Lalamove refused the API key or the signature. Check the key, the secret and the clock.', { fixableBy: 'host', gateway: 503 }),
  row('ERR_INSUFFICIENT_CREDIT', [402], InsufficientCreditException, 'The Lalamove wallet has insufficient credit. Top it up and try again.', { fixableBy: 'host', gateway: 503 }),
  row('LALAMOVE_FORBIDDEN', [403], LalamoveForbiddenException, 'Lalamove does not allow this: the order or driver is not yours to see, not at this time, or the account is blocked.', { fixableBy: 'host', gateway: 503, whenReading: { fixableBy: 'consumer' } }),
  row('LALAMOVE_NOT_FOUND', [404], LalamoveNotFoundException, 'The order or driver could not be found.'),
  row('ERR_CANCELLATION_FORBIDDEN', [409], CancellationForbiddenException, 'The order can no longer be cancelled.'),
  row('ERR_INVALID_COUNTRY', [409], InvalidMarketException, 'The country is not the one that these API keys belong to.', { fixableBy: 'host', gateway: 503 }),
  row('ERR_INVALID_PARAMS', [409], InvalidRequestException, 'The request is not valid.'),
  row('ERR_REQUIRED_FIELD', [409, 422], InvalidRequestException, 'A required field is missing.'),
  row('LALAMOVE_RATE_LIMITED', [429], RateLimitedException, 'Too many requests were sent to Lalamove. Try again later.', { fixableBy: 'host', retryable: true, gateway: 503 }),
  row('LALAMOVE_SERVER_ERROR', [500, 502], LalamoveServerException, 'Lalamove had a problem with its server. Try again later.', { fixableBy: 'lalamove', retryable: true, gateway: 502, bare: { 502: BARE_502 } }),

  // What v3's guide and observed traffic add.
  row('ERR_BAD_REQUEST', [400], MalformedRequestException, 'Lalamove could not read the request: it is malformed, or a value is of the wrong type.', { fixableBy: 'host', gateway: 502 }),
  row('ERR_ORDER_NOT_FOUND', [404, 422], OrderNotFoundException, 'The order could not be found.'),
  row('ERR_DRIVER_NOT_FOUND', [404], DriverNotFoundException, 'The driver could not be found.'),
  row('ERR_CANCELLATION', [422], OrderAlreadyCanceledException, 'The order has been cancelled already.'),
  row('ERR_INVALID_MARKET', [422], InvalidMarketException, 'Lalamove does not support this market.', { fixableBy: 'host', gateway: 503 }),
  row('ERR_MISSING_FIELD', [422], InvalidRequestException, 'A required field is missing.'),
  row('ERR_INVALID_FIELD', [422], InvalidRequestException, 'A field of the request is not valid.'),
  row('ERR_UNKNOWN_FIELD', [422], InvalidRequestException, 'The request has a field that Lalamove does not know.'),
  row('ERR_INSUFFICIENT_STOPS', [422, 409], InvalidRequestException, 'A delivery needs at least two stops: one pick-up and one drop-off.'),
  row('ERR_TOO_MANY_STOPS', [422, 409], InvalidRequestException, 'A delivery has too many stops.'),
  row('ERR_DELIVERY_MISMATCH', [409], InvalidRequestException, 'The stops and the deliveries do not match.'),
  row('ERR_INVALID_PAYMENT_METHOD', [409], InvalidRequestException, 'The payment method is not valid.'),
  row('ERR_INVALID_LOCALE', [409], InvalidRequestException, 'The language is not one of this market.'),
  row('ERR_INVALID_CURRENCY', [409], InvalidRequestException, 'The currency is not valid.'),
  row('ERR_PRICE_MISMATCH', [409], InvalidQuotationException, 'The price differs from the quoted one. Ask for a new quotation.'),
  row('ERR_INVALID_PHONE_NUMBER', [422, 409], InvalidPhoneNumberException, 'A phone number is not valid in this market.'),
  row('ERR_INVALID_SCHEDULE_TIME', [422, 409], InvalidRequestException, 'The pick-up time is in the past, or too far ahead.'),
  row('ERR_INVALID_SERVICE_TYPE', [422, 409], InvalidRequestException, 'The service type is not offered in this city.'),
  row('ERR_INVALID_SPECIAL_REQUEST', [422, 409], InvalidRequestException, 'A special request is not offered for this service type.'),
  row('ERR_OUT_OF_SERVICE_AREA', [422, 409], OutOfServiceAreaException, 'A stop is outside the service area, or the stops lie in different city zones.'),
  row('ERR_REVERSE_GEOCODE_FAILURE', [422, 409], InvalidAddressException, 'An address could not be located. Give its coordinates.'),
  row('ERR_INCORRECT_ADDRESS', [422], InvalidAddressException, 'An address cannot be used. Correct it, or give its coordinates.'),
  row('ERR_INVALID_QUOTATION_ID', [422], InvalidQuotationException, 'The quotation is unknown or has expired. Ask for a new one.'),
  row('ERR_QUOTATION_EXPIRED', [422], InvalidQuotationException, 'The quotation has expired. Ask for a new one.'),
  row('ERR_INSUFFICIENT_BALANCE', [402, 422], InsufficientCreditException, 'The Lalamove wallet has an insufficient balance. Top it up and try again.', { fixableBy: 'host', gateway: 503 }),
  row('ERR_INVALID_ORDER_STATUS', [422], InvalidOrderStatusException, 'This is not allowed in the present status of the order.'),
  row('ERR_ORDER_EDIT', [422], OrderNotEditableException, 'The order cannot be edited: it was edited before, or is not ongoing.', { recognise: /^cannot edit order/i }),
  row('ERR_CHANGE_DRIVER', [422], DriverChangeForbiddenException, 'The driver cannot be changed at this time.'),
  row('ERR_EXCEED_MIN_TIPS', [422], InvalidPriorityFeeException, 'The priority fee is too low.'),
  row('ERR_EXCEED_MAX_TIPS', [422], InvalidPriorityFeeException, 'The priority fee is too high.'),
  row('ERR_INVALID_TIPS', [422], InvalidPriorityFeeException, 'The priority fee is not valid: it must exceed the last one.'),
  row('ERR_INVALID_RESPONSE', [422], WebhookUrlRefusedException, 'The webhook URL did not answer with status 200.', { fixableBy: 'host', gateway: 502 }),
  row('ERR_RATE_LIMIT_EXCEEDED', [429], RateLimitedException, 'Too many requests were sent to Lalamove. Try again later.', { fixableBy: 'host', retryable: true, gateway: 503 }),
  row('ERR_TOO_MANY_REQUESTS', [429], RateLimitedException, 'Too many requests were sent to Lalamove. Try again later.', { fixableBy: 'host', retryable: true, gateway: 503 }),

  // What has no code of Lalamove's.
  ours('LALAMOVE_UNREADABLE_RESPONSE', 502, LalamoveUnreadableResponseException, 'Lalamove answered with something that cannot be used.', { retryable: true, gateway: 502 }),
  ours('LALAMOVE_TIMEOUT', 504, LalamoveTimeoutException, 'Lalamove did not answer in time.', { retryable: true, gateway: 502 }),
  ours('LALAMOVE_CONNECTION', 502, LalamoveConnectionException, 'The connection to Lalamove could not be made, or broke.', { retryable: true, gateway: 502 }),
  ours('LALAMOVE_ABORTED', 499, LalamoveAbortedException, 'The call to Lalamove was aborted by its caller.', { fixableBy: 'consumer' }),
  ours('LALAMOVE_OUTCOME_UNKNOWN', 502, LalamoveOutcomeUnknownException, 'It is not known whether Lalamove has carried this out. Do not repeat it before that is known.', { fixableBy: 'host' }),
  ours('LALAMOVE_UNKNOWN_ERROR', 502, LalamoveException, 'Lalamove answered with an error that this version does not know.', { fixableBy: 'host', gateway: 502 }),
];

/** The codes of the catalog. Lalamove adds codes without notice, so an exception's `code` can be any other string too. */
export type LalamoveErrorCode = (typeof ROWS)[number]['code'];

/**
 * Every error that Lalamove is known to answer with, and those of our own: the eleven rows of v2's error table first, then what v3's
 * guide and observed traffic add (`ERR_…` codes are Lalamove's, `LALAMOVE_…` are ours).
 */
export const ERROR_CATALOG: readonly ErrorRow[] = ROWS;

const BY_CODE: ReadonlyMap<string, ErrorRow> = new Map(ERROR_CATALOG.map((entry) => [entry.code, entry]));

/** Which row speaks where a status came without a code that we know. */
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

/** The row that Lalamove's text belongs to where it sent no code, or `undefined`. */
export function rowOfText(text: string): ErrorRow | undefined {
  return ERROR_CATALOG.find(({ recognise }) => recognise?.test(text));
}

/** The row that a status alone stands for. */
export function rowOfStatus(status: number): ErrorRow {
  if (status < 400) return rowOf('LALAMOVE_UNREADABLE_RESPONSE');
  if (status >= 500 && status <= 599) return rowOf('LALAMOVE_SERVER_ERROR');
  return rowOf(BY_STATUS[status] ?? 'LALAMOVE_UNKNOWN_ERROR');
}

/** The row of a code that the catalog has. */
export function rowOf(code: LalamoveErrorCode): ErrorRow {
  const found = BY_CODE.get(code);
  if (!found) throw new TypeError(`The error catalog has no row for "${code}".`);
  return found;
}
