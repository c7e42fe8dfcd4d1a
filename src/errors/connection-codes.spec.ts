import { describe, expect, it } from '@jest/globals';
import { isUnconnected } from './connection-codes.js';

const failed = (syscall: string): Error => Object.assign(new Error(syscall), { syscall });

describe('isUnconnected', () => {
  it.each([
    ['a refused connection', failed('connect')],
    ['a name that is not known', failed('getaddrinfo')],
    ['the cause of another error', new Error('x', { cause: failed('connect') })],
    ['every one of several attempts', new AggregateError([failed('connect'), failed('connect')])],
  ])('is %s', (_, error) => {
    expect(isUnconnected(error)).toBe(true);
  });

  it.each([
    ['a reset', failed('read')],
    ['a broken pipe', failed('write')],
    ['one of several attempts', new AggregateError([failed('connect'), failed('read')])],
    ['no attempt at all', new AggregateError([])],
    ['an error that says nothing', new Error('x')],
    ['nothing', undefined],
    ['a text', 'connect'],
  ])('is not %s', (_, error) => {
    expect(isUnconnected(error)).toBe(false);
  });

  it('comes to an end where causes go in a circle', () => {
    const error = new Error('x');
    error.cause = error;
    expect(isUnconnected(error)).toBe(false);
  });
});
