import { expect, it } from '@jest/globals';
import { describeHosts } from './answering-hosts.js';
import { request } from '../support/host-app.js';

/**
 * The error table of Lalamove's guide: status and body of each row, and the answer to a consumer of the app. It is
 * written by hand, so that the catalog is not tested against itself.
 */
const SEED = [
  {
    row: '400 ERR_MALFORMED_JSON_BODY',
    status: 400,
    body: '{"message":"ERR_MALFORMED_JSON_BODY"}',
    code: 'ERR_MALFORMED_JSON_BODY',
    error: 'Bad Request',
    gateway: [502, 'Bad Gateway'],
  },
  {
    row: '401',
    status: 401,
    body: '',
    code: 'LALAMOVE_UNAUTHORIZED',
    error: 'Unauthorized',
    gateway: [503, 'Service Unavailable'],
  },
  {
    row: '402 ERR_INSUFFICIENT_CREDIT',
    status: 402,
    body: '{"message":"ERR_INSUFFICIENT_CREDIT"}',
    code: 'ERR_INSUFFICIENT_CREDIT',
    error: 'Payment Required',
    gateway: [503, 'Service Unavailable'],
  },
  {
    row: '403, reading an order',
    status: 403,
    body: '',
    code: 'LALAMOVE_FORBIDDEN',
    error: 'Forbidden',
    path: 'lalamove/orders/1',
  },
  {
    row: '403, anything else',
    status: 403,
    body: '',
    code: 'LALAMOVE_FORBIDDEN',
    error: 'Forbidden',
    gateway: [503, 'Service Unavailable'],
  },
  { row: '404', status: 404, body: '', code: 'LALAMOVE_NOT_FOUND', error: 'Not Found' },
  {
    row: '409 ERR_CANCELLATION_FORBIDDEN',
    status: 409,
    body: '{"message":"ERR_CANCELLATION_FORBIDDEN"}',
    code: 'ERR_CANCELLATION_FORBIDDEN',
    error: 'Conflict',
  },
  {
    row: '409 ERR_INVALID_COUNTRY',
    status: 409,
    body: '{"message":"ERR_INVALID_COUNTRY"}',
    code: 'ERR_INVALID_COUNTRY',
    error: 'Conflict',
    gateway: [503, 'Service Unavailable'],
  },
  {
    row: '409 ERR_INVALID_PARAMS',
    status: 409,
    body: '{"message":"ERR_INVALID_PARAMS"}',
    code: 'ERR_INVALID_PARAMS',
    error: 'Conflict',
  },
  {
    row: '409 ERR_REQUIRED_FIELD',
    status: 409,
    body: '{"message":"ERR_REQUIRED_FIELD"}',
    code: 'ERR_REQUIRED_FIELD',
    error: 'Conflict',
  },
  {
    row: '429',
    status: 429,
    body: '',
    code: 'LALAMOVE_RATE_LIMITED',
    error: 'Too Many Requests',
    gateway: [503, 'Service Unavailable'],
  },
  {
    row: '500',
    status: 500,
    body: '',
    code: 'LALAMOVE_SERVER_ERROR',
    error: 'Internal Server Error',
    gateway: [502, 'Bad Gateway'],
  },
];

const NEUTRAL = 'The delivery service is not available at the moment. Please try again later.';

describeHosts('the seed', ({ policy, format, sandbox, url }) => {
  it.each(SEED)('$row', async ({ status, body, code, error, gateway, path = 'cities' }) => {
    sandbox().respondNext({ status, body, headers: { 'request-id': 'r-1' } });
    const answer = await request('GET', `${url()}/${path}`);
    const neutral = policy === 'gateway' && gateway !== undefined;
    const [expected, title] = neutral ? gateway : [status, error];
    expect(answer.status).toBe(expected);
    const members = {
      code: neutral ? 'LALAMOVE_UNAVAILABLE' : code,
      errors: neutral || body === '' ? [] : [{ code, message: expect.any(String) }],
      requestId: 'r-1',
    };
    const text = neutral ? NEUTRAL : expect.stringMatching(/^[A-Z].*\.$/);
    expect(answer.body).toEqual(
      format === 'nest'
        ? { statusCode: expected, error: title, message: text, ...members }
        : { type: 'about:blank', status: expected, title, detail: text, ...members },
    );
  });
});
