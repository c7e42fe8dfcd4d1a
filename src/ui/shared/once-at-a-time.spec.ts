import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { onceAtATime } from './once-at-a-time.js';

describe('onceAtATime', () => {
  let runs = 0;

  beforeEach(() => {
    jest.useFakeTimers();
    runs = 0;
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const work = (): Promise<void> =>
    new Promise((resolve) => {
      runs += 1;
      setTimeout(resolve, 100);
    });

  it('begins at once, and once more for all that is asked meanwhile and in the pause', async () => {
    const { ask } = onceAtATime(work, 50);
    ask();
    expect(runs).toBe(1);
    ask();
    ask();
    await jest.advanceTimersByTimeAsync(120);
    ask();
    expect(runs).toBe(1);
    await jest.advanceTimersByTimeAsync(30);
    expect(runs).toBe(2);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(runs).toBe(2);
    ask();
    expect(runs).toBe(3);
  });

  it('does nothing after it was stopped', async () => {
    const { ask, stop } = onceAtATime(work, 50);
    ask();
    ask();
    stop();
    ask();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(runs).toBe(1);
  });
});
