/** Few bodies are larger. */
const FIRST_BYTES = 4096;

const NOTHING = Buffer.alloc(0);

/** Gathers bytes in one buffer, up to a limit: chunks of one byte each cost no more than a single one. */
export class GrowingBytes {
  #buffer = NOTHING;
  #length = 0;

  /** @param limit how many bytes there may be */
  constructor(private readonly limit: number) {}

  /** What it takes of the memory. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /**
   * Adds bytes.
   *
   * @returns `false` where there would be more than the limit: then none of them is added
   */
  add(chunk: Uint8Array): boolean {
    const length = this.#length + chunk.length;
    if (length > this.limit) return false;
    if (length > this.#buffer.length) this.#grow(length);
    this.#buffer.set(chunk, this.#length);
    this.#length = length;
    return true;
  }

  /** Forgets what has come. */
  clear(): void {
    this.#buffer = NOTHING;
    this.#length = 0;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.min(Math.max(needed, this.#buffer.length * 2, FIRST_BYTES), this.limit));
    larger.set(this.bytes());
    this.#buffer = larger;
  }
}
