import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LATE, LimiterQueueScene } from '../../../test/client/rate-limit/limiter-queue-scene.js';
import { afterOne, waitFor, type RateLimit } from './leaky-bucket.js';
import type { Waiter } from './limiter-queue.js';

/** A simple model of a queue with limits: which waiter is next, and when. */
class ModelQueue {
  readonly #limits: readonly RateLimit[];
  #emptyAt: number[];
  #queue: number[] = [];
  #now = 0;

  constructor(limits: readonly RateLimit[]) {
    this.#limits = limits;
    this.#emptyAt = limits.map(() => 0);
  }

  /** @returns the rejection, if there is one */
  join(index: number, now: number, withinMs: number): string[] {
    this.#now = now;
    const at = this.#times(this.#queue.length + 1).at(-1) ?? now;
    if (at - now >= withinMs) return [`${index} away for ${at - now}`];
    this.#queue.push(index);
    return [];
  }

  /** @returns whether it was waiting */
  leave(index: number): boolean {
    const waited = this.#queue.includes(index);
    this.#queue = this.#queue.filter((other) => other !== index);
    return waited;
  }

  /** @returns which waiters were admitted until then, and when */
  servedUntil(end: number): string[] {
    const due = this.#times(this.#queue.length).filter((at) => at <= end);
    for (const at of due) this.#emptyAt = this.#after(this.#emptyAt, at);
    this.#now = end;
    return due.map((at) => `${this.#queue.shift() ?? ''} at ${at}`);
  }

  /** The times at which the first, the second and so on of a queue are admitted. */
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

describe('LimiterQueue', () => {
  it('admits each in order, in time and as early as possible, or rejects it at once with the wait', () => {
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
        const scene = new LimiterQueueScene(held);
        const model = new ModelQueue(held);
        const joined: Waiter[] = [];
        const [seen, expected]: [string[], string[]] = [[], []];
        for (const step of taken) {
          if ('pauseMs' in step) {
            const end = scene.clock.now() + step.pauseMs;
            expected.push(...model.servedUntil(end));
            scene.clock.advance(step.pauseMs);
          } else if ('leaves' in step) {
            const leaving = joined[step.leaves];
            if (leaving) expect(scene.queue.leave(leaving)).toBe(model.leave(step.leaves));
          } else {
            const index = joined.length;
            const told = model.join(index, scene.clock.now(), step.withinMs);
            expected.push(...told, ...model.servedUntil(scene.clock.now()));
            const waiter: Waiter = {
              deadline: scene.clock.now() + step.withinMs,
              run: (work) => work(),
              admit: () => seen.push(`${index} at ${scene.clock.now()}`),
              reject: (waitMs) => seen.push(`${index} away for ${waitMs}`),
            };
            joined.push(waiter);
            scene.queue.join(waiter);
          }
        }
        expected.push(...model.servedUntil(scene.clock.now() + LATE));
        scene.clock.advance(LATE);
        expect(seen).toEqual(expected);
        expect(scene.clock.waiting).toBe(0);
      }),
    );
  });
});
