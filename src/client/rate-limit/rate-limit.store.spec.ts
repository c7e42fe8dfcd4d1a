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

  it('takes slots until there are none, and then returns the wait', () => {
    expect([1, 2, 3, 4, 5].map(() => store.take([MINUTE], START, 0))).toEqual([0, 0, 0, 600, 600]);
    expect(store.take([MINUTE], START + 599, 0)).toBe(1);
    expect(store.take([MINUTE], START + 600, 0)).toBe(0);
    expect(store.take([MINUTE], START + 600, 0)).toBe(600);
  });

  it('takes a slot of each limit or of none, and returns the longest wait', () => {
    expect(store.take([MINUTE, SECOND], START, 0)).toBe(0);
    expect(store.take([MINUTE, SECOND], START, 0)).toBe(500);
    // A refusal by the limit per second has taken no slot of the limit per minute.
    expect([1, 2].map(() => store.take([MINUTE], START, 0))).toEqual([0, 0]);
    expect(store.take([MINUTE], START, 0)).toBe(600);
    // A refusal by the limit per minute has taken no slot of the limit per second.
    expect(store.take([MINUTE, SECOND], START + 500, 0)).toBe(100);
    expect(store.take([SECOND], START + 500, 0)).toBe(0);
  });

  it('returns the wait of a place in a queue without taking a slot', () => {
    const waits = [1, 2, 3, 4].map((ahead) => store.take([MINUTE], START, ahead));
    expect(waits).toEqual([0, 0, 600, 1200]);
    expect([1, 2, 3, 4].map(() => store.take([MINUTE], START, 0))).toEqual([0, 0, 0, 600]);
    expect(store.take([MINUTE, SECOND], START, 2)).toBe(1800);
    expect(store.take([{ ...MINUTE, burst: 30 }, SECOND], START, 2)).toBe(1000);
  });

  it('separates limits with different keys', () => {
    store.take([SECOND], START, 0);
    expect(store.take([{ ...SECOND, key: 'another' }], START, 0)).toBe(0);
    expect(store.take([SECOND], START, 0)).toBe(500);
  });

  it('applies a correction only if it is later than its own time', () => {
    store.raise(MINUTE, START + 1800);
    expect(store.take([MINUTE], START, 0)).toBe(600);
    store.raise(MINUTE, START + 1200);
    expect(store.take([MINUTE], START, 0)).toBe(600);
    store.raise(MINUTE, START + 60_000);
    expect(store.take([MINUTE], START, 0)).toBe(58_800);
    store.raise(MINUTE, 0);
    expect(store.take([MINUTE], START, 0)).toBe(58_800);
  });

  it('ignores a correction into the past', () => {
    store.raise(MINUTE, START - 1);
    expect([1, 2, 3, 4].map(() => store.take([MINUTE], START, 0))).toEqual([0, 0, 0, 600]);
  });

  it('counts the used slots of a limit after a change of its burst', () => {
    for (let count = 0; count < 2; count += 1) store.take([MINUTE], START, 0);
    expect(store.take([{ ...MINUTE, burst: 1 }], START, 0)).toBe(1200);
    expect(store.take([{ ...MINUTE, burst: 4 }], START, 0)).toBe(0);
  });

  it('drops the least recently changed limits above its capacity', () => {
    store = new InMemoryRateLimitStore(3);
    for (const key of ['a', 'b', 'c']) store.take([limitOf(key)], START, 0);
    // The correction makes this limit more recent than b.
    store.raise(limitOf('a'), START + 70_000);
    store.take([limitOf('d')], START, 0);
    expect(['a', 'b', 'c', 'd'].map((key) => isFull(key))).toEqual([true, false, true, true]);
  });

  it('holds at most 10 000 limits by default', () => {
    for (let index = 0; index < 10_001; index += 1) store.take([limitOf(String(index))], START, 0);
    expect(isFull('0')).toBe(false);
    expect(isFull('1')).toBe(true);
    expect(isFull('10000')).toBe(true);
  });

  it('applies its limits after the clock was set back', () => {
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

  it('drops everything after the clock was set back, because every time in it is in the future', () => {
    store.take([limitOf('a')], START, 0);
    expect(isFull('a', START - 60_000)).toBe(true);
    store.take([limitOf('b')], START, 0);
    expect(store.take([limitOf('b')], START - 60_001, 0)).toBe(0);
    expect(isFull('a', START - 60_001)).toBe(false);
  });
});
