import { describe, expect, it } from '@jest/globals';
import { RequestTracker } from './request-tracker.js';

/** The error of axios for a refused connection. */
const refused = (tracker: RequestTracker): object => ({
  syscall: 'connect',
  config: { transformRequest: tracker.onRequest },
});

describe('RequestTracker', () => {
  it('knows that a request was not sent if its only connection was refused', () => {
    const tracker = new RequestTracker();
    tracker.onRequest('body');
    expect(tracker.isUnsent(refused(tracker))).toBe(true);
  });

  it('ignores the error of another request', () => {
    const tracker = new RequestTracker();
    tracker.onRequest('body');
    expect(tracker.isUnsent({ syscall: 'connect' })).toBe(false);
    expect(tracker.isUnsent(refused(new RequestTracker()))).toBe(false);
  });

  it('ignores an error after an answer', () => {
    const tracker = new RequestTracker();
    tracker.onRequest('body');
    tracker.onResponse('answer');
    expect(tracker.isUnsent(refused(tracker))).toBe(false);
  });

  it('proves nothing for a request that was sent twice or that it did not see', () => {
    const tracker = new RequestTracker();
    expect(tracker.isUnsent(refused(tracker))).toBe(false);
    tracker.onRequest('body');
    tracker.onRequest('body');
    expect(tracker.isUnsent(refused(tracker))).toBe(false);
  });

  it('ignores every error that is not a connection error', () => {
    const tracker = new RequestTracker();
    tracker.onRequest('body');
    expect(tracker.isUnsent({ ...refused(tracker), syscall: 'read' })).toBe(false);
  });

  it('does not change the request or the answer', () => {
    const tracker = new RequestTracker();
    expect([tracker.onRequest('body'), tracker.onResponse('answer')]).toEqual(['body', 'answer']);
  });
});
