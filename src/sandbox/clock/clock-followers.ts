import { setTimeout as pause } from 'node:timers/promises';
import type { SandboxClock } from './sandbox-clock.js';

/** A follower that has not come back after so long, in ms of real time, is waited for no more. */
const TIMEOUT_MS = 1000;

/** A follower is answered after so long, in ms of real time, if nothing has changed. */
const MAX_POLL_MS = 5000;

/** Most that are remembered: each has an app of its own. */
const MAX_FOLLOWERS = 100;

/**
 * Apps in other processes that follow the sandbox's clock. Each asks again and again, and names the change of the
 * clock that it has seen: so it is known when all go by the same time.
 */
export class ClockFollowers {
  /** The change that each has seen. */
  readonly #seen = new Map<string, number>();
  #changes = 0;
  #waiters: (() => void)[] = [];
  #isEnded = false;

  constructor(clock: SandboxClock) {
    clock.onChange(() => {
      this.#changes += 1;
      this.#wakeAll();
    });
  }

  /**
   * A follower asks; resolves with the latest change once there is one that it has not seen, or after a while.
   *
   * @param seen the last change that it has seen; -1 for none
   */
  async next(follower: string, seen: number): Promise<number> {
    this.#seen.delete(follower);
    if (this.#seen.size < MAX_FOLLOWERS) this.#seen.set(follower, seen);
    this.#wakeAll();
    await this.#until(() => seen !== this.#changes, MAX_POLL_MS);
    return this.#changes;
  }

  /** Resolves once every follower goes by the time as it is now; one that stays away is waited for no more. */
  async allSynced(): Promise<void> {
    await this.#until(() => this.#behind().length === 0, TIMEOUT_MS);
    for (const follower of this.#behind()) this.#seen.delete(follower);
  }

  /** Whoever waits is answered. */
  end(): void {
    this.#isEnded = true;
    this.#seen.clear();
    this.#wakeAll();
  }

  #behind(): string[] {
    return [...this.#seen].flatMap(([follower, seen]) => (seen < this.#changes ? [follower] : []));
  }

  /** It is looked at again whenever a follower asks, or the clock is changed; for so long at most. */
  async #until(isSo: () => boolean, ms: number): Promise<void> {
    const end = performance.now() + ms;
    for (let left = ms; left > 0 && !isSo() && !this.#isEnded; left = end - performance.now()) {
      const over = new AbortController();
      const woken = new Promise<void>((resolve) => this.#waiters.push(resolve));
      await Promise.race([woken, pause(left, undefined, { signal: over.signal, ref: false }).catch(() => undefined)]);
      over.abort();
    }
  }

  #wakeAll(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }
}
