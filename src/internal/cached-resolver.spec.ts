import { AsyncLocalStorage } from 'node:async_hooks';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { CachedResolver } from './cached-resolver.js';

describe('CachedResolver', () => {
  let now: number;
  let asked: string[];

  beforeEach(() => {
    now = 0;
    asked = [];
  });

  const resolverOf = (resolve: (key: string) => Promise<string>, failureHoldMs = 0): CachedResolver<string> =>
    new CachedResolver({
      resolve: (key) => {
        asked.push(key);
        return resolve(key);
      },
      holdMs: (value) => (value === 'unknown' ? 0 : 100),
      failureHoldMs,
      capacity: 2,
      now: () => now,
    });

  it('looks up once for concurrent callers, and again after the value has expired', async () => {
    const resolver = resolverOf((key) => Promise.resolve(key));
    expect(await Promise.all([resolver.get('a'), resolver.get('a')])).toEqual(['a', 'a']);
    now = 99;
    expect(resolver.get('a')).toBe(resolver.get('a'));
    expect(asked).toEqual(['a']);
    now = 100;
    await resolver.get('a');
    expect(asked).toEqual(['a', 'a']);
  });

  it('counts the age of a value from the end of the lookup', async () => {
    let give: (value: string) => void = () => undefined;
    const resolver = resolverOf(() => new Promise((resolve) => (give = resolve)));
    const first = resolver.get('a');
    now = 1000;
    expect(resolver.get('a')).toBe(first);
    give('value');
    await first;
    now = 1099;
    expect(resolver.get('a')).toBe(first);
  });

  it('looks up again at once if a value must not be cached, and if it is too old for the caller', async () => {
    const resolver = resolverOf((key) => Promise.resolve(key));
    await resolver.get('unknown');
    await resolver.get('unknown');
    await resolver.get('a');
    now = 49;
    await resolver.get('a', 50);
    expect(asked).toEqual(['unknown', 'unknown', 'a']);
    now = 50;
    await resolver.get('a', 50);
    expect(asked).toEqual(['unknown', 'unknown', 'a', 'a']);
  });

  it('shares a failure until the failure expires', async () => {
    const resolver = resolverOf(() => Promise.reject(new Error('no vault')), 10);
    await expect(resolver.get('a')).rejects.toThrow('no vault');
    now = 9;
    await expect(resolver.getWithin('a', 1)).rejects.toThrow('no vault');
    expect(asked).toEqual(['a']);
    now = 10;
    await expect(resolver.getWithin('a', 1)).rejects.toThrow('no vault');
    expect(asked).toEqual(['a', 'a']);
  });

  it('reports the end of the lookup to a caller that cannot wait, also if it fails', async () => {
    let fail: (error: Error) => void = () => undefined;
    const resolver = resolverOf(() => new Promise((_, reject) => (fail = reject)));
    const result = await resolver.getWithin('a', 1);
    if (!('settled' in result)) throw new Error('The lookup should be under way.');
    fail(new Error('no vault'));
    await expect(result.settled).resolves.toBeUndefined();
  });

  it('returns the value if it arrives in time', async () => {
    const resolver = resolverOf((key) => Promise.resolve(key));
    expect(await resolver.getWithin('a', 1000)).toEqual({ value: 'a' });
    expect(await resolver.getWithin('a', 1000)).toEqual({ value: 'a' });
  });

  it('caches the most recently used keys', async () => {
    const resolver = resolverOf((key) => Promise.resolve(key));
    for (const key of ['a', 'b', 'c', 'b', 'a']) await resolver.get(key);
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
  });

  it('looks up outside the async context of the caller', async () => {
    const context = new AsyncLocalStorage<string>();
    const resolver = resolverOf(() => Promise.resolve(context.getStore() ?? 'none'));
    expect(await context.run('request', () => resolver.get('a'))).toBe('none');
  });
});
