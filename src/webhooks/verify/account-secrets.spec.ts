import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AccountSecrets } from './account-secrets.js';
import type { LalamoveWebhookOptions } from '../webhook.options.js';

type Resolve = NonNullable<LalamoveWebhookOptions['resolveAccount']>;

const TIMEOUT_MS = 5000;

/** What a host writes in JavaScript may give anything. */
function assertResolve(given: unknown): asserts given is Resolve {
  if (typeof given !== 'function') throw new TypeError('This is no function.');
}

describe('AccountSecrets', () => {
  let now = 0;
  const clock = { now: () => now, setTimeout: () => () => undefined };
  const asked: string[] = [];
  const knowing = (resolve: (apiKey: string) => unknown): AccountSecrets => {
    const noted: unknown = (apiKey: string): unknown => {
      asked.push(apiKey);
      return resolve(apiKey);
    };
    assertResolve(noted);
    return new AccountSecrets(noted, clock);
  };

  beforeEach(() => {
    now = 1_000_000;
    asked.length = 0;
    jest.useFakeTimers();
  });
  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('asks again in time if the clock is set back', async () => {
    let passed = 0;
    const skewed = { ...clock, monotonic: () => passed };
    const secrets = new AccountSecrets((apiKey) => ({ secrets: `${asked.push(apiKey)}` }), skewed);
    await secrets.find('k');
    now -= 86_400_000;
    passed += 61_000;
    expect(await secrets.find('k')).toEqual({ account: { secrets: ['2'], account: undefined } });
  });

  it.each<[string, unknown, object | undefined]>([
    ['one secret', { secrets: 's' }, { secrets: ['s'] }],
    ['several', { secrets: ['s', 't'], account: 'm' }, { secrets: ['s', 't'], account: 'm' }],
    ['nothing', undefined, undefined],
    ['null', null, undefined],
    ['an account that is no name', { secrets: 's', account: 7 }, { secrets: ['s'], account: undefined }],
  ])('takes %s, now or later', async (_, answer, account) => {
    for (const given of [answer, Promise.resolve(answer)]) {
      expect(await knowing(() => given).find('k')).toEqual({ account });
    }
  });

  it.each<[string, unknown]>([
    ['no secret', {}],
    ['an empty one', { secrets: '' }],
    ['an empty list', { secrets: [] }],
    ['one that is no text among others', { secrets: ['s', 7] }],
    ['a text', 'sk_test_s'],
  ])('refuses %s, without saying it', async (_, answer) => {
    await expect(knowing(() => answer).find('k')).rejects.toThrow(
      'resolveAccount must give { secrets } of at least one secret key, or nothing',
    );
  });

  it('asks once a minute for each key, however many ask at once', async () => {
    const secrets = knowing((apiKey) => (apiKey === 'known' ? { secrets: 's' } : undefined));
    for (const key of ['known', 'unknown']) {
      const both = await Promise.all([secrets.find(key), secrets.find(key)]);
      expect(both[0]).toBe(both[1]);
    }
    now += 59_999;
    await Promise.all([secrets.find('known'), secrets.find('unknown')]);
    expect(asked).toEqual(['known', 'unknown']);
    now += 1;
    await secrets.find('known');
    expect(asked).toEqual(['known', 'unknown', 'known']);
  });

  it('asks again where a signature does not fit, but no more than every 5 seconds', async () => {
    const secrets = knowing(() => ({ secrets: 's' }));
    const first = await secrets.find('k');
    for (let flood = 0; flood < 100; flood += 1) expect(await secrets.find('k', true)).toBe(first);
    now += 4999;
    expect(await secrets.find('k', true)).toBe(first);
    now += 1;
    const second = await secrets.find('k', true);
    expect(second).not.toBe(first);
    expect(await secrets.find('k')).toBe(second);
    expect(asked).toEqual(['k', 'k']);
  });

  it('knows the last 1000 keys, and never asks for one that is longer than any', async () => {
    const secrets = knowing(() => undefined);
    for (let key = 0; key <= 1000; key += 1) await secrets.find(String(key));
    asked.length = 0;
    await secrets.find('1');
    await secrets.find('1000');
    expect(asked).toEqual([]);
    await secrets.find('0');
    expect(asked).toEqual(['0']);
    expect(await secrets.find('k'.repeat(257))).toEqual({ account: undefined });
    expect(asked).toEqual(['0']);
  });

  it('hands on what the host threw, and asks again the next time', async () => {
    let fails = true;
    const secrets = knowing(() => {
      if (fails) throw new Error('no database');
      return { secrets: 's' };
    });
    await expect(secrets.find('k')).rejects.toThrow('no database');
    fails = false;
    expect(await secrets.find('k')).toEqual({ account: { secrets: ['s'], account: undefined } });
  });

  it('waits 5 seconds for an answer, once for all that ask', async () => {
    const secrets = knowing(() => new Promise(() => undefined));
    const both = Promise.allSettled([secrets.find('k'), secrets.find('k')]);
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS);
    for (const { status } of await both) expect(status).toBe('rejected');
    expect(asked).toEqual(['k']);
    const anew = expect(secrets.find('k')).rejects.toThrow('resolveAccount gave no answer within 5000 ms');
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS);
    await anew;
    expect(asked).toEqual(['k', 'k']);
  });
});
