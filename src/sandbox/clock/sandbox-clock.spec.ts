import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { Clock } from '../../internal/clock.js';
import { SandboxClock, type SandboxClockOptions } from './sandbox-clock.js';

const START = Date.parse('2026-11-22T08:00:00Z');
const LONGEST_WAIT_MS = 2 ** 31 - 1;

describe('SandboxClock', () => {
  let base: ManualClock;

  beforeEach(() => {
    base = new ManualClock(START);
  });

  const clockOf = (options: SandboxClockOptions = {}): SandboxClock => new SandboxClock({ base, ...options });

  /** Sets timers by their delays. Each notes when it fired, in ms after the start. */
  const notes = (clock: SandboxClock, ...delays: number[]): string[] => {
    const fired: string[] = [];
    for (const delay of delays) {
      clock.setTimeout(() => fired.push(`${delay} at ${clock.now() - START}`), delay);
    }
    return fired;
  };

  describe('starts', () => {
    it("with its base, and by default with the machine's clock", () => {
      expect(clockOf().now()).toBe(START);
      const before = Date.now();
      const now = new SandboxClock().now();
      expect(now).toBeGreaterThanOrEqual(before);
      expect(now).toBeLessThanOrEqual(Date.now());
    });

    it.each([
      ['a Date', new Date('2030-01-01T00:00:00Z')],
      ['Unix ms', Date.UTC(2030, 0)],
      ['ISO 8601', '2030-01-01T00:00:00Z'],
    ])('at %s', (_, startAt) => {
      const clock = clockOf({ startAt });
      expect(clock.now()).toBe(Date.UTC(2030, 0));
      base.advance(1);
      expect(clock.now()).toBe(Date.UTC(2030, 0) + 1);
    });

    it.each([[Number.NaN], [Number.POSITIVE_INFINITY], ['tomorrow'], [''], [new Date('tomorrow')]])(
      'and refuses the time %p',
      (startAt) => {
        expect(() => clockOf({ startAt })).toThrow(RangeError);
        expect(() => {
          clockOf().set(startAt);
        }).toThrow(/is not a time/);
      },
    );

    it.each([[-1], [-0.1], [Number.NaN], [Number.POSITIVE_INFINITY]])('and refuses the speed %d', (speed) => {
      expect(() => clockOf({ speed })).toThrow(RangeError);
      const clock = clockOf();
      expect(() => {
        clock.speed = speed;
      }).toThrow(/speed/);
      expect(clock.speed).toBe(1);
    });
  });

  describe('at the speed of its base', () => {
    it('fires a timer at its time, and not a millisecond before', () => {
      const fired = notes(clockOf(), 1000);
      base.advance(999);
      expect(fired).toEqual([]);
      base.advance(1);
      expect(fired).toEqual(['1000 at 1000']);
      base.advance(10_000);
      expect(fired).toHaveLength(1);
    });

    it.each([[0], [-5], [Number.NaN]])('fires a timer of %d ms at once, but never within setTimeout', (delay) => {
      const fired = notes(clockOf(), delay);
      expect(fired).toEqual([]);
      base.advance(0);
      expect(fired).toEqual([`${delay} at 0`]);
    });

    it('has one timer in its base, for the next item, and none if nothing waits', () => {
      const clock = clockOf();
      const calledOff = [3000, 1000, 2000].map((delay) => clock.setTimeout(() => undefined, delay));
      expect(base.waiting).toBe(1);
      for (const callOff of calledOff) callOff();
      expect(base.waiting).toBe(0);
    });

    it('fires timers late but in order if the process was busy', () => {
      const fired = notes(clockOf(), 30, 10, 20);
      base.wakeLate(25);
      expect(fired).toEqual(['10 at 25', '20 at 25']);
      base.advance(5);
      expect(fired).toHaveLength(3);
    });
  });

  describe('scaled', () => {
    it.each([
      [60, 60_000, 1000],
      [3600, 7_200_000, 2000],
      [0.25, 250, 1000],
      [1000, 1, 1],
      [7, 1000, 143],
    ])('%d times as fast: %d ms here last %d there', (speed, here, there) => {
      const clock = clockOf({ speed });
      const fired = notes(clock, here);
      base.advance(there - 1);
      expect(fired).toEqual([]);
      base.advance(1);
      expect(fired).toHaveLength(1);
      expect(clock.now()).toBe(START + Math.floor(there * speed));
    });

    it('continues from its time when its speed changes, with all timers', () => {
      const clock = clockOf({ speed: 10 });
      const fired = notes(clock, 1000);
      base.advance(50);
      clock.speed = 1;
      expect(clock.now()).toBe(START + 500);
      base.advance(499);
      expect(fired).toEqual([]);
      base.advance(1);
      expect(fired).toEqual(['1000 at 1000']);
    });
  });

  describe('frozen', () => {
    it('stands still, and sets no timer in its base', () => {
      const clock = clockOf({ speed: 0 });
      const fired = notes(clock, 0, 10);
      base.advance(1_000_000);
      expect([clock.now(), fired, base.waiting]).toEqual([START, [], 0]);
    });

    it('can be frozen and set to run again without losing time', () => {
      const clock = clockOf();
      const fired = notes(clock, 100);
      base.advance(40);
      clock.freeze();
      expect([clock.speed, base.waiting]).toEqual([0, 0]);
      base.advance(1000);
      expect(clock.now()).toBe(START + 40);
      clock.speed = 1;
      base.advance(59);
      expect(fired).toEqual([]);
      base.advance(1);
      expect(fired).toEqual(['100 at 100']);
    });
  });

  describe('advanced', () => {
    it('fires timers on the way at their time and in order, including the last instant', async () => {
      const clock = clockOf({ speed: 0 });
      const fired = notes(clock, 3000, 1000, 5001, 5000, 2000);
      await clock.advance('5s');
      expect(fired).toEqual(['1000 at 1000', '2000 at 2000', '3000 at 3000', '5000 at 5000']);
      expect(clock.now()).toBe(START + 5000);
      await clock.advance(1);
      expect(fired.at(-1)).toBe('5001 at 5001');
    });

    it('fires timers with the same time in the order in which they were set', async () => {
      const clock = clockOf({ speed: 0 });
      const fired: number[] = [];
      for (let name = 0; name < 20; name += 1) clock.setTimeout(() => fired.push(name), 10);
      await clock.advance(10);
      expect(fired).toEqual([...Array(20).keys()]);
    });

    it('fires timers that other timers set on the way, if they are due before the end', async () => {
      const clock = clockOf({ speed: 0 });
      const fired: number[] = [];
      const tick = (): void => {
        fired.push(clock.now() - START);
        clock.setTimeout(tick, 400);
      };
      tick();
      await clock.advance(1200);
      expect(fired).toEqual([0, 400, 800, 1200]);
    });

    it('fires timers that are already due, if it advances by 0', async () => {
      const clock = clockOf({ speed: 0 });
      const fired = notes(clock, 0, 1);
      await clock.advance(0);
      expect(fired).toEqual(['0 at 0']);
    });

    it('jumps over years quickly', async () => {
      const clock = clockOf({ speed: 0 });
      const fired = notes(clock, 400 * 86_400_000);
      await clock.advance('400d');
      expect(fired).toHaveLength(1);
    });

    it('advances while it runs, too, and continues from there', async () => {
      const clock = clockOf();
      const fired = notes(clock, 1000, 1500);
      await clock.advance(1000);
      expect([clock.now() - START, fired]).toEqual([1000, ['1000 at 1000']]);
      base.advance(500);
      expect(fired).toEqual(['1000 at 1000', '1500 at 1500']);
    });

    it('runs concurrent advances one after the other', async () => {
      const clock = clockOf({ speed: 0 });
      const fired = notes(clock, 10, 15, 31);
      const seen: number[] = [];
      await Promise.all(
        [10, 20].map(async (ms) => {
          await clock.advance(ms);
          seen.push(clock.now() - START);
        }),
      );
      expect(seen).toEqual([10, 30]);
      expect(fired).toEqual(['10 at 10', '15 at 15']);
    });

    it.each([[-1], ['soon'], [Number.NaN]])('refuses to advance by %p, and can advance after that', async (by) => {
      const clock = clockOf({ speed: 0 });
      await expect((async () => clock.advance(by))()).rejects.toThrow(RangeError);
      await clock.advance(5);
      expect(clock.now()).toBe(START + 5);
    });

    it('rejects with the error of a timer, and can advance after that', async () => {
      const clock = clockOf({ speed: 0 });
      clock.setTimeout(() => {
        throw new Error('broken');
      }, 10);
      const fired = notes(clock, 20);
      await expect(clock.advance(50)).rejects.toThrow('broken');
      await clock.advance(50);
      expect(fired).toEqual(['20 at 20']);
    });
  });

  describe('waits for the work that follows', () => {
    it('before the time goes on, also for work that had started before', async () => {
      const clock = clockOf({ speed: 0 });
      const course: string[] = [];
      clock.settle(async () => {
        course.push(`settling at ${clock.now() - START}`);
        await new Promise(setImmediate);
        course.push(`settled at ${clock.now() - START}`);
      });
      for (const delay of [10, 20]) clock.setTimeout(() => course.push(`timer at ${clock.now() - START}`), delay);
      await clock.advance(30);
      const settled = (at: number): string[] => [`settling at ${at}`, `settled at ${at}`];
      expect(course).toEqual([...settled(0), 'timer at 10', ...settled(10), 'timer at 20', ...settled(20)]);
    });

    it('and for a timer that is set by that work', async () => {
      const clock = clockOf({ speed: 0 });
      let isSet = false;
      const fired: number[] = [];
      clock.settle(async () => {
        await new Promise(setImmediate);
        if (isSet) return;
        isSet = true;
        clock.setTimeout(() => fired.push(clock.now() - START), 5);
      });
      const others = notes(clock, 10);
      await clock.advance(10);
      expect([fired, others]).toEqual([[5], ['10 at 10']]);
    });

    it('until the function is removed', async () => {
      const clock = clockOf({ speed: 0 });
      let settled = 0;
      const unsettle = clock.settle(() => {
        settled += 1;
        return Promise.resolve();
      });
      unsettle();
      await clock.advance(10);
      expect(settled).toBe(0);
    });
  });

  describe('cancels timers', () => {
    it('and fires the others', async () => {
      const clock = clockOf({ speed: 0 });
      const fired: number[] = [];
      const callsOff = [10, 20, 30].map((delay) => clock.setTimeout(() => fired.push(delay), delay));
      callsOff[1]?.();
      callsOff[1]?.();
      await clock.advance(100);
      callsOff[0]?.();
      expect(fired).toEqual([10, 30]);
    });

    it('that would fire at this very time', async () => {
      const clock = clockOf({ speed: 0 });
      const fired: string[] = [];
      let callOff: () => void = () => undefined;
      clock.setTimeout(() => {
        callOff();
      }, 10);
      callOff = clock.setTimeout(() => fired.push('called off'), 10);
      clock.setTimeout(() => fired.push('kept'), 10);
      await clock.advance(10);
      expect(fired).toEqual(['kept']);
    });

    it('while it runs, and waits for the next one', () => {
      const clock = clockOf();
      const callOff = clock.setTimeout(() => undefined, 10);
      const fired = notes(clock, 20);
      callOff();
      base.advance(20);
      expect(fired).toEqual(['20 at 20']);
    });
  });

  describe('set', () => {
    it('forwards, fires no timers in between until it goes on', async () => {
      const clock = clockOf({ speed: 0 });
      const fired = notes(clock, 10, 20, 2000);
      clock.set(START + 1000);
      expect([clock.now() - START, fired]).toEqual([1000, []]);
      await clock.advance(0);
      expect(fired).toEqual(['10 at 1000', '20 at 1000']);
      expect(clock.now()).toBe(START + 1000);
    });

    it('back, fires a timer at the time that it was set for', async () => {
      const clock = clockOf({ speed: 0 });
      const fired = notes(clock, 1000);
      clock.set('2026-11-22T07:00:00Z');
      await clock.advance('1h');
      expect([clock.now(), fired]).toEqual([START, []]);
      await clock.advance(1000);
      expect(fired).toEqual(['1000 at 1000']);
    });

    it('while it runs, arms its timer again', () => {
      const clock = clockOf();
      const fired = notes(clock, 1000);
      clock.set(new Date(START + 900));
      base.advance(99);
      expect(fired).toEqual([]);
      base.advance(1);
      expect(fired).toEqual(['1000 at 1000']);
      const further = notes(clock, 1000);
      clock.set(START);
      base.advance(1999);
      expect(further).toEqual([]);
      base.advance(1);
      expect(further).toEqual(['1000 at 2000']);
    });
  });

  it('waits longer than the longest delay of a Node timer, in several parts', () => {
    const waits: number[] = [];
    const watched: Clock = {
      now: () => base.now(),
      setTimeout: (callback, delayMs) => {
        waits.push(delayMs);
        return base.setTimeout(callback, delayMs);
      },
    };
    const clock = clockOf({ base: watched });
    const fired = notes(clock, 2 ** 32);
    base.advance(2 ** 32 - 1);
    expect(fired).toEqual([]);
    base.advance(1);
    expect(fired).toEqual([`${2 ** 32} at ${2 ** 32}`]);
    expect(waits).toEqual([LONGEST_WAIT_MS, LONGEST_WAIT_MS, 2]);
    notes(clock, Number.MAX_SAFE_INTEGER);
    expect(waits.at(-1)).toBe(LONGEST_WAIT_MS);
  });
});
