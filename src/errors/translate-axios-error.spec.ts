import { describe, expect, it } from '@jest/globals';
import type { LalamoveException } from './lalamove.exception.js';
import { calledBaseUrl, translateAxiosError } from './translate-axios-error.js';

const BASE = 'https://rest.lalamove.com';
const CONTEXT = { account: 'thai', policy: 'mirror', now: 0 } as const;
const ORDER = { data: { quotationId: '7', metadata: { reference: 'A-1' } } };

const failure = (method: string, path: string, rest: object = {}, config: object = {}): object => ({
  isAxiosError: true,
  config: {
    method,
    url: BASE + path,
    headers: { Authorization: 'hmac pk_test_key:1655319070446:c0ffee', 'Request-ID': 'mine' },
    ...config,
  },
  ...rest,
});
const translate = (error: object): LalamoveException => translateAxiosError(error, BASE, CONTEXT);
const answered = (status: number, data: unknown = ''): object => ({ response: { status, headers: {}, data } });

describe('translateAxiosError', () => {
  it('sets the account, the operation and the request id', () => {
    expect(translate(failure('get', '/v3/orders/42', answered(404)))).toMatchObject({
      name: 'LalamoveNotFoundException',
      account: 'thai',
      operation: 'getOrder',
      sentRequestId: 'mine',
      retryable: false,
    });
  });

  it.each([
    ['a string', '{"message":"ERR_ORDER_NOT_FOUND"}'],
    ['bytes', Buffer.from('{"message":"ERR_ORDER_NOT_FOUND"}')],
    ['parsed by axios', { message: 'ERR_ORDER_NOT_FOUND' }],
  ])('reads a body that is %s', (_, data) => {
    expect(translate(failure('get', '/v3/orders/42', answered(404, data))).code).toBe('ERR_ORDER_NOT_FOUND');
  });

  it.each([
    ['ECONNABORTED', 'LALAMOVE_TIMEOUT'],
    ['ETIMEDOUT', 'LALAMOVE_TIMEOUT'],
    ['ERR_CANCELED', 'LALAMOVE_ABORTED'],
    ['ECONNRESET', 'LALAMOVE_CONNECTION'],
  ])('translates %s to %s', (code, expected) => {
    const exception = translate(failure('get', '/v3/orders/42', { code, message: 'key pk_test_key' }));
    expect(exception).toMatchObject({ code: expected, cause: { code, message: 'key [redacted]' } });
  });

  it('translates a refusal of a call that spends money to its own exception', () => {
    expect(translate(failure('post', '/v3/orders', answered(422, { message: 'ERR_NEW' })))).toMatchObject({
      name: 'LalamoveException',
      upstreamStatus: 422,
    });
  });

  it.each([
    ['a 500', answered(500)],
    ['a 408', answered(408)],
    ['a reset', { code: 'ECONNRESET' }],
    ['a timeout', { code: 'ECONNABORTED' }],
  ])('reports an unknown outcome of a call that spends money after %s, with its ids', (_, rest) => {
    const placed = translate(failure('post', '/v3/orders', rest, { data: JSON.stringify(ORDER) }));
    expect(placed).toMatchObject({
      name: 'LalamoveOutcomeUnknownException',
      retryable: false,
      quotationId: '7',
      metadata: { reference: 'A-1' },
      sentRequestId: 'mine',
    });
    expect(translate(failure('post', '/v3/orders/42/priority-fee', rest))).toMatchObject({ orderId: '42' });
    expect(translate(failure('post', '/v3/unheard-of', rest))).toMatchObject({
      name: 'LalamoveOutcomeUnknownException',
    });
  });

  it('marks a call that spends money as retryable if it was never sent', () => {
    const exception = translate(failure('post', '/v3/orders', { code: 'ECONNREFUSED', cause: { syscall: 'connect' } }));
    expect(exception).toMatchObject({ name: 'LalamoveConnectionException', retryable: true });
  });

  it('finds the operation below a base URL with a path', () => {
    const error = {
      isAxiosError: true,
      config: { method: 'GET', baseURL: 'http://proxy/lalamove/', url: '/v3/orders/42' },
      ...answered(403),
    };
    expect(translateAxiosError(error, 'http://proxy/lalamove', CONTEXT)).toMatchObject({
      operation: 'getOrder',
      fixableBy: 'consumer',
    });
  });
});

describe('calledBaseUrl', () => {
  const call = (url: string): object => ({ isAxiosError: true, config: { url } });

  it('finds the longest base URL that matches', () => {
    const bases = ['http://proxy', 'http://proxy/lalamove', BASE];
    expect(calledBaseUrl(call('http://proxy/lalamove/v3/cities'), bases)).toBe('http://proxy/lalamove');
    expect(calledBaseUrl(call('http://proxy/lalamove2'), bases)).toBe('http://proxy');
    expect(calledBaseUrl(call('https://rest.lalamove.com.evil.example/v3/cities'), bases)).toBeUndefined();
  });

  it('finds none for an error that is not from axios', () => {
    expect(calledBaseUrl(new Error('x'), [BASE])).toBeUndefined();
    expect(calledBaseUrl({ config: { url: `${BASE}/v3/cities` } }, [BASE])).toBeUndefined();
    expect(calledBaseUrl({ isAxiosError: true }, [BASE])).toBeUndefined();
  });
});
