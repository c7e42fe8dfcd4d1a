/** What a reader of changes asks for: orders, requests, or events sent by webhook. */
export type ChangedKind = 'order' | 'request' | 'webhook';

/** More changes than a page can sensibly fetch one by one. */
const MAX_TRACKED = 60_000;

/** Remembers in which order things changed last, so that a reader gets what has changed since it read. */
export class ChangeTracker {
  /** The latest change of each thing, oldest first. */
  readonly #changed: Record<ChangedKind, Map<string, number>> = {
    order: new Map(),
    request: new Map(),
    webhook: new Map(),
  };
  #revision = 0;
  /** A reader that is older than this has to read everything. */
  #complete = 0;

  /** The number of the latest change. */
  get revision(): number {
    return this.#revision;
  }

  /** Notes a change. */
  touch(kind: ChangedKind, id: string): void {
    const changed = this.#changed[kind];
    this.#revision += 1;
    // Deleted first, so that the newest change is always the last one of the map.
    changed.delete(id);
    changed.set(id, this.#revision);
    if (changed.size <= MAX_TRACKED) return;
    for (const [oldest, revision] of changed) {
      this.#complete = Math.max(this.#complete, revision);
      changed.delete(oldest);
      break;
    }
  }

  /** Notes that everything may have changed. */
  touchAll(): void {
    this.#revision += 1;
    this.#complete = this.#revision;
    for (const changed of Object.values(this.#changed)) changed.clear();
  }

  /** Whether the changes since a revision are known one by one. */
  isKnownSince(revision: number): boolean {
    return revision >= this.#complete && revision <= this.#revision;
  }

  /** The ids of what has changed after a revision, latest change first. */
  since(kind: ChangedKind, revision: number): string[] {
    const changed = [...this.#changed[kind]];
    const ids: string[] = [];
    for (let index = changed.length - 1; index >= 0; index -= 1) {
      const [id, at] = changed[index] ?? ['', 0];
      if (at <= revision) break;
      ids.push(id);
    }
    return ids;
  }
}
