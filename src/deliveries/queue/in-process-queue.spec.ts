import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { turn } from '../../../test/support/until.js';
import { HORIZON_MS, InProcessQueue } from './in-process-queue.js';

describe('InProcessQueue', () => {
  let clock: ManualClock;
  let begun: string[];
  let ends: ((dueAt?: number) => void)[];

  beforeEach(() => {
    clock = new ManualClock();
    begun = [];
    ends = [];
  });

  function started(concurrency = 2): InProcessQueue {
    const queue = new InProcessQueue(clock, concurrency);
    queue.start((id) => {
      begun.push(id);
      return new Promise((resolve) => ends.push(resolve));
    });
    return queue;
  }

  it('works on so many at a time, in the order in which they were woken', async () => {
    const queue = started();
    for (const id of ['a', 'b', 'c', 'd']) queue.wake(id, clock.now());
    expect(begun).toEqual(['a', 'b']);
    ends[1]?.();
    await turn();
    expect(begun).toEqual(['a', 'b', 'c']);
  });

  it('works on a delivery once at a time, and once more where it was woken meanwhile', async () => {
    const queue = started();
    queue.wake('a', clock.now());
    queue.wake('a', clock.now());
    queue.wake('a', clock.now() - 5);
    expect(begun).toEqual(['a']);
    queue.wake('b', clock.now());
    ends[0]?.();
    await turn();
    expect(begun).toEqual(['a', 'b', 'a']);
    ends[2]?.();
    await turn();
    expect(begun).toHaveLength(3);
  });

  it('works when it is due, the earliest wake first, and not ahead of the horizon', async () => {
    const queue = started();
    queue.wake('a', clock.now() + 5000);
    queue.wake('a', clock.now() + 1000);
    queue.wake('a', clock.now() + 9000);
    queue.wake('far', clock.now() + HORIZON_MS + 1);
    expect(clock.waiting).toBe(1);
    clock.advance(999);
    expect(begun).toEqual([]);
    clock.advance(1);
    expect(begun).toEqual(['a']);
    // What the work has found out is a wake as well.
    ends[0]?.(clock.now() + 500);
    await turn();
    clock.advance(500);
    expect(begun).toEqual(['a', 'a']);
    expect(clock.waiting).toBe(0);
  });

  it('keeps nothing of deliveries that have nothing to do any more', async () => {
    const queue = new InProcessQueue(clock, 16);
    const left = new Map(Array.from({ length: 2000 }, (_, index) => [`${index}`, 3]));
    queue.start((id) => {
      const rounds = left.get(id) ?? 0;
      left.set(id, rounds - 1);
      return Promise.resolve(rounds > 1 ? clock.now() + 1000 : undefined);
    });
    for (const id of left.keys()) queue.wake(id, clock.now() + 10);
    for (let round = 0; round < 4; round += 1) {
      clock.advance(1000);
      await queue.idle();
    }
    expect(new Set(left.values())).toEqual(new Set([0]));
    expect(clock.waiting).toBe(0);
  });

  it('keeps wakes until it is started', () => {
    const queue = new InProcessQueue(clock, 2);
    queue.wake('a', clock.now());
    queue.start((id) => {
      begun.push(id);
      return Promise.resolve(undefined);
    });
    expect(begun).toEqual(['a']);
  });

  it('stops with what is under way, and begins nothing', async () => {
    const queue = started(1);
    queue.wake('a', clock.now());
    queue.wake('b', clock.now());
    queue.wake('c', clock.now() + 10);
    let isStopped = false;
    const stopping = queue.stop(5000).then(() => (isStopped = true));
    await turn();
    expect(isStopped).toBe(false);
    ends[0]?.(clock.now());
    await stopping;
    queue.wake('d', clock.now());
    clock.advance(10);
    expect(begun).toEqual(['a']);
    expect(clock.waiting).toBe(0);
  });

  it('waits no longer than it may', async () => {
    const queue = started();
    queue.wake('a', clock.now());
    await queue.stop(20);
    expect(begun).toEqual(['a']);
  });
});
