import { createHash } from 'node:crypto';

/**
 * The purpose of a random number. Each has a sequence of its own, so that an extra draw in one does not change the
 * others.
 */
export type RandomStream = 'ids' | 'requests' | 'drivers' | 'webhooks' | 'faults';

/** The random numbers of the sandbox (splitmix32). The same seed gives the same numbers. */
export class Random {
  readonly #seed: string;
  #states = new Map<string, number>();

  constructor(seed: number | string) {
    this.#seed = String(seed);
  }

  /** A number from 0 up to, but not including, 1. */
  fraction(stream: RandomStream): number {
    return this.#bits(stream) / 2 ** 32;
  }

  /** A whole number from 0 up to, but not including, `limit`. */
  below(stream: RandomStream, limit: number): number {
    return Math.floor(this.fraction(stream) * limit);
  }

  /** A whole number from 0 up to, but not including, `limit`. It depends only on the seed, not on earlier draws. */
  big(purpose: string, limit: bigint): bigint {
    return this.#digest(purpose).readBigUInt64BE(8) % limit;
  }

  /** A UUID of version 4. */
  uuid(stream: RandomStream): string {
    const hex = Array.from({ length: 4 }, () => this.#bits(stream).toString(16).padStart(8, '0')).join('');
    const variant = (8 + (Number.parseInt(hex.slice(16, 17), 16) % 4)).toString(16);
    const fixed = `${hex.slice(0, 12)}4${hex.slice(13, 16)}${variant}${hex.slice(17)}`;
    return fixed.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }

  /** The state of each sequence. */
  get states(): ReadonlyMap<string, number> {
    return new Map(this.#states);
  }

  /** Restores the state of each sequence. */
  restore(states: ReadonlyMap<string, number>): void {
    this.#states = new Map(states);
  }

  #bits(stream: RandomStream): number {
    const state = ((this.#states.get(stream) ?? this.#start(stream)) + 0x9e3779b9) | 0;
    this.#states.set(stream, state);
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }

  #start(stream: RandomStream): number {
    return this.#digest(stream).readInt32BE();
  }

  #digest(purpose: string): Buffer {
    return createHash('sha256').update(`${this.#seed}\n${purpose}`).digest();
  }
}
