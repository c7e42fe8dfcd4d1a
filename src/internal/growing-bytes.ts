/** The initial size of the buffer. Few bodies are larger. */
const FIRST_BYTES = 4096;

const NOTHING = Buffer.alloc(0);

/** Collects bytes in one buffer that grows up to a limit. Many small chunks cost little more than one large chunk. */
export class GrowingBytes {
  #buffer = NOTHING;
  #length = 0;

  /** @param limit the maximum number of bytes */
  constructor(private readonly limit: number) {}

  /** The memory that the buffer uses, in bytes. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /**
   * Adds bytes.
   *
   * @returns `false` if the bytes would exceed the limit; none of them is added
   */
  add(chunk: Uint8Array): boolean {
    const length = this.#length + chunk.length;
    if (length > this.limit) return false;
    if (length > this.#buffer.length) this.#grow(length);
    this.#buffer.set(chunk, this.#length);
    this.#length = length;
    return true;
  }

  /** Drops all bytes. */
  clear(): void {
    this.#buffer = NOTHING;
    this.#length = 0;
  }

  /** Returns all bytes that were added. The result is a view on the buffer, not a copy. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.min(Math.max(needed, this.#buffer.length * 2, FIRST_BYTES), this.limit));
    larger.set(this.bytes());
    this.#buffer = larger;
  }
}
