/**
 * A map with an upper limit: if it holds more entries than that, it drops those that were used least recently. `get`
 * and `set` count as use; `has` and `keys` do not. Values are never `undefined`.
 */
export class LruMap<Key, Value> {
  /** From the least to the most recently used: a `Map` keeps the order in which keys were added. */
  readonly #entries = new Map<Key, Value>();

  /** @param capacity how many entries it holds at most; with 0 it holds none */
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

  /** @returns whether the key was there */
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
