/**
 * Draws that look random and follow from up to three seeds alone, so that whatever fails can be repeated. The generator is sfc32: with 32 bits
 * of state, two of 100 000 streams would often be the same.
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  constructor(...[a = 0, b = 0, c = 0]: readonly number[]) {
    [this.#a, this.#b, this.#c] = [a >>> 0, b >>> 0, c >>> 0];
    // Until seeds that are alike have nothing in common.
    for (let round = 0; round < 12; round += 1) this.next();
  }

  /** From 0 up to, but without, 1. */
  next(): number {
    const drawn = (this.#a + this.#b + this.#count) >>> 0;
    this.#count = (this.#count + 1) >>> 0;
    this.#a = (this.#b ^ (this.#b >>> 9)) >>> 0;
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + drawn) >>> 0;
    return drawn / 2 ** 32;
  }

  /** A whole number from 0 up to, but without, a limit. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** A whole number between two, with both of them. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(choices: readonly T[]): T {
    const chosen = choices[this.below(choices.length)];
    if (chosen === undefined) throw new RangeError('There is nothing to choose from.');
    return chosen;
  }

  /** One of several, each as often as its weight says. */
  weighted<T>(choices: readonly (readonly [weight: number, choice: T])[]): T {
    let left = this.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, choice] of choices) {
      left -= weight;
      if (left < 0) return choice;
    }
    return this.pick(choices)[1];
  }
}
