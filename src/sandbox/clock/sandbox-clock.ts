import { systemClock, type Clock } from '../../internal/clock.js';
import { TimerQueue } from './timer-queue.js';
import { milliseconds, type Duration } from './duration.js';

/** Options of a {@link SandboxClock}. */
export interface SandboxClockOptions {
  /**
   * The time at the start: a `Date`, Unix ms, or ISO 8601.
   *
   * @default the time of `base`
   */
  startAt?: Date | number | string;
  /**
   * How many seconds pass here in one second of `base`: 1 is real time, 60 an hour a minute, 0 stands still.
   *
   * @default 1
   */
  speed?: number;
  /**
   * The clock that drives this one.
   *
   * @default the system's clock
   */
  base?: Clock;
}

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** The largest time that a `Date` can hold. */
const MAX_TIME_MS = 8.64e15;

/** Eleven days a second. A faster clock would soon reach the largest `Date`. */
const MAX_SPEED = 1_000_000;

/** The longest delay of a Node timer. */
const MAX_WAIT_MS = 2 ** 31 - 1;

/**
 * A clock that can run at any speed, stand still, or jump. It implements `Clock`, so one clock can drive both the
 * sandbox and, as the `clock` option, the module.
 *
 * @example
 * const clock = new SandboxClock({ speed: 0, startAt: '2026-12-01T08:00:00Z' });
 * const sandbox = await LalamoveSandbox.start({ clock });
 * await clock.advance('2h');
 */
export class SandboxClock implements Clock {
  readonly #base: Clock;
  readonly #timers = new TimerQueue<Timer>();
  readonly #settlers = new Set<() => Promise<void>>();
  readonly #listeners = new Set<() => void>();
  /** The same moment by both clocks. */
  #anchor: { readonly base: number; readonly here: number };
  #speed: number;
  #disarm: () => void = () => undefined;
  #advances: Promise<void> = Promise.resolve();

  /** @throws RangeError if the start or the speed is invalid */
  constructor({ base = systemClock, startAt = base.now(), speed = 1 }: SandboxClockOptions = {}) {
    this.#base = base;
    this.#speed = checkedSpeed(speed);
    this.#anchor = { base: base.now(), here: unixMs(startAt) };
  }

  now(): number {
    return Math.floor(this.#at(this.#base.now()));
  }

  setTimeout(callback: () => void, delayMs: number): () => void {
    const remove = this.#timers.add({ at: this.now() + Math.max(0, delayMs || 0), callback });
    this.#arm();
    return () => {
      remove();
      this.#arm();
    };
  }

  /** How many seconds pass here in one second of the base; 0 stands still. */
  get speed(): number {
    return this.#speed;
  }

  /** @throws RangeError if the speed is invalid */
  set speed(speed: number) {
    const checked = checkedSpeed(speed);
    const base = this.#base.now();
    this.#anchor = { base, here: this.#at(base) };
    this.#speed = checked;
    this.#changed();
  }

  /** Stands still until `speed` is set or the clock is advanced. */
  freeze(): void {
    this.speed = 0;
  }

  /**
   * Advances the clock at once. Every timer on the way fires at its time and in order. What follows from a timer
   * (webhooks that the sandbox sends) is completed before the time goes on. Concurrent advances run one after the
   * other.
   *
   * @throws RangeError if it is not a duration
   */
  advance(duration: Duration): Promise<void> {
    return this.between(() => this.#advanceBy(milliseconds(duration)));
  }

  /** Runs `work` while no advance is running. The next advance waits for it. */
  between<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#advances.then(work);
    this.#advances = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  /** Sets the time, forwards or back. Timers that are overdue then fire when the clock goes on. */
  set(time: Date | number | string): void {
    this.#anchor = { base: this.#base.now(), here: unixMs(time) };
    this.#changed();
  }

  /** Calls the listener whenever the speed changes, or the clock is set or advanced, until the result is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Registers a function that `advance` awaits after each timer. The returned function removes it. */
  settle(settled: () => Promise<void>): () => void {
    this.#settlers.add(settled);
    return () => {
      this.#settlers.delete(settled);
    };
  }

  #changed(): void {
    this.#arm();
    for (const listener of this.#listeners) listener();
  }

  #at(base: number): number {
    return this.#anchor.here + (base - this.#anchor.base) * this.#speed;
  }

  async #advanceBy(ms: number): Promise<void> {
    const end = this.now() + ms;
    if (end > MAX_TIME_MS)
      throw new RangeError(`The clock cannot advance by ${ms} ms: the result is later than a Date can hold.`);
    for (;;) {
      for (const settled of this.#settlers) await settled();
      const { next } = this.#timers;
      if (!next || next.at > end) break;
      this.#jump(next.at);
      this.#timers.take();
      next.callback();
    }
    this.#jump(end);
  }

  #jump(time: number): void {
    if (time > this.now()) this.set(time);
  }

  #arm(): void {
    this.#disarm();
    const { next } = this.#timers;
    if (!next || this.#speed === 0) return;
    const wait = Math.max(0, Math.ceil((next.at - this.now()) / this.#speed));
    this.#disarm = this.#base.setTimeout(
      () => {
        this.#wake();
      },
      Math.min(wait, MAX_WAIT_MS),
    );
  }

  #wake(): void {
    const now = this.now();
    for (;;) {
      const { next } = this.#timers;
      if (!next || next.at > now) break;
      this.#timers.take();
      next.callback();
    }
    this.#arm();
  }
}

function checkedSpeed(speed: number): number {
  if (speed >= 0 && speed <= MAX_SPEED) return speed;
  const limit = speed > MAX_SPEED ? `at most ${MAX_SPEED}` : 'at least 0';
  throw new RangeError(`The speed of a clock must be a number of ${limit}, not ${speed}.`);
}

function unixMs(time: Date | number | string): number {
  const ms = typeof time === 'string' ? Date.parse(time) : Number(time);
  if (Math.abs(ms) <= MAX_TIME_MS) return ms;
  const shown = typeof time === 'string' ? JSON.stringify(time) : String(time);
  throw new RangeError(`${shown} is not a time: give a Date, Unix ms or ISO 8601.`);
}
