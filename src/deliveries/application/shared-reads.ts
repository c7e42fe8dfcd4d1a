import { detached } from '../../internal/async-context.js';
import { LruMap } from '../../internal/lru-map.js';

/** How long one read may take, its wait for the rate limit included. */
const DEADLINE_MS = 8_000;

/** The options of a call that is tried once: the next caller tries again. */
export const ONE_READ = { maxAttempts: 1, deadlineMs: DEADLINE_MS, timeoutMs: DEADLINE_MS } as const;

/** An answer, and when it was read: Unix ms by our clock. */
export interface Reading<Answer> {
  readonly answer: Answer;
  readonly readAt: number;
}

/** How {@link SharedReads} read. */
export interface SharedReadsOptions {
  /** An answer is read at most this often, in ms by our clock. */
  readonly everyMs: number;
  /** The maximum number of answers that are kept. */
  readonly capacity: number;
  readonly now: () => number;
}

interface Entry<Answer> {
  askedAt: number;
  running: Promise<void> | undefined;
  latest: Reading<Answer> | undefined;
}

/** Reads of Lalamove that all callers of this process share, each at most at an interval. */
export class SharedReads<Answer> {
  readonly #entries: LruMap<string, Entry<Answer>>;

  constructor(private readonly options: SharedReadsOptions) {
    this.#entries = new LruMap(options.capacity);
  }

  /**
   * The latest answer of a key. It waits for a read that is due, or is running. If the read fails, the answer before it
   * is returned.
   *
   * @param read `undefined` counts as a failure
   * @returns `undefined` if nothing was read yet. It never rejects
   */
  async latest(key: string, read: () => Promise<Answer | undefined>): Promise<Reading<Answer> | undefined> {
    const { now, everyMs } = this.options;
    const entry = this.#entries.get(key) ?? { askedAt: -Infinity, running: undefined, latest: undefined };
    this.#entries.set(key, entry);
    const elapsed = now() - entry.askedAt;
    // A clock that was set back must not stop the reads.
    if (!entry.running && (elapsed >= everyMs || elapsed < 0)) {
      entry.askedAt = now();
      // Shared by all callers, so it does not run in the context of the first one.
      entry.running = detached(() => this.#read(entry, read)).finally(() => {
        entry.running = undefined;
      });
    }
    await entry.running;
    return entry.latest;
  }

  async #read(entry: Entry<Answer>, read: () => Promise<Answer | undefined>): Promise<void> {
    try {
      const answer = await read();
      if (answer !== undefined) entry.latest = { answer, readAt: this.options.now() };
    } catch {
      // The last answer stays. The client has logged the failure.
    }
  }
}
