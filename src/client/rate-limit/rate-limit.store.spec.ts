import { beforeEach, describe, expect, it } from '@jest/globals';
import { InMemoryRateLimitStore } from './rate-limit.store.js';

const START = Date.parse('2026-11-22T08:00:00Z');
const MINUTE = { key: 'orders', intervalMs: 600, burst: 3 };
const SECOND = { key: 'orders:second', intervalMs: 500, burst: 1 };

describe('InMemoryRateLimitStore', () => {
  let store: InMemoryRateLimitStore;

  beforeEach(() => {
    store = new InMemoryRateLimitStore();
  });

  const limitOf = (key: string): typeof MINUTE => ({ key, intervalMs: 60_000, burst: 1 });
  const isFull = (key: string, now = START): boolean => store.take([limitOf(key)], now, 1) > 60_000;

  it('takes slots until there are none, and then tells how long to wait', () => {
    expect([1, 2, 3, 4, 5].map(() => store.take([MINUTE], START, 0))).toEqual([0, 0, 0, 600, 600]);
    expect(store.take([MINUTE], START + 599, 0)).toBe(1);
    expect(store.take([MINUTE], START + 600, 0)).toBe(0);
    expect(store.take([MINUTE], START + 600, 0)).toBe(600);
  });

  it('takes a slot of each limit or of none, and tells the longer of the waits', () => {
    expect(store.take([MINUTE, SECOND], START, 0)).toBe(0);
    expect(store.take([MINUTE, SECOND], START, 0)).toBe(500);
    // Refused for the sake of the second, they have taken nothing of the minute.
    expect([1, 2].map(() => store.take([MINUTE], START, 0))).toEqual([0, 0]);
    expect(store.take([MINUTE], START, 0)).toBe(600);
    // Nor, the other way round, of the second.
    expect(store.take([MINUTE, SECOND], START + 500, 0)).toBe(100);
    expect(store.take([SECOND], START + 500, 0)).toBe(0);
  });

  it('knows what whoever is in a queue has to wait, and takes nothing for it', () => {
    const waits = [1, 2, 3, 4].map((ahead) => store.take([MINUTE], START, ahead));
    expect(waits).toEqual([0, 0, 600, 1200]);
    expect([1, 2, 3, 4].map(() => store.take([MINUTE], START, 0))).toEqual([0, 0, 0, 600]);
    expect(store.take([MINUTE, SECOND], START, 2)).toBe(1800);
    expect(store.take([{ ...MINUTE, burst: 30 }, SECOND], START, 2)).toBe(1000);
  });

  it('keeps limits of different keys apart', () => {
    store.take([SECOND], START, 0);
    expect(store.take([{ ...SECOND, key: 'another' }], START, 0)).toBe(0);
    expect(store.take([SECOND], START, 0)).toBe(500);
  });

  it('is corrected upwards only', () => {
    store.raise(MINUTE, START + 1800);
    expect(store.take([MINUTE], START, 0)).toBe(600);
    store.raise(MINUTE, START + 1200);
    expect(store.take([MINUTE], START, 0)).toBe(600);
    store.raise(MINUTE, START + 60_000);
    expect(store.take([MINUTE], START, 0)).toBe(58_800);
    store.raise(MINUTE, 0);
    expect(store.take([MINUTE], START, 0)).toBe(58_800);
  });

  it('takes a correction into the past for nothing', () => {
    store.raise(MINUTE, START - 1);
    expect([1, 2, 3, 4].map(() => store.take([MINUTE], START, 0))).toEqual([0, 0, 0, 600]);
  });

  it('holds a limit that has been changed meanwhile to as much of its time as was used', () => {
    for (let count = 0; count < 2; count += 1) store.take([MINUTE], START, 0);
    expect(store.take([{ ...MINUTE, burst: 1 }], START, 0)).toBe(1200);
    expect(store.take([{ ...MINUTE, burst: 4 }], START, 0)).toBe(0);
  });

  it('forgets those that were changed longest ago, where there are more than it keeps', () => {
    store = new InMemoryRateLimitStore(3);
    for (const key of ['a', 'b', 'c']) store.take([limitOf(key)], START, 0);
    // Corrected, and so more recent than b.
    store.raise(limitOf('a'), START + 70_000);
    store.take([limitOf('d')], START, 0);
    expect(['a', 'b', 'c', 'd'].map((key) => isFull(key))).toEqual([true, false, true, true]);
  });

  it('keeps 10 000 by default, and no more', () => {
    for (let index = 0; index < 10_001; index += 1) store.take([limitOf(String(index))], START, 0);
    expect(isFull('0')).toBe(false);
    expect(isFull('1')).toBe(true);
    expect(isFull('10000')).toBe(true);
  });

  it('keeps to its limits again once the clock was set back', () => {
    store.take([MINUTE], START, 0);
    const earlier = START - 3_600_000;
    expect([1, 2, 3, 4, 5].map((ms) => store.take([MINUTE], earlier + ms, 0) > 0)).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  it('forgets everything once the clock was set back, for all that it knew lies ahead', () => {
    store.take([limitOf('a')], START, 0);
    expect(isFull('a', START - 60_000)).toBe(true);
    store.take([limitOf('b')], START, 0);
    expect(store.take([limitOf('b')], START - 60_001, 0)).toBe(0);
    expect(isFull('a', START - 60_001)).toBe(false);
  });
});
