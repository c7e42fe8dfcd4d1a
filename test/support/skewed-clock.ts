import type { Clock } from 'nestjs-lalamove';

/** The clock of a machine that is set wrong, or right again, while true time, that of `base`, goes on. */
export class SkewedClock implements Clock {
  /** By how much it is wrong, in ms. */
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
