import type { Clock } from 'nestjs-lalamove';

/** The wrong clock of a machine. `base` is the true time. */
export class SkewedClock implements Clock {
  /** The error of the clock, in ms. */
  skewMs = 0;

  constructor(private readonly base: Clock) {}

  now(): number {
    return this.base.now() + this.skewMs;
  }

  setTimeout(callback: () => void, delayMs: number): () => void {
    return this.base.setTimeout(callback, delayMs);
  }

  monotonic(): number {
    return this.base.now();
  }
}
