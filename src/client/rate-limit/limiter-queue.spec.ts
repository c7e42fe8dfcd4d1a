import { beforeEach, describe, expect, it } from '@jest/globals';
import { LATE, LIMIT, LimiterQueueScene, START } from '../../../test/client/rate-limit/limiter-queue-scene.js';
import { emptyAtFor, type RateLimit } from './leaky-bucket.js';

/** Lalamove's limits for orders in production, less our margin. */
const ORDERS: readonly RateLimit[] = [
  { key: 'orders', intervalMs: 600, burst: 95 },
  { key: 'orders:second', intervalMs: 550, burst: 1 },
];

describe('LimiterQueue', () => {
  let scene: LimiterQueueScene;

  beforeEach(() => {
    scene = new LimiterQueueScene();
  });

  describe('admits', () => {
    it('at once if there are slots, without a timer', () => {
      scene.joinAll(3);
      expect(scene.ends).toEqual(['0 at 0', '1 at 0', '2 at 0']);
      expect(scene.clock.waiting).toBe(0);
      expect(scene.queue.isIdle).toBe(true);
    });

    it('the others in order, each at the exact ms of its slot, with one timer for all', () => {
      scene.joinAll(6);
      expect(scene.clock.waiting).toBe(1);
      expect(scene.queue.isIdle).toBe(false);
      scene.clock.advance(99);
      expect(scene.ends).toHaveLength(3);
      scene.clock.advance(1);
      expect(scene.ends.slice(3)).toEqual(['3 at 100']);
      scene.clock.advance(LATE);
      expect(scene.ends.slice(4)).toEqual(['4 at 200', '5 at 300']);
      expect(scene.clock.waiting).toBe(0);
      expect(scene.queue.isIdle).toBe(true);
    });

    it('no new waiter before the earlier ones, even if there is a slot by then', () => {
      scene.joinAll(4);
      scene.clock.wakeLate(0);
      scene.clock.advance(50);
      scene.join('late');
      scene.clock.advance(LATE);
      expect(scene.ends.slice(3)).toEqual(['3 at 100', 'late at 200']);
    });

    it('all waiters that have a slot by then, if a busy process wakes late', () => {
      scene.joinAll(7);
      scene.clock.wakeLate(250);
      expect(scene.ends.slice(3)).toEqual(['3 at 250', '4 at 250']);
      scene.clock.advance(LATE);
      expect(scene.ends.slice(5)).toEqual(['5 at 300', '6 at 400']);
    });

    it('a waiter that joins while another is admitted', () => {
      scene.queue.join({
        deadline: START + LATE,
        run: (work) => work(),
        admit: () => {
          scene.ends.push('first');
          scene.join('second');
        },
        reject: () => undefined,
      });
      expect(scene.ends).toEqual(['first', 'second at 0']);
    });
  });

  describe('rejects', () => {
    it('at once a waiter that cannot be admitted in time, with the wait', () => {
      scene.joinAll(6, 250);
      expect(scene.ends).toEqual(['0 at 0', '1 at 0', '2 at 0', '5 away at 0, for 300']);
      scene.clock.advance(LATE);
      expect(scene.ends.slice(4)).toEqual(['3 at 100', '4 at 200']);
    });

    it('a waiter that would be admitted exactly at its deadline', () => {
      scene.joinAll(4, 100);
      expect(scene.ends.slice(3)).toEqual(['3 away at 0, for 100']);
      scene.join('just', 101);
      scene.clock.advance(LATE);
      expect(scene.ends.slice(4)).toEqual(['just at 100']);
    });

    it('no waiter because of a rejected one', () => {
      scene.joinAll(8, 250);
      scene.clock.advance(1);
      scene.join('patient');
      scene.clock.advance(LATE);
      expect(scene.ends).toContain('patient at 300');
    });

    it('all of them, and leaves no timer, if none can be admitted in time', () => {
      scene.joinAll(5, 50);
      expect(scene.ends.slice(3)).toEqual(['3 away at 0, for 100', '4 away at 0, for 100']);
      expect(scene.clock.waiting).toBe(0);
    });

    it('with the exact wait, also with two limits', () => {
      scene = new LimiterQueueScene(ORDERS);
      scene.joinAll(12, 5000);
      expect(scene.ends).toEqual(['0 at 0', '10 away at 0, for 5500', '11 away at 0, for 5500']);
      scene.clock.advance(4950);
      expect(scene.ends.slice(3).at(-1)).toBe('9 at 4950');
      // The queue is empty: the next waiter is admitted after the wait of the rejection.
      scene.join('early', 549);
      expect(scene.ends.at(-1)).toBe('early away at 4950, for 550');
      scene.clock.advance(550);
      scene.join('next');
      expect(scene.ends.at(-1)).toBe('next at 5500');
    });

    it('with the wait of the limit per minute if it is the longer one', () => {
      scene = new LimiterQueueScene(ORDERS);
      scene.joinAll(1200);
      scene.join('by the minute', 600_000);
      // The 1201st: 1106 after the burst, one every 600 ms.
      expect(scene.ends.at(-1)).toBe('by the minute away at 0, for 663600');
      scene.join('in time', 663_601);
      scene.clock.advance(LATE);
      expect(scene.ends.at(-1)).toBe('in time at 663600');
    });
  });

  describe('after a correction by Lalamove', () => {
    /** Lalamove says that the next slot is so many ms after the start. */
    const full = (nextMs: number): void => {
      void scene.store.raise(LIMIT, emptyAtFor(LIMIT, START + nextMs), START);
    };

    it('rejects at once a waiter that can no longer be admitted in time', () => {
      const [, , , first] = scene.joinAll(4, 250);
      expect(first).toBeDefined();
      full(400);
      scene.queue.serve();
      expect(scene.ends.slice(3)).toEqual(['3 away at 0, for 400']);
      expect(scene.clock.waiting).toBe(0);
    });

    it('admits the waiters that still have time, at the new time', () => {
      scene.joinAll(5);
      full(400);
      scene.queue.serve();
      expect(scene.clock.waiting).toBe(1);
      scene.clock.advance(LATE);
      expect(scene.ends.slice(3)).toEqual(['3 at 400', '4 at 500']);
    });

    it('without a call of serve(), admits no waiter before the new time, and rejects at the deadline', () => {
      scene.joinAll(4);
      scene.join('short', 250);
      full(400);
      scene.clock.advance(100);
      expect(scene.ends.slice(3)).toEqual(['short away at 100, for 400']);
      scene.clock.advance(LATE);
      expect(scene.ends.slice(4)).toEqual(['3 at 400']);
    });

    // A fixed bug: only waiters with a deadline before the next slot were rejected, with the wait of the first one.
    it('rejects at once a waiter that is not the first, with the wait of its own place', () => {
      scene.joinAll(3);
      scene.join('a', 1000);
      scene.join('b', 1000);
      scene.join('c', 1000);
      full(850);
      scene.queue.serve();
      // Admitted after 850, 950 and 1050 ms.
      expect(scene.ends.slice(3)).toEqual(['c away at 0, for 1050']);
    });
  });

  describe('if a waiter leaves', () => {
    it('the first one: the next one gets its place', () => {
      const [, , , first] = scene.joinAll(6);
      expect(first && scene.queue.leave(first)).toBe(true);
      expect(first && scene.queue.leave(first)).toBe(false);
      scene.clock.advance(LATE);
      expect(scene.ends.slice(3)).toEqual(['4 at 100', '5 at 200']);
    });

    it('one in the middle: all after it move up', () => {
      const waiters = scene.joinAll(7);
      if (waiters[4]) scene.queue.leave(waiters[4]);
      scene.clock.advance(LATE);
      expect(scene.ends.slice(3)).toEqual(['3 at 100', '5 at 200', '6 at 300']);
    });

    it('the last one: no timer is left', () => {
      const waiters = scene.joinAll(5);
      for (const waiter of waiters) scene.queue.leave(waiter);
      expect(scene.clock.waiting).toBe(0);
      expect(scene.queue.isIdle).toBe(true);
      scene.join('next');
      scene.clock.advance(LATE);
      expect(scene.ends.slice(3)).toEqual(['next at 100']);
    });

    it('accepts a waiter that it would have rejected before', () => {
      const waiters = scene.joinAll(5);
      scene.join('before', 300);
      if (waiters[3]) scene.queue.leave(waiters[3]);
      scene.join('after', 300);
      expect(scene.ends.slice(3)).toEqual(['before away at 0, for 300']);
      scene.clock.advance(LATE);
      expect(scene.ends.slice(4)).toEqual(['4 at 100', 'after at 200']);
    });
  });
});
