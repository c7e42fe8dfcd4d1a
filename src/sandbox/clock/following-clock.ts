import type { Clock } from '../../internal/clock.js';
import { SandboxClock } from './sandbox-clock.js';

/** What is told of the clock that is followed. */
export interface ServerTime {
  /** Unix ms. */
  readonly now: number;
  /** How many seconds pass there while one passes here. */
  readonly speed: number;
}

/** The clock that is followed is behind by so much only if it was set back, in ms of real time. */
const SLACK_MS = 1000;

/**
 * Tells the time of a clock in another process, between what is told of it by that clock's speed. What goes forward
 * is time that passes, and lets timers fire; the first time that is told, and a clock that is set back, are a jump of
 * `now()` alone.
 */
export class FollowingClock implements Clock {
  /** The time that has passed; it never goes back. */
  readonly #passed: SandboxClock;
  /** What is added to the time that has passed. */
  #offset = 0;
  #isFollowing = false;

  /** @param base the clock of this process */
  constructor(base: Clock) {
    this.#passed = new SandboxClock({ base });
  }

  now(): number {
    return this.#passed.now() + this.#offset;
  }

  monotonic(): number {
    return this.#passed.now();
  }

  setTimeout(callback: () => void, delayMs: number): () => void {
    return this.#passed.setTimeout(callback, delayMs);
  }

  /** Takes over what is told; resolves once all timers have fired that are due by it. */
  async follow({ now, speed }: ServerTime): Promise<void> {
    this.#passed.speed = speed;
    const ahead = now - this.now();
    const isBack = ahead < -SLACK_MS * Math.max(1, speed);
    if (!this.#isFollowing || isBack) this.#offset += ahead;
    else if (ahead > 0) await this.#passed.advance(ahead);
    this.#isFollowing = true;
  }
}
