import { setTimeout as pause } from 'node:timers/promises';
import type { SandboxClock } from './sandbox-clock.js';

/** How long to wait for a follower that does not ask again, in ms of real time. */
const TIMEOUT_MS = 1000;

/** A follower is answered after this time even if the clock has not changed, in ms of real time. */
const MAX_POLL_MS = 5000;

/** The maximum number of followers. Each belongs to one app. */
const MAX_FOLLOWERS = 100;

/**
 * Apps in other processes that follow the sandbox's clock by long polling. Each request names the last change of the
 * clock that the app has seen. So the sandbox knows when all apps have the same time.
 */
export class ClockFollowers {
  /** The last change that each follower has seen. */
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
   * Answers the request of a follower. It resolves with the number of the latest change, as soon as that is a change
   * which the follower has not seen, or after {@link MAX_POLL_MS}.
   *
   * @param seen the last change that the follower has seen; -1 for none
   */
  async next(follower: string, seen: number): Promise<number> {
    this.#seen.delete(follower);
    if (this.#seen.size < MAX_FOLLOWERS) this.#seen.set(follower, seen);
    this.#wakeAll();
    await this.#until(() => seen !== this.#changes, MAX_POLL_MS);
    return this.#changes;
  }

  /** Resolves once every follower has seen the latest change. Followers that do not ask again in time are removed. */
  async allSynced(): Promise<void> {
    await this.#until(() => this.#behind().length === 0, TIMEOUT_MS);
    for (const follower of this.#behind()) this.#seen.delete(follower);
  }

  /** Answers all waiting requests. */
  end(): void {
    this.#isEnded = true;
    this.#seen.clear();
    this.#wakeAll();
  }

  #behind(): string[] {
    return [...this.#seen].flatMap(([follower, seen]) => (seen < this.#changes ? [follower] : []));
  }

  /**
   * Waits until the condition is true, at most `ms`. It is checked again whenever a follower asks or the clock changes.
   */
  async #until(isTrue: () => boolean, ms: number): Promise<void> {
    const end = performance.now() + ms;
    for (let left = ms; left > 0 && !isTrue() && !this.#isEnded; left = end - performance.now()) {
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
