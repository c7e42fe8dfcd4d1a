import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { AttemptSignal } from './attempt-signal.js';

describe('AttemptSignal', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('fires once at the time limit, with the kind timeout', () => {
    const attemptSignal = new AttemptSignal(100, undefined);
    const fired = jest.fn();
    attemptSignal.addEventListener('abort', fired);
    jest.advanceTimersByTime(99);
    expect([attemptSignal.aborted, fired.mock.calls]).toEqual([false, []]);
    jest.advanceTimersByTime(1);
    attemptSignal.stop();
    expect([attemptSignal.aborted, attemptSignal.kind, fired.mock.calls.length]).toEqual([true, 'timeout', 1]);
  });

  it('fires with the caller’s signal, with the kind aborted', () => {
    const controller = new AbortController();
    const attemptSignal = new AttemptSignal(100, controller.signal);
    controller.abort();
    expect([attemptSignal.aborted, attemptSignal.kind]).toEqual([true, 'aborted']);
  });

  it('calls its listeners in order, without removed ones, even if a listener is removed during the calls', () => {
    const attemptSignal = new AttemptSignal(100, undefined);
    const told: string[] = [];
    const gone = (): void => {
      told.push('gone');
    };
    const last = (): void => {
      told.push('last');
    };
    attemptSignal.addEventListener('abort', gone);
    attemptSignal.addEventListener('abort', () => {
      told.push('first');
      attemptSignal.removeEventListener('abort', last);
    });
    attemptSignal.addEventListener('abort', last);
    attemptSignal.removeEventListener('abort', gone);
    attemptSignal.stop();
    expect(told).toEqual(['first', 'last']);
  });

  it.each(['stop', 'dispose'] as const)('leaves no timer and no listener after %s', (how) => {
    const { signal } = new AbortController();
    const attemptSignal = new AttemptSignal(100, signal);
    expect([jest.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([1, 1]);
    attemptSignal[how]();
    expect([jest.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
  });

  it('does not fire after dispose', () => {
    const fired = jest.fn();
    const attemptSignal = new AttemptSignal(100, undefined);
    attemptSignal.addEventListener('abort', fired);
    attemptSignal.dispose();
    attemptSignal.stop();
    expect(fired).not.toHaveBeenCalled();
  });
});
