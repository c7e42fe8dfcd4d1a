import { describe, expect, it } from '@jest/globals';
import { retryDelay } from './backoff.js';

const OPTIONS = { maxAttempts: 5, baseDelayMs: 250, maxDelayMs: 8000 };
const SILENT = { retryAfterSeconds: undefined };

describe('retryDelay', () => {
  it('doubles its upper limit with each attempt, up to maxDelayMs', () => {
    expect([1, 2, 3, 4, 5, 6, 7].map((attempt) => retryDelay(attempt, SILENT, OPTIONS, 1))).toEqual([
      250, 500, 1000, 2000, 4000, 8000, 8000,
    ]);
  });

  it('draws from the whole range below its upper limit', () => {
    expect(retryDelay(3, SILENT, OPTIONS, 0)).toBe(0);
    expect(retryDelay(3, SILENT, OPTIONS, 0.5)).toBe(500);
  });

  it('backs off if Lalamove asks for a delay of 0', () => {
    expect(retryDelay(2, { retryAfterSeconds: 0 }, OPTIONS, 1)).toBe(500);
  });

  it('waits as long as Lalamove asks, even beyond maxDelayMs', () => {
    expect(retryDelay(1, { retryAfterSeconds: 30 }, OPTIONS, 0)).toBe(30_000);
  });
});
