/** An item with a due time. */
export interface Due {
  /** Unix ms. */
  readonly at: number;
}

interface Node<T> {
  readonly item: T;
  /** The insertion order. Items with the same due time leave in this order. */
  readonly order: number;
  index: number;
}

/** A priority queue by due time: a binary heap from which any item can be removed. */
export class TimerQueue<T extends Due> {
  readonly #heap: Node<T>[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** Adds an item. The returned function removes it. */
  add(item: T): () => void {
    const node: Node<T> = { item, order: this.#order, index: this.#heap.length };
    this.#order += 1;
    this.#heap.push(node);
    this.#rise(node);
    return () => {
      if (this.#heap[node.index] === node) this.#remove(node);
    };
  }

  /** The item that is due first, without removing it. */
  get next(): T | undefined {
    return this.#heap[0]?.item;
  }

  /** Removes the item that is due first and returns it. */
  take(): T | undefined {
    const node = this.#heap[0];
    if (node) this.#remove(node);
    return node?.item;
  }

  /** All items, in the order of their due times. */
  all(): T[] {
    return this.#heap
      .slice()
      .sort((a, b) => (isSooner(a, b) ? -1 : 1))
      .map(({ item }) => item);
  }

  clear(): void {
    this.#heap.length = 0;
  }

  #remove(node: Node<T>): void {
    const last = this.#heap.pop();
    if (last === undefined || last === node) return;
    this.#put(last, node.index);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(node: Node<T>): void {
    for (;;) {
      const above = this.#heap[(node.index - 1) >> 1];
      if (node.index === 0 || above === undefined || !isSooner(node, above)) return;
      this.#swap(node, above);
    }
  }

  #sink(node: Node<T>): void {
    for (;;) {
      const [left, right] = [this.#heap[node.index * 2 + 1], this.#heap[node.index * 2 + 2]];
      const below = left && right && isSooner(right, left) ? right : left;
      if (below === undefined || !isSooner(below, node)) return;
      this.#swap(below, node);
    }
  }

  #swap(a: Node<T>, b: Node<T>): void {
    const index = a.index;
    this.#put(a, b.index);
    this.#put(b, index);
  }

  #put(node: Node<T>, index: number): void {
    this.#heap[index] = node;
    node.index = index;
  }
}

function isSooner<T extends Due>(a: Node<T>, b: Node<T>): boolean {
  return a.item.at < b.item.at || (a.item.at === b.item.at && a.order < b.order);
}
