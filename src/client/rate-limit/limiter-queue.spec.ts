import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { LimiterQueue, type Waiter } from './limiter-queue.js';
import { afterOne, emptyAtFor, waitFor, type RateLimit } from './leaky-bucket.js';
import { InMemoryRateLimitStore, type LalamoveRateLimitStore } from './rate-limit.store.js';

const START = Date.parse('2026-11-22T08:00:00Z');
const LATE = 3_600_000;
/** Three at once, then one every 100 ms. */
const LIMIT: RateLimit = { key: 'a', intervalMs: 100, burst: 3 };
/** As Lalamove's of orders in production, with what we leave unused of them. */
const ORDERS: readonly RateLimit[] = [
  { key: 'orders', intervalMs: 600, burst: 95 },
  { key: 'orders:second', intervalMs: 550, burst: 1 },
];

/** A store behind a network: it judges a request as it comes, and its answers arrive when they are let go, in any order. */
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

  /** Lets one of the answers arrive. */
  async answer(index = 0): Promise<void> {
    for (const arrive of this.#answers.splice(index % Math.max(1, this.#answers.length), 1)) arrive();
    await settled();
  }

  /** Lets them arrive, also those that follow, the first one first. */
  async answerAll(): Promise<void> {
    while (this.pending > 0) await this.answer();
  }
}

/** A queue before limits, told simply: whose turn it is, and when. */
class ModelQueue {
  readonly #limits: readonly RateLimit[];
  #emptyAt: number[];
  #queue: number[] = [];
  #now = 0;

  constructor(limits: readonly RateLimit[]) {
    this.#limits = limits;
    this.#emptyAt = limits.map(() => 0);
  }

  /** @returns that it was turned away, if it was */
  join(index: number, now: number, withinMs: number): string[] {
    this.#now = now;
    const at = this.#times(this.#queue.length + 1).at(-1) ?? now;
    if (at - now >= withinMs) return [`${index} away for ${at - now}`];
    this.#queue.push(index);
    return [];
  }

  /** @returns whether it still waited */
  leave(index: number): boolean {
    const waited = this.#queue.includes(index);
    this.#queue = this.#queue.filter((other) => other !== index);
    return waited;
  }

  /** @returns who was let in until then, and when */
  servedUntil(end: number): string[] {
    const due = this.#times(this.#queue.length).filter((at) => at <= end);
    for (const at of due) this.#emptyAt = this.#after(this.#emptyAt, at);
    this.#now = end;
    return due.map((at) => `${this.#queue.shift() ?? ''} at ${at}`);
  }

  /** When the first, the second and so on of a queue are let in. */
  #times(length: number): number[] {
    let [now, emptyAt] = [this.#now, this.#emptyAt];
    return Array.from({ length }, () => {
      now += Math.max(...this.#limits.map((limit, at) => waitFor(limit, emptyAt[at] ?? 0, now)));
      emptyAt = this.#after(emptyAt, now);
      return now;
    });
  }

  #after(emptyAt: readonly number[], now: number): number[] {
    return this.#limits.map((limit, at) => afterOne(limit, emptyAt[at] ?? 0, now));
  }
}

/** All that follows from a promise has been done. */
const settled = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

describe('Lane', () => {
  let clock: ManualClock;
  let store: LalamoveRateLimitStore;
  let queue: LimiterQueue;
  /** What became of whom, and after how many ms. */
  let ends: string[];
  let failures: unknown[];

  beforeEach(() => {
    store = new InMemoryRateLimitStore();
    open([LIMIT]);
  });

  function open(limits: readonly RateLimit[]): void {
    clock = new ManualClock(START);
    [ends, failures] = [[], []];
    queue = new LimiterQueue(limits, { store, clock, failed: (error) => failures.push(error) });
  }

  /** Joins; the returned waiter can leave again. */
  function join(name: string | number, withinMs = LATE): Waiter {
    const since = (): number => clock.now() - START;
    const waiter: Waiter = {
      deadline: clock.now() + withinMs,
      run: (work) => work(),
      admit: () => ends.push(`${name} at ${since()}`),
      reject: (waitMs) => ends.push(`${name} away at ${since()}, for ${waitMs}`),
    };
    queue.join(waiter);
    return waiter;
  }

  const joinAll = (count: number, withinMs?: number): Waiter[] =>
    Array.from({ length: count }, (_, index) => join(index, withinMs));

  describe('lets in', () => {
    it('at once where there are slots, without a timer', () => {
      joinAll(3);
      expect(ends).toEqual(['0 at 0', '1 at 0', '2 at 0']);
      expect(clock.waiting).toBe(0);
      expect(queue.isIdle).toBe(true);
    });

    it('the others in their order, each at the very ms at which there is a slot, with one timer for all', () => {
      joinAll(6);
      expect(clock.waiting).toBe(1);
      expect(queue.isIdle).toBe(false);
      clock.advance(99);
      expect(ends).toHaveLength(3);
      clock.advance(1);
      expect(ends.slice(3)).toEqual(['3 at 100']);
      clock.advance(LATE);
      expect(ends.slice(4)).toEqual(['4 at 200', '5 at 300']);
      expect(clock.waiting).toBe(0);
      expect(queue.isIdle).toBe(true);
    });

    it('nobody ahead of those who wait, also where there is a slot by then', () => {
      joinAll(4);
      clock.wakeLate(0);
      clock.advance(50);
      join('late');
      clock.advance(LATE);
      expect(ends.slice(3)).toEqual(['3 at 100', 'late at 200']);
    });

    it('all whom it can at once, where a busy process wakes late', () => {
      joinAll(7);
      clock.wakeLate(250);
      expect(ends.slice(3)).toEqual(['3 at 250', '4 at 250']);
      clock.advance(LATE);
      expect(ends.slice(5)).toEqual(['5 at 300', '6 at 400']);
    });

    it('whoever joins while another is let in', () => {
      queue.join({
        deadline: START + LATE,
        run: (work) => work(),
        admit: () => {
          ends.push('first');
          join('second');
        },
        reject: () => undefined,
      });
      expect(ends).toEqual(['first', 'second at 0']);
    });
  });

  describe('turns away', () => {
    it('at once whoever cannot be served in time, and tells the wait', () => {
      joinAll(6, 250);
      expect(ends).toEqual(['0 at 0', '1 at 0', '2 at 0', '5 away at 0, for 300']);
      clock.advance(LATE);
      expect(ends.slice(4)).toEqual(['3 at 100', '4 at 200']);
    });

    it('whoever would be served at its very deadline, for then it has no use for the slot', () => {
      joinAll(4, 100);
      expect(ends.slice(3)).toEqual(['3 away at 0, for 100']);
      join('just', 101);
      clock.advance(LATE);
      expect(ends.slice(4)).toEqual(['just at 100']);
    });

    it('nobody for the sake of one who was turned away', () => {
      joinAll(8, 250);
      clock.advance(1);
      join('patient');
      clock.advance(LATE);
      expect(ends).toContain('patient at 300');
    });

    it('all of them, and leaves no timer behind, where none can be served in time', () => {
      joinAll(5, 50);
      expect(ends.slice(3)).toEqual(['3 away at 0, for 100', '4 away at 0, for 100']);
      expect(clock.waiting).toBe(0);
    });

    it('by the exact wait also where two limits hold', () => {
      open(ORDERS);
      joinAll(12, 5000);
      expect(ends).toEqual(['0 at 0', '10 away at 0, for 5500', '11 away at 0, for 5500']);
      clock.advance(4950);
      expect(ends.slice(3).at(-1)).toBe('9 at 4950');
      // Nobody waits any more: the next one is let in when it was told.
      join('early', 549);
      expect(ends.at(-1)).toBe('early away at 4950, for 550');
      clock.advance(550);
      join('next');
      expect(ends.at(-1)).toBe('next at 5500');
    });

    it('by the limit of the minute, once that is the stricter', () => {
      open(ORDERS);
      joinAll(1200);
      join('by the minute', 600_000);
      // The 1201st: 1106 after the burst, one every 600 ms.
      expect(ends.at(-1)).toBe('by the minute away at 0, for 663600');
      join('in time', 663_601);
      clock.advance(LATE);
      expect(ends.at(-1)).toBe('in time at 663600');
    });
  });

  describe('is corrected', () => {
    /** Lalamove says that the next one will be let in so many ms after the start. */
    const full = (nextMs: number): void => {
      void store.raise(LIMIT, emptyAtFor(LIMIT, START + nextMs));
    };

    it('and turns away at once whoever waits and is not served in time any more', () => {
      const [, , , first] = joinAll(4, 250);
      expect(first).toBeDefined();
      full(400);
      queue.serve();
      expect(ends.slice(3)).toEqual(['3 away at 0, for 400']);
      expect(clock.waiting).toBe(0);
    });

    it('and lets those who still have time in later, at the new time', () => {
      joinAll(5);
      full(400);
      queue.serve();
      expect(clock.waiting).toBe(1);
      clock.advance(LATE);
      expect(ends.slice(3)).toEqual(['3 at 400', '4 at 500']);
    });

    it('without being told, and lets nobody in before the new time, nor keeps it beyond its deadline', () => {
      joinAll(4);
      join('short', 250);
      full(400);
      clock.advance(100);
      expect(ends.slice(3)).toEqual(['short away at 100, for 400']);
      clock.advance(LATE);
      expect(ends.slice(4)).toEqual(['3 at 400']);
    });

    // Only those whose deadline lies before the next slot are; the others wait in vain until the slot before theirs, and are told the first one's wait.
    it('and turns away at once also whoever is not the first, with the wait of its own place', () => {
      joinAll(3);
      join('a', 1000);
      join('b', 1000);
      join('c', 1000);
      full(850);
      queue.serve();
      // Served after 850, 950 and 1050 ms.
      expect(ends.slice(3)).toEqual(['c away at 0, for 1050']);
    });
  });

  describe('is left', () => {
    it('by the first, whose place the next one gets', () => {
      const [, , , first] = joinAll(6);
      expect(first && queue.leave(first)).toBe(true);
      expect(first && queue.leave(first)).toBe(false);
      clock.advance(LATE);
      expect(ends.slice(3)).toEqual(['4 at 100', '5 at 200']);
    });

    it('by one in the middle, behind whom all move up', () => {
      const waiters = joinAll(7);
      if (waiters[4]) queue.leave(waiters[4]);
      clock.advance(LATE);
      expect(ends.slice(3)).toEqual(['3 at 100', '5 at 200', '6 at 300']);
    });

    it('by the last, and then has no timer any more', () => {
      const waiters = joinAll(5);
      for (const waiter of waiters) queue.leave(waiter);
      expect(clock.waiting).toBe(0);
      expect(queue.isIdle).toBe(true);
      join('next');
      clock.advance(LATE);
      expect(ends.slice(3)).toEqual(['next at 100']);
    });

    it('and then takes whoever it would have had to turn away', () => {
      const waiters = joinAll(5);
      join('before', 300);
      if (waiters[3]) queue.leave(waiters[3]);
      join('after', 300);
      expect(ends.slice(3)).toEqual(['before away at 0, for 300']);
      clock.advance(LATE);
      expect(ends.slice(4)).toEqual(['4 at 100', 'after at 200']);
    });
  });

  it('is a queue, whoever comes and goes: each is served in its order, in time and as soon as can be, or told the wait at once', () => {
    const limits: fc.Arbitrary<readonly RateLimit[]> = fc
      .tuple(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 10 }), fc.integer({ min: 0, max: 900 }))
      .map(([intervalMs, burst, second]) => [
        { key: 'a', intervalMs, burst },
        ...(second === 0 ? [] : [{ key: 'b', intervalMs: second, burst: 1 }]),
      ]);
    const steps = fc.array(
      fc.oneof(
        { weight: 8, arbitrary: fc.record({ withinMs: fc.integer({ min: 1, max: 5000 }) }) },
        { weight: 2, arbitrary: fc.record({ pauseMs: fc.integer({ min: 0, max: 1000 }) }) },
        { weight: 1, arbitrary: fc.record({ leaves: fc.nat({ max: 50 }) }) },
      ),
      { minLength: 10, maxLength: 80, size: 'max' },
    );
    fc.assert(
      fc.property(limits, steps, (held, taken) => {
        store = new InMemoryRateLimitStore();
        open(held);
        const model = new ModelQueue(held);
        const joined: Waiter[] = [];
        const [seen, expected]: [string[], string[]] = [[], []];
        for (const step of taken) {
          if ('pauseMs' in step) {
            const end = clock.now() + step.pauseMs;
            expected.push(...model.servedUntil(end));
            clock.advance(step.pauseMs);
          } else if ('leaves' in step) {
            const leaving = joined[step.leaves];
            if (leaving) expect(queue.leave(leaving)).toBe(model.leave(step.leaves));
          } else {
            const index = joined.length;
            const told = model.join(index, clock.now(), step.withinMs);
            expected.push(...told, ...model.servedUntil(clock.now()));
            const waiter: Waiter = {
              deadline: clock.now() + step.withinMs,
              run: (work) => work(),
              admit: () => seen.push(`${index} at ${clock.now()}`),
              reject: (waitMs) => seen.push(`${index} away for ${waitMs}`),
            };
            joined.push(waiter);
            queue.join(waiter);
          }
        }
        expected.push(...model.servedUntil(clock.now() + LATE));
        clock.advance(LATE);
        expect(seen).toEqual(expected);
        expect(clock.waiting).toBe(0);
      }),
    );
  });

  describe('with a store that takes its time', () => {
    let far: FarStore;

    beforeEach(() => {
      far = new FarStore();
      store = far;
      open([LIMIT]);
    });

    it('lets in one after the other, in their order, each at its time', async () => {
      joinAll(6);
      await far.answerAll();
      expect(ends).toEqual(['0 at 0', '1 at 0', '2 at 0']);
      for (let step = 0; step < 4; step += 1) {
        clock.advance(100);
        await far.answerAll();
      }
      expect(ends.slice(3)).toEqual(['3 at 100', '4 at 200', '5 at 300']);
      expect(clock.waiting).toBe(0);
    });

    it('keeps the order, in whichever order the answers come', async () => {
      const picks = fc.array(fc.nat({ max: 20 }), { minLength: 5, maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(picks, fc.integer({ min: 5, max: 20 }), async (order, count) => {
          far = new FarStore();
          store = far;
          open([LIMIT]);
          joinAll(count);
          let pick = 0;
          for (let step = 0; step < 500 && !(queue.isIdle && far.pending === 0); step += 1) {
            if (far.pending > 0) await far.answer(order[(pick += 1) % order.length]);
            else clock.advance(10);
          }
          const names = ends.map((end) => Number(end.split(' ')[0]));
          expect(names).toEqual([...Array(count).keys()]);
          expect(clock.waiting).toBe(0);
        }),
        { numRuns: 30 },
      );
    });

    it('turns away as soon as the store has told the wait', async () => {
      joinAll(6, 250);
      expect(ends).toEqual([]);
      await far.answerAll();
      expect(ends.filter((end) => end.startsWith('5'))).toEqual([expect.stringMatching(/^5 away at 0, for [34]00$/)]);
    });

    // A call that joins while the first one's slot is being asked for counts that one twice: as one who is ahead, and as one who has taken its slot.
    it('turns nobody away who could be served in time', async () => {
      joinAll(6, 250);
      await far.answerAll();
      clock.advance(100);
      await far.answerAll();
      clock.advance(100);
      await far.answerAll();
      expect(ends).toContain('4 at 200');
    });

    it('gives the slot of whoever has left meanwhile to the next', async () => {
      const [first] = joinAll(2);
      if (first) queue.leave(first);
      await far.answerAll();
      expect(ends).toEqual(['1 at 0']);
      await far.answerAll();
      expect(clock.waiting).toBe(0);
    });

    // While the store is being asked nobody looks at deadlines, and what it answers in the end is taken whatever the time.
    it('has nobody wait beyond its deadline, however long the store takes', () => {
      join('first', 1000);
      join('second', 1000);
      clock.advance(1000);
      expect(ends).toEqual([
        expect.stringMatching(/^first away at 1000,/),
        expect.stringMatching(/^second away at 1000,/),
      ]);
    });

    it('has nobody wait beyond its deadline who is alone', () => {
      const waiter = join('first', 1000);
      clock.advance(1000);
      expect(ends).toEqual([expect.stringMatching(/^first away at 1000,/)]);
      expect(queue.leave(waiter)).toBe(false);
    });

    it('lets nobody in whose deadline has passed when the store answers', async () => {
      join('first', 1000);
      clock.advance(1500);
      await far.answerAll();
      expect(ends).toEqual([expect.stringMatching(/^first away/)]);
    });
  });

  describe('with a store that fails', () => {
    const FAILURE = new Error('no connection');

    it.each<[string, LalamoveRateLimitStore['take']]>([
      [
        'throws',
        () => {
          throw FAILURE;
        },
      ],
      ['rejects', () => Promise.reject(FAILURE)],
    ])('and %s, lets everybody in, in their order, and says so', async (_, take) => {
      store = { take, raise: () => undefined };
      open([LIMIT]);
      joinAll(5, 50);
      await settled();
      expect(ends).toEqual([0, 1, 2, 3, 4].map((name) => `${name} at 0`));
      expect(failures).toContain(FAILURE);
      expect(clock.waiting).toBe(0);
      expect(queue.isIdle).toBe(true);
    });

    it.each([Number.NaN, -1])('and says %d, lets everybody in, and says so', (told) => {
      store = { take: () => told, raise: () => undefined };
      open([LIMIT]);
      joinAll(3, 50);
      expect(ends).toEqual(['0 at 0', '1 at 0', '2 at 0']);
      expect(failures).toContainEqual(expect.objectContaining({ message: expect.stringContaining('take() returned') }));
    });

    it('and never answers, lets in after two seconds, and says so', async () => {
      store = { take: () => new Promise(() => undefined), raise: () => undefined };
      open([LIMIT]);
      joinAll(1, 5000);
      clock.advance(1999);
      await settled();
      expect([ends, failures]).toEqual([[], []]);
      clock.advance(1);
      await settled();
      expect(ends).toEqual(['0 at 2000']);
      expect(failures).toEqual([expect.objectContaining({ message: 'no answer within 2000 ms' })]);
      expect(clock.waiting).toBe(0);
    });

    it('and never answers, keeps nobody beyond the deadline, whenever they come', async () => {
      store = { take: () => new Promise(() => undefined), raise: () => undefined };
      open([LIMIT]);
      join('a', 500);
      join('b', 800);
      clock.advance(500);
      expect(ends).toEqual(['a away at 500, for 0']);
      clock.advance(300);
      expect(ends).toEqual(['a away at 500, for 0', 'b away at 800, for 0']);
      join('c', 200);
      clock.advance(200);
      expect(ends.at(-1)).toBe('c away at 1000, for 0');
      await settled();
    });

    it('for a while, keeps to the limits again afterwards', async () => {
      const near = new InMemoryRateLimitStore();
      let isDown = true;
      store = {
        take: (...asked) => (isDown ? Promise.reject(FAILURE) : Promise.resolve(near.take(...asked))),
        raise: () => undefined,
      };
      open([LIMIT]);
      joinAll(10);
      await settled();
      expect(ends).toHaveLength(10);
      isDown = false;
      joinAll(4);
      await settled();
      expect(ends).toHaveLength(13);
      clock.advance(100);
      await settled();
      expect(ends.at(-1)).toBe('3 at 100');
    });
  });
});
