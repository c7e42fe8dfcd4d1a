import { describe, expect, it } from '@jest/globals';
import { createLalamoveException, outcomeUnknown } from './create-exception.js';
import { LalamoveErrorPolicies, type AccountErrorPolicy } from './error-policies.js';

const logger = { error: () => undefined, warn: () => undefined, log: () => undefined };
const policy = (
  account: string | undefined,
  baseUrl: string,
  rest: Partial<AccountErrorPolicy> = {},
): AccountErrorPolicy => ({
  account,
  baseUrl,
  filter: true,
  status: 'mirror',
  format: 'nest',
  logger,
  ...rest,
});
const raw = (url: string): object => ({ isAxiosError: true, config: { url } });

describe('LalamoveErrorPolicies', () => {
  const policies = new LalamoveErrorPolicies();
  policies.add(policy('thai', 'http://thai', { filter: false }), {});
  policies.add(policy(undefined, 'http://standard'), {});

  it.each([
    ['an exception of an account', createLalamoveException('LALAMOVE_TIMEOUT', { account: 'thai' }), 'thai', false],
    ['an exception of the default account', createLalamoveException('LALAMOVE_TIMEOUT'), undefined, true],
    [
      'an exception of an account of another app',
      createLalamoveException('LALAMOVE_TIMEOUT', { account: 'elsewhere' }),
      undefined,
      true,
    ],
    ['a raw error below the base URL of an account', raw('http://thai/v3/cities'), 'thai', false],
    ['a raw error of Lalamove’s own host', raw('https://rest.sandbox.lalamove.com/v3/cities'), undefined, true],
  ])('finds the policy of %s', (_, error, account, covered) => {
    expect(policies.failure(error)?.policy?.account).toBe(account);
    expect(policies.covers(error)).toBe(covered);
  });

  it('finds no policy for other errors', () => {
    for (const error of [raw('http://other/v3/cities'), new Error('x'), null]) {
      expect(policies.failure(error)).toBeUndefined();
      expect(policies.covers(error)).toBe(false);
    }
  });

  it('lets a registration add its policy again, but no other registration under the same name', () => {
    const registered = new LalamoveErrorPolicies();
    const owner = {};
    expect(registered.add(policy('a', 'http://a'), owner)).toBe(true);
    expect(registered.add(policy('a', 'http://b'), owner)).toBe(true);
    expect(registered.add(policy('a', 'http://c'), {})).toBe(false);
    expect(registered.failure(raw('http://b/v3'))?.policy?.account).toBe('a');
  });
});

describe('outcomeUnknown', () => {
  it.each([
    ['LALAMOVE_TIMEOUT', 504],
    ['LALAMOVE_ABORTED', 504],
    ['LALAMOVE_CONNECTION', 502],
    ['LALAMOVE_UNREADABLE_RESPONSE', 502],
  ])('has a status by its cause: %s gives %i', (code, status) => {
    expect(outcomeUnknown(createLalamoveException(code)).getStatus()).toBe(status);
  });
});

describe('createLalamoveException', () => {
  it.each([
    ['LALAMOVE_TIMEOUT', undefined, true],
    ['LALAMOVE_TIMEOUT', 'getOrder', true],
    ['LALAMOVE_TIMEOUT', 'placeOrder', false],
    ['LALAMOVE_RATE_LIMITED', 'placeOrder', true],
    ['ERR_ORDER_NOT_FOUND', 'getOrder', false],
  ])('sets retryable for the code %s and the operation %s: %s', (code, operation, retryable) => {
    expect(createLalamoveException(code, { operation }).retryable).toBe(retryable);
  });
});
