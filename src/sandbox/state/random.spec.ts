import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Random, type RandomStream } from './random.js';

const STREAMS: readonly RandomStream[] = ['ids', 'requests', 'drivers', 'webhooks', 'faults'];
const seeds = fc.oneof(fc.integer(), fc.string());
const streams = fc.constantFrom(...STREAMS);

const draws = (random: Random, stream: RandomStream, count = 8): number[] =>
  Array.from({ length: count }, () => random.fraction(stream));

describe('Random', () => {
  it('draws the same numbers from the same seed', () => {
    fc.assert(
      fc.property(seeds, streams, (seed, stream) => {
        expect(draws(new Random(seed), stream)).toEqual(draws(new Random(seed), stream));
      }),
    );
  });

  it('treats a number like its text, because a command line has only texts', () => {
    expect(draws(new Random(7), 'ids')).toEqual(draws(new Random('7'), 'ids'));
  });

  it('draws other numbers from another seed, and in another stream', () => {
    const all = [1, 2, 'one'].flatMap((seed) => STREAMS.map((stream) => draws(new Random(seed), stream).join()));
    expect(new Set(all).size).toBe(3 * STREAMS.length);
  });

  it('draws the same numbers in a stream, independent of other streams', () => {
    fc.assert(
      fc.property(seeds, streams, fc.array(streams), (seed, stream, others) => {
        const [alone, disturbed] = [new Random(seed), new Random(seed)];
        const drawn = draws(alone, stream);
        const among = drawn.map(() => {
          for (const other of others) if (other !== stream) disturbed.uuid(other);
          return disturbed.fraction(stream);
        });
        expect(among).toEqual(drawn);
      }),
    );
  });

  it('draws fractions from 0 up to, but not including, 1, evenly', () => {
    const drawn = draws(new Random(1), 'faults', 20_000);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThan(1);
    const tenths = Array.from({ length: 10 }, (_, tenth) => drawn.filter((f) => Math.floor(f * 10) === tenth).length);
    for (const count of tenths) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });

  it('draws whole numbers below a limit, each of them', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 2 ** 31 }), (seed, limit) => {
        const drawn = new Random(seed).below('drivers', limit);
        expect(Number.isInteger(drawn) && drawn >= 0 && drawn < limit).toBe(true);
      }),
    );
    const random = new Random(1);
    const seen = new Set(Array.from({ length: 200 }, () => random.below('drivers', 6)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('makes UUIDs of version 4, without duplicates', () => {
    const random = new Random(1);
    const made = Array.from({ length: 5000 }, () => random.uuid('webhooks'));
    for (const uuid of made)
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(made).size).toBe(made.length);
    expect(new Set(made.map((uuid) => uuid.charAt(19)))).toEqual(new Set(['8', '9', 'a', 'b']));
  });

  it('restores the state of each stream', () => {
    const random = new Random(1);
    draws(random, 'ids', 3);
    const { states } = random;
    const course = (): number[] => [...draws(random, 'ids'), ...draws(random, 'faults')];
    const first = course();
    random.restore(states);
    expect(course()).toEqual(first);
  });
});
