import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { GuardedStore } from './guarded-store.js';
import type { RateLimit } from './leaky-bucket.js';
import { InMemoryRateLimitStore, type LalamoveRateLimitStore } from './rate-limit.store.js';

/** Twelve at once, then one every 100 ms; a quarter of that is three, and one every 400 ms. */
const LIMIT: RateLimit = { key: 'a:getOrder', intervalMs: 100, burst: 12 };
const OTHER: RateLimit = { ...LIMIT, key: 'a:getDriver' };
const PHASE_MS = 200;
const PAUSE_MS = 5000;

describe('GuardedStore', () => {
  let clock: ManualClock;
  let guarded: GuardedStore;
  /** The store that the processes share, and whether it works. */
  let shared: InMemoryRateLimitStore;
  let isDown: boolean;
  let asked: number;
  let events: string[];

  beforeEach(() => {
    clock = new ManualClock();
    shared = new InMemoryRateLimitStore();
    isDown = false;
    asked = 0;
    events = [];
    const store: LalamoveRateLimitStore = {
      take: (limits, now, ahead) => {
        asked += 1;
        return isDown ? Promise.reject(new Error('down')) : Promise.resolve(shared.take(limits, now, ahead));
      },
      raise: (limit, emptyAt) => {
        if (isDown) return Promise.reject(new Error('down'));
        shared.raise(limit, emptyAt);
        return Promise.resolve();
      },
    };
    guarded = guard(store);
  });

  const guard = (store: LalamoveRateLimitStore): GuardedStore =>
    new GuardedStore({
      store,
      clock,
      processes: 4,
      failed: (error) => events.push(error instanceof Error ? error.message : String(error)),
      recovered: () => events.push('recovered'),
      random: () => 0.5,
    });

  /** Takes slots until there is none. */
  async function fill(limit = LIMIT): Promise<number> {
    for (let count = 0; ; count += 1) if ((await guarded.take([limit], 0)) > 0) return count;
  }

  it('takes the slots of the store while it works', async () => {
    expect(await fill()).toBe(12);
    expect(events).toEqual([]);
  });

  it('has no burst when the store begins to fail, whoever has used the store before', async () => {
    isDown = true;
    expect(await guarded.take([LIMIT], 0)).toBe(PHASE_MS);
    clock.advance(PHASE_MS);
    expect(await fill()).toBe(1);
    clock.advance(400);
    expect(await fill()).toBe(1);
  });

  it('leaves a store alone that failed, and asks it again after five seconds', async () => {
    isDown = true;
    await guarded.take([LIMIT], 0);
    for (let count = 0; count < 9; count += 1) await guarded.take([OTHER], 0);
    expect([asked, events]).toEqual([1, ['down']]);
    clock.advance(PAUSE_MS);
    // One asks, and no other call waits for that.
    const [first, second] = [guarded.take([OTHER], 0), guarded.take([OTHER], 0)];
    expect([typeof first, typeof second]).toEqual(['object', 'number']);
    await first;
    expect([asked, events]).toEqual([2, ['down', 'down']]);
  });

  it('collects unused slots of its share during a long outage, up to its share of the burst', async () => {
    isDown = true;
    await guarded.take([LIMIT], 0);
    clock.advance(3_600_000);
    expect(await fill()).toBe(3);
  });

  it('tells the store what it has used meanwhile, so that there is no burst after the outage either', async () => {
    expect(await fill()).toBe(12);
    isDown = true;
    let used = await fill();
    for (let ms = 0; ms < 2 * PAUSE_MS - 100; ms += 100) {
      clock.advance(100);
      used += await fill();
    }
    // At the rate of its share, in ten seconds.
    expect(used).toBe(25);
    isDown = false;
    clock.advance(100);
    // What has leaked since its last call, and not twelve.
    expect(await fill()).toBe(2);
    expect(events.at(-1)).toBe('recovered');
    // Nothing was used of the other limit.
    expect(await fill(OTHER)).toBe(12);
  });

  it('keeps a correction through an outage', async () => {
    guarded.raise(LIMIT, clock.now() + 10_000 + 11 * 100);
    isDown = true;
    expect(await guarded.take([LIMIT], 0)).toBeCloseTo(10_000 + 11 * 100 - 2 * 400);
  });

  it('takes a correction during an outage, and does not ask the store', async () => {
    isDown = true;
    await guarded.take([LIMIT], 0);
    guarded.raise(LIMIT, clock.now() + 10_000);
    expect(await guarded.take([LIMIT], 0)).toBe(10_000 - 2 * 400);
    expect(events).toEqual(['down']);
  });

  it('reports a correction that the store did not take', async () => {
    isDown = true;
    guarded.raise(LIMIT, clock.now() + 10_000);
    await Promise.resolve();
    await new Promise(setImmediate);
    expect(events).toEqual(['down']);
  });

  it('goes on if the clock is set back during an outage', async () => {
    isDown = true;
    await guarded.take([LIMIT], 0);
    clock.advance(-3_600_000);
    expect(await guarded.take([LIMIT], 0)).toBe(PHASE_MS);
    clock.advance(PHASE_MS);
    expect(await guarded.take([LIMIT], 0)).toBe(0);
  });

  it('ignores an answer that comes after the timeout', async () => {
    const answers: ((wait: number) => void)[] = [];
    guarded = guard({ take: () => new Promise((resolve) => answers.push(resolve)), raise: () => undefined });
    const wait = guarded.take([LIMIT], 0);
    clock.advance(2000);
    expect(await wait).toBe(PHASE_MS);
    for (const answer of answers) answer(0);
    await new Promise(setImmediate);
    expect(events).toEqual(['no answer within 2000 ms']);
  });

  it('divides two limits, and takes of both or of none', async () => {
    isDown = true;
    const second: RateLimit = { key: 'a:getOrder:second', intervalMs: 1000, burst: 1 };
    expect(await guarded.take([LIMIT, second], 0)).toBe(2000);
    clock.advance(2000);
    expect(await guarded.take([LIMIT, second], 0)).toBe(0);
    expect(await guarded.take([LIMIT, second], 0)).toBe(4000);
    expect(await guarded.take([LIMIT], 2)).toBe(400);
  });
});
