import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { firstValueFrom } from 'rxjs';
import { stopwatch } from './stopwatch.js';

describe('stopwatch', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('fires at the time limit, and says so', async () => {
    const stop = stopwatch(100, undefined);
    const stopped = firstValueFrom(stop.stopped).catch(() => 'stopped');
    jest.advanceTimersByTime(99);
    expect(stop.signal.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect(await stopped).toBe('stopped');
    expect(stop.kind()).toBe('timeout');
  });

  it('fires with the caller’s signal, and says so', () => {
    const controller = new AbortController();
    const stop = stopwatch(100, controller.signal);
    controller.abort();
    expect(stop.signal.aborted).toBe(true);
    expect(stop.kind()).toBe('aborted');
  });

  it('leaves no timer and no listener behind', () => {
    const listeners = new Set<unknown>();
    const signal = {
      aborted: false,
      addEventListener: (_: string, listener: unknown) => listeners.add(listener),
      removeEventListener: (_: string, listener: unknown) => listeners.delete(listener),
    };
    const stop = stopwatch(100, signal as unknown as AbortSignal);
    expect([jest.getTimerCount(), listeners.size]).toEqual([1, 1]);
    stop.dispose();
    expect([jest.getTimerCount(), listeners.size]).toEqual([0, 0]);
  });

  it('ends what nobody waits for any more, but not what is complete', () => {
    const given = stopwatch(100, undefined);
    given.dispose();
    expect(given.signal.aborted).toBe(true);
    const complete = stopwatch(100, undefined);
    complete.complete();
    complete.dispose();
    expect(complete.signal.aborted).toBe(false);
  });
});
