import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ERROR_CATALOG } from './error-catalog.js';
import { LalamoveException, type FixableBy } from './lalamove.exception.js';
import { InvalidRequestException } from './request.exceptions.js';
import { translateAnswer } from './translate-answer.js';

const CONTEXT = { operation: 'placeOrder', sentRequestId: 'sent-1', repeatable: true, now: 0 };

const translate = (status: number, body: unknown, headers: Record<string, string> = {}): LalamoveException =>
  translateAnswer({ status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }, CONTEXT);

/** Lalamove's known errors, written by hand: statuses, code, class, who can fix it, the status under `gateway`. */
// prettier-ignore
const KNOWN: [number[], string, string, FixableBy, number?][] = [
  [[400], 'ERR_MALFORMED_JSON_BODY', 'MalformedRequestException', 'host', 502],
  [[400], 'ERR_BAD_REQUEST', 'MalformedRequestException', 'host', 502],
  [[402], 'ERR_INSUFFICIENT_CREDIT', 'InsufficientCreditException', 'host', 503],
  [[402, 422], 'ERR_INSUFFICIENT_BALANCE', 'InsufficientCreditException', 'host', 503],
  [[422], 'ERR_UNKNOWN_FIELD', 'InvalidRequestException', 'consumer'],
  [[422], 'ERR_QUOTATION_EXPIRED', 'InvalidQuotationException', 'consumer'],
  [[404, 422], 'ERR_ORDER_NOT_FOUND', 'OrderNotFoundException', 'consumer'],
  [[404], 'ERR_DRIVER_NOT_FOUND', 'DriverNotFoundException', 'consumer'],
  [[409], 'ERR_CANCELLATION_FORBIDDEN', 'CancellationForbiddenException', 'consumer'],
  [[422], 'ERR_CANCELLATION', 'OrderAlreadyCanceledException', 'consumer'],
  [[409], 'ERR_INVALID_COUNTRY', 'InvalidMarketException', 'host', 503],
  [[422], 'ERR_INVALID_MARKET', 'InvalidMarketException', 'host', 503],
  [[409], 'ERR_INVALID_PARAMS', 'InvalidRequestException', 'consumer'],
  [[409, 422], 'ERR_REQUIRED_FIELD', 'InvalidRequestException', 'consumer'],
  [[422], 'ERR_MISSING_FIELD', 'InvalidRequestException', 'consumer'],
  [[422], 'ERR_INVALID_FIELD', 'InvalidRequestException', 'consumer'],
  [[409, 422], 'ERR_INSUFFICIENT_STOPS', 'InvalidRequestException', 'consumer'],
  [[409, 422], 'ERR_TOO_MANY_STOPS', 'InvalidRequestException', 'consumer'],
  [[409], 'ERR_DELIVERY_MISMATCH', 'InvalidRequestException', 'consumer'],
  [[409], 'ERR_INVALID_PAYMENT_METHOD', 'InvalidRequestException', 'consumer'],
  [[409], 'ERR_INVALID_LOCALE', 'InvalidRequestException', 'consumer'],
  [[409], 'ERR_INVALID_CURRENCY', 'InvalidRequestException', 'consumer'],
  [[409], 'ERR_PRICE_MISMATCH', 'InvalidQuotationException', 'consumer'],
  [[409, 422], 'ERR_INVALID_PHONE_NUMBER', 'InvalidPhoneNumberException', 'consumer'],
  [[409, 422], 'ERR_INVALID_SCHEDULE_TIME', 'InvalidRequestException', 'consumer'],
  [[409, 422], 'ERR_INVALID_SERVICE_TYPE', 'InvalidRequestException', 'consumer'],
  [[409, 422], 'ERR_INVALID_SPECIAL_REQUEST', 'InvalidRequestException', 'consumer'],
  [[409, 422], 'ERR_OUT_OF_SERVICE_AREA', 'OutOfServiceAreaException', 'consumer'],
  [[409, 422], 'ERR_REVERSE_GEOCODE_FAILURE', 'InvalidAddressException', 'consumer'],
  [[422], 'ERR_INCORRECT_ADDRESS', 'InvalidAddressException', 'consumer'],
  [[422], 'ERR_INVALID_QUOTATION_ID', 'InvalidQuotationException', 'consumer'],
  [[422], 'ERR_INVALID_ORDER_STATUS', 'InvalidOrderStatusException', 'consumer'],
  [[422], 'ERR_ORDER_EDIT', 'OrderNotEditableException', 'consumer'],
  [[422], 'ERR_CHANGE_DRIVER', 'DriverChangeForbiddenException', 'consumer'],
  [[422], 'ERR_EXCEED_MIN_TIPS', 'InvalidPriorityFeeException', 'consumer'],
  [[422], 'ERR_EXCEED_MAX_TIPS', 'InvalidPriorityFeeException', 'consumer'],
  [[422], 'ERR_INVALID_TIPS', 'InvalidPriorityFeeException', 'consumer'],
  [[422], 'ERR_INVALID_RESPONSE', 'WebhookUrlRefusedException', 'host', 502],
  [[429], 'ERR_RATE_LIMIT_EXCEEDED', 'RateLimitedException', 'host', 503],
  [[429], 'ERR_TOO_MANY_REQUESTS', 'RateLimitedException', 'host', 503],
];

/** The exception of each status without a code. */
// prettier-ignore
const BARE: [number, string, string, number][] = [
  [400, 'LALAMOVE_UNKNOWN_ERROR', 'MalformedRequestException', 400],
  [401, 'LALAMOVE_UNAUTHORIZED', 'LalamoveAuthenticationException', 401],
  [402, 'LALAMOVE_UNKNOWN_ERROR', 'InsufficientCreditException', 402],
  [403, 'LALAMOVE_FORBIDDEN', 'LalamoveForbiddenException', 403],
  [404, 'LALAMOVE_NOT_FOUND', 'LalamoveNotFoundException', 404],
  [408, 'LALAMOVE_TIMEOUT', 'LalamoveTimeoutException', 408],
  [409, 'LALAMOVE_UNKNOWN_ERROR', 'LalamoveException', 409],
  [418, 'LALAMOVE_UNKNOWN_ERROR', 'LalamoveException', 418],
  [422, 'LALAMOVE_UNKNOWN_ERROR', 'LalamoveException', 422],
  [429, 'LALAMOVE_RATE_LIMITED', 'RateLimitedException', 429],
  [500, 'LALAMOVE_SERVER_ERROR', 'LalamoveServerException', 500],
  [502, 'LALAMOVE_SERVER_ERROR', 'LalamoveServerException', 502],
  [599, 'LALAMOVE_SERVER_ERROR', 'LalamoveServerException', 599],
  [999, 'LALAMOVE_UNKNOWN_ERROR', 'LalamoveException', 502],
  [200, 'LALAMOVE_UNREADABLE_RESPONSE', 'LalamoveUnreadableResponseException', 502],
  [301, 'LALAMOVE_UNREADABLE_RESPONSE', 'LalamoveUnreadableResponseException', 502],
];

describe('translateAnswer', () => {
  describe.each(KNOWN)('%j %s', (statuses, code, name, fixableBy, gateway) => {
    it.each(statuses)('is %i', (status) => {
      for (const body of [{ errors: [{ id: code }] }, { errors: { id: code } }, { message: code }]) {
        const exception = translate(status, body);
        expect(exception).toMatchObject({ name, code, upstreamStatus: status, mirrorStatus: status, fixableBy });
        expect(exception.constructor.name).toBe(name);
        expect(exception.getStatus()).toBe(status);
        expect(exception.gateway?.status).toBe(gateway);
      }
    });
  });

  it('lists each row of the catalog with a code of Lalamove’s, and no other', () => {
    const rows = ERROR_CATALOG.filter(({ code }) => code.startsWith('ERR_'));
    const byCode = (a: [string, readonly number[]], b: [string, readonly number[]]): number => a[0].localeCompare(b[0]);
    const sorted = (statuses: readonly number[]): number[] => [...statuses].sort((a, b) => a - b);
    expect(rows.map(({ code, statuses }): [string, number[]] => [code, sorted(statuses)]).sort(byCode)).toEqual(
      KNOWN.map(([statuses, code]): [string, number[]] => [code, statuses]).sort(byCode),
    );
  });

  describe.each(BARE)('a bare %i', (status, code, name, mirrored) => {
    it.each([
      ['an empty body', ''],
      ['an HTML page', '<html><body>no</body></html>'],
      ['a truncated body', '{"errors":[{"id":"ERR_'],
      ['no errors', '{"errors":[]}'],
      ['an empty object of errors', '{"errors":{}}'],
      ['a null among errors', '{"errors":[null]}'],
      ['JSON of another kind', '[1,"two"]'],
      ['a null', 'null'],
      ['an empty message', '{"message":""}'],
    ])('with %s', (_, body) => {
      const exception = translate(status, body);
      expect(exception).toMatchObject({ code, name, mirrorStatus: mirrored, errors: [] });
    });
  });

  it('keeps an unknown code, its text and its status', () => {
    const exception = translate(422, { errors: [{ id: 'ERR_MOON_PHASE', message: 'Not while it wanes.' }] });
    expect(exception).toMatchObject({
      code: 'ERR_MOON_PHASE',
      message: 'Not while it wanes.',
      mirrorStatus: 422,
      errors: [{ code: 'ERR_MOON_PHASE', message: 'Not while it wanes.' }],
    });
  });

  it('keeps an unknown code and takes the class from a known status', () => {
    expect(translate(404, { message: 'ERR_NO_SUCH_THING' })).toMatchObject({
      name: 'LalamoveNotFoundException',
      code: 'ERR_NO_SUCH_THING',
    });
  });

  it('reads a single word from a gateway as a text, not as a code', () => {
    expect(translate(401, { message: 'Unauthorized' })).toMatchObject({
      code: 'LALAMOVE_UNAUTHORIZED',
      errors: [{ code: 'LALAMOVE_UNAUTHORIZED', message: 'Unauthorized' }],
    });
  });

  it('recognises a refused edit by its text alone', () => {
    const exception = translate(422, { errors: [{ message: 'Cannot edit order in its present state' }] });
    expect(exception).toMatchObject({ name: 'OrderNotEditableException', code: 'ERR_ORDER_EDIT' });
  });

  it('lists every error, and takes the code of the first known one', () => {
    const exception = translate(422, {
      errors: [
        { id: 'ERR_NEW', message: 'New.' },
        { id: 'ERR_INVALID_FIELD', message: 'Bad stop.', detail: '/data/stops/0' },
        { id: 'ERR_MISSING_FIELD', detail: '/data/language' },
      ],
    });
    expect(exception).toMatchObject({
      code: 'ERR_INVALID_FIELD',
      errors: [
        { code: 'ERR_NEW', message: 'New.' },
        { code: 'ERR_INVALID_FIELD', message: 'Bad stop.', pointer: '/data/stops/0' },
        { code: 'ERR_MISSING_FIELD', message: 'A required field is missing.', pointer: '/data/language' },
      ],
    });
  });

  it('returns in fieldErrors only the errors with a pointer', () => {
    const exception = translate(422, {
      errors: [{ id: 'ERR_INVALID_FIELD', detail: '/data/stops' }, { id: 'ERR_INVALID_FIELD' }],
    });
    expect(exception).toBeInstanceOf(InvalidRequestException);
    expect(exception.errors).toHaveLength(2);
    expect((exception as InvalidRequestException).fieldErrors).toEqual([exception.errors[0]]);
  });

  it('takes the request id from the body, else from the header', () => {
    expect(
      translate(422, { errors: [], meta: { requestId: 'in-body' } }, { 'request-id': 'in-header' }).requestId,
    ).toBe('in-body');
    expect(translate(422, '', { 'request-id': 'in-header' }).requestId).toBe('in-header');
    expect(translate(422, '').requestId).toBeUndefined();
  });

  it.each([
    ['getOrder', undefined, 'consumer'],
    ['getDriver', undefined, 'consumer'],
    ['placeOrder', 503, 'host'],
    [undefined, 503, 'host'],
  ])('translates a 403 of %s', (operation, gateway, fixableBy) => {
    const exception = translateAnswer({ status: 403, headers: {}, body: '' }, { ...CONTEXT, operation });
    expect(exception.fixableBy).toBe(fixableBy);
    expect(exception.gateway?.status).toBe(gateway);
  });

  it.each(['LALAMOVE_OUTCOME_UNKNOWN', 'LALAMOVE_TIMEOUT'])('does not accept our own code %s from Lalamove', (id) => {
    expect(translate(422, { errors: [{ id }] })).toMatchObject({
      name: 'LalamoveException',
      code: 'LALAMOVE_UNKNOWN_ERROR',
      message: id,
    });
  });

  it('says for any 5xx that only Lalamove can fix it, whatever its code is', () => {
    expect(translate(500, { message: 'ERR_INVALID_FIELD' })).toMatchObject({
      name: 'InvalidRequestException',
      fixableBy: 'lalamove',
      gateway: { status: 502 },
    });
  });

  it('sets retryAfterSeconds after a 429, but not after a refusal', () => {
    const headers = { 'retry-after': '3' };
    expect(translate(429, '', headers)).toMatchObject({ retryAfterSeconds: 3, retryable: true });
    expect(translate(422, '', headers).retryAfterSeconds).toBeUndefined();
  });

  it('translates any body and any status to a LalamoveException that can be answered and logged', () => {
    const status = fc.integer({ min: 100, max: 999 });
    const body = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.anything().map((value) => JSON.stringify({ errors: value })),
    );
    fc.assert(
      fc.property(status, body, (sent, text) => {
        const exception = translate(sent, text);
        expect(LalamoveException.is(exception)).toBe(true);
        expect(exception.getStatus()).toBeGreaterThanOrEqual(400);
        expect(exception.getStatus()).toBeLessThanOrEqual(599);
        expect(typeof JSON.stringify(exception)).toBe('string');
        expect(
          exception.errors.every((error) => typeof error.code === 'string' && typeof error.message === 'string'),
        ).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
