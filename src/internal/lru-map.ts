/**
 * A map with a maximum size. If it exceeds that size, it drops the least recently used entries. `get` and `set` count
 * as use; `has` and `keys` do not. Values are never `undefined`.
 */
export class LruMap<Key, Value> {
  /** From the least to the most recently used. A `Map` iterates its keys in insertion order. */
  readonly #entries = new Map<Key, Value>();

  /** @param capacity the maximum number of entries; with 0 the map stores none */
  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  has(key: Key): boolean {
    return this.#entries.has(key);
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.capacity) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  /** @returns whether the map contained the key */
  delete(key: Key): boolean {
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** The keys, from the least to the most recently used. */
  keys(): readonly Key[] {
    return [...this.#entries.keys()];
  }
}
