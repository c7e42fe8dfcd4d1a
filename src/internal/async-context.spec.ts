import { describe, expect, it } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate } from 'node:timers/promises';
import { captureContext, detached } from './async-context.js';

describe('the async context', () => {
  const user = new AsyncLocalStorage<string>();

  it('that was captured applies to every later callback', () => {
    const run = user.run('u1', () => captureContext());
    expect(user.run('u2', () => run(() => user.getStore()))).toBe('u1');
  });

  it('of detached work is empty, also after timers and promises', async () => {
    const seen = await user.run('u1', () =>
      detached(async () => {
        const first = user.getStore();
        await setImmediate();
        return [first, user.getStore()];
      }),
    );
    expect(seen).toEqual([undefined, undefined]);
    expect(user.run('u1', () => [detached(() => 'done'), user.getStore()])).toEqual(['done', 'u1']);
  });

  it('that detached work enters does not leak into other detached work', () => {
    detached(() => {
      user.enterWith('entered');
    });
    expect(detached(() => user.getStore())).toBeUndefined();
  });

  it('is restored after an exception', () => {
    const run = user.run('u1', () => captureContext());
    const fail = (): never => {
      throw new Error('no');
    };
    expect(() => run(fail)).toThrow('no');
    expect(() => detached(fail)).toThrow('no');
    expect(user.getStore()).toBeUndefined();
  });
});
