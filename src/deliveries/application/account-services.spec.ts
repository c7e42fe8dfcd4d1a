import { beforeEach, describe, expect, it } from '@jest/globals';
import { LalamoveModule, LalamoveService } from 'nestjs-lalamove';
import { Test } from '@nestjs/testing';
import { ModuleRef } from '@nestjs/core';
import { failureOf } from '../../../test/support/lalamove.js';
import { until } from '../../../test/support/until.js';
import {
  AccountPending,
  AccountServices,
  AccountUnavailable,
  type ResolveDeliveryAccount,
} from './account-services.js';

const KEYS = { apiKey: 'pk_test_1', apiSecret: 'sk_test_1', market: 'HK' } as const;

describe('AccountServices', () => {
  let asked: string[];
  let warnings: string[];
  let answer: ResolveDeliveryAccount;
  let services: AccountServices;

  beforeEach(async () => {
    asked = [];
    warnings = [];
    answer = () => KEYS;
    services = await servicesWith({ timeoutMs: 30_000 });
  });

  async function servicesWith(options: { timeoutMs: number }): Promise<AccountServices> {
    const module = await Test.createTestingModule({ imports: [LalamoveModule.forRoot(KEYS)] }).compile();
    return new AccountServices({
      moduleRef: module.get(ModuleRef),
      resolve: (account) => {
        asked.push(account);
        return answer(account);
      },
      ...options,
      logger: { log: () => undefined, warn: (line: string) => warnings.push(line), error: () => undefined },
    });
  }

  it('calls resolve once for concurrent callers, and uses its answer until it expires', async () => {
    const found = await Promise.all(Array.from({ length: 5 }, () => services.of('merchant')));
    expect(found.every((service) => service instanceof LalamoveService && service === found[0])).toBe(true);
    await services.whenKnown('merchant');
    expect(asked).toEqual(['merchant']);
  });

  it('calls resolve again at once if the account was unknown', async () => {
    answer = () => null;
    expect(await services.of('merchant')).toBeUndefined();
    answer = () => KEYS;
    expect(await services.of('merchant')).toBeInstanceOf(LalamoveService);
  });

  it('does not make later callers wait while a slow answer is pending', async () => {
    let settle: (keys: typeof KEYS) => void = () => undefined;
    answer = () => new Promise((resolve) => (settle = resolve));
    const first = await failureOf(services.of('merchant'));
    expect(first).toBeInstanceOf(AccountPending);
    // Timers fire in the order of their times, also on a busy machine: a caller that waits comes after this one.
    const later = Array.from({ length: 100 }, () => failureOf(services.of('merchant')));
    const isLate = new Promise<string>((resolve) => setTimeout(resolve, 25, 'late'));
    expect(await Promise.race([Promise.all(later).then(() => 'at once'), isLate])).toBe('at once');
    settle(KEYS);
    if (first instanceof AccountPending) await first.settled;
    expect(await services.of('merchant')).toBeInstanceOf(LalamoveService);
    expect(asked).toEqual(['merchant']);
  });

  it.each<[string, ResolveDeliveryAccount, string]>([
    [
      'throws',
      () => {
        throw new Error('no vault');
      },
      'no vault',
    ],
    ['rejects', () => Promise.reject(new Error('no vault')), 'no vault'],
    ['never settles', () => new Promise(() => undefined), 'no answer within 100 ms'],
  ])('logs one warning and rejects all waiting callers if resolve %s', async (_, fails, words) => {
    answer = fails;
    services = await servicesWith({ timeoutMs: 100 });
    const waiting = Promise.all([1, 2, 3].map(() => failureOf(services.whenKnown('merchant'))));
    for (const failure of await waiting) {
      expect(failure).toBeInstanceOf(AccountUnavailable);
      expect(failure.message).toContain(words);
    }
    await failureOf(services.of('merchant'));
    expect(asked).toEqual(['merchant']);
    await until(() => warnings.length > 0);
    expect(warnings).toEqual([expect.stringContaining(`account=merchant error=`)]);
  });
});
