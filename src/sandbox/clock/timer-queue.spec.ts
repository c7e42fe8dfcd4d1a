import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TimerQueue } from './timer-queue.js';

interface Item {
  readonly at: number;
  readonly name: number;
}

/** The operations on a queue. `which` is one of all items that were ever added. */
type Step =
  | { readonly do: 'add'; readonly at: number }
  | { readonly do: 'take' }
  | { readonly do: 'remove'; readonly which: number }
  | { readonly do: 'clear' };

/**
 * Few due times, so that many items are due together. More additions than removals, so that heaps get deep. Few clears.
 */
const STEPS: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 60, arbitrary: fc.record({ do: fc.constant('add' as const), at: fc.integer({ min: -3, max: 40 }) }) },
    { weight: 10, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
    { weight: 25, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat({ max: 299 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
  ),
  { minLength: 20, maxLength: 300, size: 'max' },
);

describe('TimerQueue', () => {
  it('is always sorted, with any items added, taken and removed', () => {
    fc.assert(
      fc.property(STEPS, (steps) => {
        const queue = new TimerQueue<Item>();
        const added: { item: Item; remove: () => void }[] = [];
        let model: Item[] = [];
        // Compared once at the end, because hundreds of expectations a run would take seconds.
        const [seen, expected]: [unknown[], unknown[]] = [[], []];
        for (const step of steps) {
          if (step.do === 'add') {
            const item = { at: step.at, name: added.length };
            added.push({ item, remove: queue.add(item) });
            // After the items with the same due time.
            const behind = model.findIndex(({ at }) => at > step.at);
            model.splice(behind < 0 ? model.length : behind, 0, item);
          } else if (step.do === 'take') {
            seen.push(queue.take()?.name);
            expected.push(model.shift()?.name);
          } else if (step.do === 'clear') {
            queue.clear();
            model = [];
          } else if (added.length > 0) {
            // This item may already be taken, removed or cleared: then nothing changes.
            const gone = added[step.which % added.length];
            gone?.remove();
            model = model.filter((item) => item !== gone?.item);
          }
          seen.push(queue.next?.name, queue.size);
          expected.push(model[0]?.name, model.length);
        }
        expect(seen).toEqual(expected);
        expect(queue.all()).toEqual(model);
        expect(model.map(() => queue.take())).toEqual(model);
        expect(queue.take()).toBeUndefined();
      }),
    );
  });

  it('returns items with the same due time in insertion order', () => {
    const queue = new TimerQueue<Item>();
    for (let name = 0; name < 100; name += 1) queue.add({ at: name % 2, name });
    const names = Array.from({ length: 100 }, () => queue.take()?.name);
    const evenFirst = [...Array(100).keys()].sort((a, b) => (a % 2) - (b % 2));
    expect(names).toEqual(evenFirst);
  });

  it('lists all items without removing them', () => {
    const queue = new TimerQueue<Item>();
    queue.add({ at: 2, name: 0 });
    queue.all().pop();
    expect(queue.size).toBe(1);
  });

  it('does not remove an item that it has already returned, nor the one in its place', () => {
    const queue = new TimerQueue<Item>();
    const remove = queue.add({ at: 1, name: 0 });
    queue.take();
    queue.add({ at: 1, name: 1 });
    remove();
    remove();
    expect(queue.next).toEqual({ at: 1, name: 1 });
  });
});
