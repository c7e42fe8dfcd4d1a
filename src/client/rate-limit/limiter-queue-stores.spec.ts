import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LIMIT, LimiterQueueScene } from '../../../test/client/rate-limit/limiter-queue-scene.js';
import type { RateLimit } from './leaky-bucket.js';
import { InMemoryRateLimitStore, type LalamoveRateLimitStore } from './rate-limit.store.js';

/** A store behind a network: it decides at once, and its answers arrive when the test releases them, in any order. */
class FarStore implements LalamoveRateLimitStore {
  readonly #near = new InMemoryRateLimitStore();
  readonly #answers: (() => void)[] = [];

  take(limits: readonly RateLimit[], now: number, ahead: number): Promise<number> {
    const wait = this.#near.take(limits, now, ahead);
    return new Promise((resolve) => {
      this.#answers.push(() => {
        resolve(wait);
      });
    });
  }

  raise(limit: RateLimit, emptyAt: number): Promise<void> {
    this.#near.raise(limit, emptyAt);
    return Promise.resolve();
  }

  get pending(): number {
    return this.#answers.length;
  }

  /** Releases one of the answers. */
  async answer(index = 0): Promise<void> {
    for (const arrive of this.#answers.splice(index % Math.max(1, this.#answers.length), 1)) arrive();
    await settled();
  }

  /** Releases all answers in order, including later ones. */
  async answerAll(): Promise<void> {
    while (this.pending > 0) await this.answer();
  }
}

/** Resolves after everything that follows from a settled promise. */
const settled = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

describe('LimiterQueue', () => {
  let scene: LimiterQueueScene;

  describe('with a slow store', () => {
    let far: FarStore;

    beforeEach(() => {
      far = new FarStore();
      scene = new LimiterQueueScene([LIMIT], far);
    });

    it('admits one after the other, in order, each at its time', async () => {
      scene.joinAll(6);
      await far.answerAll();
      expect(scene.ends).toEqual(['0 at 0', '1 at 0', '2 at 0']);
      for (let step = 0; step < 4; step += 1) {
        scene.clock.advance(100);
        await far.answerAll();
      }
      expect(scene.ends.slice(3)).toEqual(['3 at 100', '4 at 200', '5 at 300']);
      expect(scene.clock.waiting).toBe(0);
    });

    it('preserves the order, with any order of the answers', async () => {
      const picks = fc.array(fc.nat({ max: 20 }), { minLength: 5, maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(picks, fc.integer({ min: 5, max: 20 }), async (order, count) => {
          far = new FarStore();
          scene = new LimiterQueueScene([LIMIT], far);
          scene.joinAll(count);
          let pick = 0;
          for (let step = 0; step < 500 && !(scene.queue.isIdle && far.pending === 0); step += 1) {
            if (far.pending > 0) await far.answer(order[(pick += 1) % order.length]);
            else scene.clock.advance(10);
          }
          const names = scene.ends.map((end) => Number(end.split(' ')[0]));
          expect(names).toEqual([...Array(count).keys()]);
          expect(scene.clock.waiting).toBe(0);
        }),
        { numRuns: 30 },
      );
    });

    it('rejects as soon as the store has answered with the wait', async () => {
      scene.joinAll(6, 250);
      expect(scene.ends).toEqual([]);
      await far.answerAll();
      expect(scene.ends.filter((end) => end.startsWith('5'))).toEqual([
        expect.stringMatching(/^5 away at 0, for [34]00$/),
      ]);
    });

    // A fixed bug: a call that joined during a store request counted the first call twice, as a waiter and as a used
    // slot.
    it('rejects no waiter that can be admitted in time', async () => {
      scene.joinAll(6, 250);
      await far.answerAll();
      scene.clock.advance(100);
      await far.answerAll();
      scene.clock.advance(100);
      await far.answerAll();
      expect(scene.ends).toContain('4 at 200');
    });

    it('gives the slot of a waiter that has left to the next one', async () => {
      const [first] = scene.joinAll(2);
      if (first) scene.queue.leave(first);
      await far.answerAll();
      expect(scene.ends).toEqual(['1 at 0']);
      await far.answerAll();
      expect(scene.clock.waiting).toBe(0);
    });

    // A fixed bug: deadlines were ignored during a store request.
    it('holds no waiter beyond its deadline if the store is slow', () => {
      scene.join('first', 1000);
      scene.join('second', 1000);
      scene.clock.advance(1000);
      expect(scene.ends).toEqual([
        expect.stringMatching(/^first away at 1000,/),
        expect.stringMatching(/^second away at 1000,/),
      ]);
    });

    it('holds a single waiter no longer than its deadline', () => {
      const waiter = scene.join('first', 1000);
      scene.clock.advance(1000);
      expect(scene.ends).toEqual([expect.stringMatching(/^first away at 1000,/)]);
      expect(scene.queue.leave(waiter)).toBe(false);
    });

    it('admits no waiter with an expired deadline when the store answers', async () => {
      scene.join('first', 1000);
      scene.clock.advance(1500);
      await far.answerAll();
      expect(scene.ends).toEqual([expect.stringMatching(/^first away/)]);
    });
  });

  describe('with a store that fails,', () => {
    const FAILURE = new Error('no connection');
    /** The places are half an interval later than they would be with a store: the random phase of this process. */
    const BY_ITSELF = ['0 at 50', '1 at 150', '2 at 250', '3 at 350'];

    /** Lets time pass, in steps in which promises settle. */
    async function pass(ms: number): Promise<void> {
      await settled();
      for (let at = 0; at < ms; at += 10) {
        scene.clock.advance(10);
        await settled();
      }
    }

    it.each<[string, LalamoveRateLimitStore['take']]>([
      [
        'throws',
        () => {
          throw FAILURE;
        },
      ],
      ['rejects', () => Promise.reject(FAILURE)],
      ['returns NaN', () => Number.NaN],
      ['returns less than nothing', () => Promise.resolve(-1)],
    ])('if it %s, admits all waiters in order, without a burst, and reports the failure', async (_, take) => {
      scene = new LimiterQueueScene([LIMIT], { take, raise: () => undefined });
      scene.joinAll(4);
      await pass(400);
      expect(scene.ends).toEqual(BY_ITSELF);
      expect(scene.failures).toHaveLength(1);
      expect(scene.clock.waiting).toBe(0);
      expect(scene.queue.isIdle).toBe(true);
    });

    it('admits at the rate of its share of the processes', async () => {
      scene = new LimiterQueueScene([LIMIT], { take: () => Promise.reject(FAILURE), raise: () => undefined }, 4);
      scene.joinAll(3);
      await pass(1200);
      expect(scene.ends).toEqual(['0 at 200', '1 at 600', '2 at 1000']);
    });

    it('rejects a waiter that has no place in its share in time', async () => {
      scene = new LimiterQueueScene([LIMIT], { take: () => Promise.reject(FAILURE), raise: () => undefined }, 4);
      scene.joinAll(3, 700);
      await pass(700);
      expect(scene.ends).toEqual(['0 at 200', '2 away at 200, for 800', '1 at 600']);
    });

    it('if it never answers, waits for it for two seconds, only once, and reports the failure', async () => {
      scene = new LimiterQueueScene([LIMIT], { take: () => new Promise(() => undefined), raise: () => undefined });
      scene.joinAll(2, 5000);
      scene.clock.advance(1999);
      await settled();
      expect([scene.ends, scene.failures]).toEqual([[], []]);
      await pass(160);
      expect(scene.ends).toEqual(['0 at 2059', '1 at 2150']);
      expect(scene.failures).toEqual([expect.objectContaining({ message: 'no answer within 2000 ms' })]);
      expect(scene.clock.waiting).toBe(0);
    });

    it('if it never answers, holds no waiter beyond its deadline, at any time of joining', async () => {
      scene = new LimiterQueueScene([LIMIT], { take: () => new Promise(() => undefined), raise: () => undefined });
      scene.join('a', 500);
      scene.join('b', 800);
      scene.clock.advance(500);
      expect(scene.ends).toEqual(['a away at 500, for 0']);
      scene.clock.advance(300);
      expect(scene.ends).toEqual(['a away at 500, for 0', 'b away at 800, for 0']);
      scene.join('c', 200);
      scene.clock.advance(200);
      expect(scene.ends.at(-1)).toBe('c away at 1000, for 0');
      await settled();
    });
  });
});
