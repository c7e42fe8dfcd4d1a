import { describe, expect, it } from '@jest/globals';
import { Dispatch } from './request-tracker.js';

/** What axios makes of a refused connection. */
const refused = (dispatch: Dispatch): object => ({
  syscall: 'connect',
  config: { transformRequest: dispatch.onRequest },
});

describe('Dispatch', () => {
  it('knows a request that was sent once and found no connection', () => {
    const dispatch = new Dispatch();
    dispatch.onRequest('body');
    expect(dispatch.neverLeft(refused(dispatch))).toBe(true);
  });

  it('believes no error of another request', () => {
    const dispatch = new Dispatch();
    dispatch.onRequest('body');
    expect(dispatch.neverLeft({ syscall: 'connect' })).toBe(false);
    expect(dispatch.neverLeft(refused(new Dispatch()))).toBe(false);
  });

  it('believes no error after an answer', () => {
    const dispatch = new Dispatch();
    dispatch.onRequest('body');
    dispatch.onResponse('answer');
    expect(dispatch.neverLeft(refused(dispatch))).toBe(false);
  });

  it('believes nothing of a request that was sent twice, or not that we know', () => {
    const dispatch = new Dispatch();
    expect(dispatch.neverLeft(refused(dispatch))).toBe(false);
    dispatch.onRequest('body');
    dispatch.onRequest('body');
    expect(dispatch.neverLeft(refused(dispatch))).toBe(false);
  });

  it('believes no other error than that of a connection', () => {
    const dispatch = new Dispatch();
    dispatch.onRequest('body');
    expect(dispatch.neverLeft({ ...refused(dispatch), syscall: 'read' })).toBe(false);
  });

  it('leaves request and answer as they are', () => {
    const dispatch = new Dispatch();
    expect([dispatch.onRequest('body'), dispatch.onResponse('answer')]).toEqual(['body', 'answer']);
  });
});
