import type { Clock } from '../../internal/clock.js';
import { SandboxClock } from './sandbox-clock.js';

/** The time of the followed clock. */
export interface ServerTime {
  /** Unix ms. */
  readonly now: number;
  /** How many seconds pass there in one second here. */
  readonly speed: number;
}

/** A lag above this value, in ms of real time, means that the followed clock was set back. */
const SLACK_MS = 1000;

/**
 * Follows a clock in another process. Between two updates it runs at the speed of that clock. When the followed clock
 * goes forward, timers fire. The first update, and a clock that was set back, only make `now()` jump.
 */
export class FollowingClock implements Clock {
  /** The time that has passed; it never goes back. */
  readonly #passed: SandboxClock;
  /** Added to the passed time to get `now()`. */
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

  /** Takes over the time of the followed clock. It resolves once all timers that are due by then have fired. */
  async follow({ now, speed }: ServerTime): Promise<void> {
    this.#passed.speed = speed;
    const ahead = now - this.now();
    const isBack = ahead < -SLACK_MS * Math.max(1, speed);
    if (!this.#isFollowing || isBack) this.#offset += ahead;
    else if (ahead > 0) await this.#passed.advance(ahead);
    this.#isFollowing = true;
  }
}
