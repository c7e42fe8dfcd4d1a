import type { LalamoveRateLimitStore, RateLimit } from '../../../src/index.js';

/**
 * A shared store has a clock of its own, in real time. This one fits it to a module whose time goes faster: every
 * duration is divided on the way in, and multiplied on the way out.
 */
export class ScaledStore implements LalamoveRateLimitStore {
  constructor(
    private readonly real: LalamoveRateLimitStore,
    private readonly speed: number,
  ) {}

  async take(limits: readonly RateLimit[], now: number, ahead: number): Promise<number> {
    const wait = await this.real.take(
      limits.map((limit) => this.#scaled(limit)),
      now,
      ahead,
    );
    return wait * this.speed;
  }

  async raise(limit: RateLimit, emptyAt: number, now: number): Promise<void> {
    await this.real.raise(this.#scaled(limit), now + (emptyAt - now) / this.speed, now);
  }

  #scaled(limit: RateLimit): RateLimit {
    return { ...limit, intervalMs: limit.intervalMs / this.speed };
  }
}
