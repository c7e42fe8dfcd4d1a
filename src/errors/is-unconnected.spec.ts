import { describe, expect, it } from '@jest/globals';
import { isUnconnected } from './is-unconnected.js';

const failed = (syscall: string): Error => Object.assign(new Error(syscall), { syscall });

describe('isUnconnected', () => {
  it.each([
    ['a refused connection', failed('connect')],
    ['an unknown host name', failed('getaddrinfo')],
    ['the cause of another error', new Error('x', { cause: failed('connect') })],
    ['every one of several attempts', new AggregateError([failed('connect'), failed('connect')])],
  ])('is %s', (_, error) => {
    expect(isUnconnected(error)).toBe(true);
  });

  it.each([
    ['a reset', failed('read')],
    ['a broken pipe', failed('write')],
    ['one of several attempts', new AggregateError([failed('connect'), failed('read')])],
    ['an aggregate without errors', new AggregateError([])],
    ['an error without a syscall', new Error('x')],
    ['nothing', undefined],
    ['a string', 'connect'],
  ])('is not %s', (_, error) => {
    expect(isUnconnected(error)).toBe(false);
  });

  it('ends if the causes form a cycle', () => {
    const error = new Error('x');
    error.cause = error;
    expect(isUnconnected(error)).toBe(false);
  });
});
