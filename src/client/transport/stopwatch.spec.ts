import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { Stopwatch } from './stopwatch.js';

describe('Stopwatch', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('fires at the time limit, once, and says so', () => {
    const stopwatch = new Stopwatch(100, undefined);
    const fired = jest.fn();
    stopwatch.addEventListener('abort', fired);
    jest.advanceTimersByTime(99);
    expect([stopwatch.aborted, fired.mock.calls]).toEqual([false, []]);
    jest.advanceTimersByTime(1);
    stopwatch.stop();
    expect([stopwatch.aborted, stopwatch.kind, fired.mock.calls.length]).toEqual([true, 'timeout', 1]);
  });

  it('fires with the caller’s signal, and says so', () => {
    const controller = new AbortController();
    const stopwatch = new Stopwatch(100, controller.signal);
    controller.abort();
    expect([stopwatch.aborted, stopwatch.kind]).toEqual([true, 'aborted']);
  });

  it('tells nobody who has gone, and all others in their order, even if one goes meanwhile', () => {
    const stopwatch = new Stopwatch(100, undefined);
    const told: string[] = [];
    const gone = (): void => {
      told.push('gone');
    };
    const last = (): void => {
      told.push('last');
    };
    stopwatch.addEventListener('abort', gone);
    stopwatch.addEventListener('abort', () => {
      told.push('first');
      stopwatch.removeEventListener('abort', last);
    });
    stopwatch.addEventListener('abort', last);
    stopwatch.removeEventListener('abort', gone);
    stopwatch.stop();
    expect(told).toEqual(['first', 'last']);
  });

  it.each(['stop', 'dispose'] as const)('leaves no timer and no listener behind after %s', (how) => {
    const { signal } = new AbortController();
    const stopwatch = new Stopwatch(100, signal);
    expect([jest.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([1, 1]);
    stopwatch[how]();
    expect([jest.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
  });

  it('ends what is under way when stopped, but nothing once it was disposed of', () => {
    const fired = jest.fn();
    const stopwatch = new Stopwatch(100, undefined);
    stopwatch.addEventListener('abort', fired);
    stopwatch.dispose();
    stopwatch.stop();
    expect(fired).not.toHaveBeenCalled();
  });
});
