import { describe, expect, it } from '@jest/globals';
import { redisRateLimitStore } from './redis-rate-limit-store.js';

/** A client that answers each command in turn. */
function clientOf(...answers: (() => unknown)[]) {
  const sent: string[][] = [];
  const answer = (command: string, ...args: unknown[]): Promise<unknown> => {
    sent.push([command, ...args.map(String)]);
    return new Promise((resolve) => {
      resolve(answers.shift()?.());
    });
  };
  return {
    sent,
    evalsha: (...args: unknown[]) => answer('EVALSHA', ...args),
    eval: (...args: unknown[]) => answer('EVAL', ...args),
  };
}

const LIMIT = { key: 'a:getOrder', intervalMs: 200, burst: 3 };

function refuse(message: string): () => never {
  return () => {
    throw new Error(message);
  };
}

describe('redisRateLimitStore', () => {
  it.each<[string, object, RegExp]>([
    ['no client', { client: undefined }, /client is missing: it must be a client of ioredis/],
    ['a client of another kind', { client: { get: () => undefined } }, /client must be a client of ioredis/],
    ['a prefix that is no text', { prefix: 1 }, /prefix must be a string/],
    ['an unknown option', { ttl: 1 }, /ttl is not an option: the options are client, prefix/],
  ])('refuses %s', (_, options, message) => {
    const make = (): unknown => redisRateLimitStore(Object.assign({ client: clientOf() }, options));
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });

  it('sends the script itself only if Redis does not have it', async () => {
    const client = clientOf(
      refuse('NOSCRIPT No matching script. Please use EVAL.'),
      () => ['0', '5 1'],
      () => ['7.5', '6 1'],
    );
    const store = redisRateLimitStore({ client });
    expect([await store.take([LIMIT], 0, 0), await store.take([LIMIT], 0, 2)]).toEqual([0, 7.5]);
    expect(client.sent.map(([command]) => command)).toEqual(['EVALSHA', 'EVAL', 'EVALSHA']);
    expect(client.sent[2]?.slice(2)).toEqual(['1', 'lalamove:rate-limit:{a}:getOrder', '2', '200', '3', '5 1']);
  });

  it('runs no script again that may have run', async () => {
    const client = clientOf(refuse('Connection is closed.'), refuse('OOM command not allowed'));
    const store = redisRateLimitStore({ client });
    await expect(store.take([LIMIT], 0, 0)).rejects.toThrow('Connection is closed.');
    await expect(store.raise(LIMIT, 10, 0)).rejects.toThrow('OOM');
    expect(client.sent).toHaveLength(2);
  });

  it('sends no correction into the past', async () => {
    const client = clientOf();
    await redisRateLimitStore({ client }).raise(LIMIT, 1000, 1000);
    expect(client.sent).toEqual([]);
  });

  it('rejects an answer that is none of its scripts', async () => {
    const store = redisRateLimitStore({ client: clientOf(() => 'OK') });
    await expect(store.take([LIMIT], 0, 0)).rejects.toThrow('not answered with a list');
  });
});
