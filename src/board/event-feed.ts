import type { DeliveriesInspection, InspectedEvent } from '../deliveries/inspection.js';
import { detached } from '../internal/async-context.js';

/** How often new events are read while somebody looks. */
const READ_MS = 1_000;

/**
 * Transactions on PostgreSQL may commit in another order than that of their ids. So this many ids before the last one
 * are read again each time.
 */
const OVERLAP = 100;

/** More events at once are not listed: the page reads everything again. */
const MAX_EVENTS = 500;

/** What a viewer gets: new events, or that there are too many of them to be listed. */
export interface FeedListener {
  readonly changes: (events: readonly InspectedEvent[], lastId: number) => void;
  readonly reset: (lastId: number) => void;
}

/** The part of {@link DeliveriesInspection} that is read. */
type Events = Pick<DeliveriesInspection, 'lastEventId' | 'eventsSince'>;

/** Reads the events of all deliveries once for all viewers, and only while there is one. */
export class EventFeed {
  readonly #listeners = new Set<FeedListener>();
  /** The ids of the overlap that viewers have got. */
  #seen = new Set<number>();
  #lastId = 0;
  #timer: NodeJS.Timeout | undefined;
  #start: Promise<void> | undefined;
  #isReading = false;

  constructor(private readonly events: () => Events) {}

  /** The number of viewers. */
  get viewers(): number {
    return this.#listeners.size;
  }

  /**
   * Adds a viewer, and tells it first what came after the event that it has seen last.
   *
   * @param since `undefined` if it has just read everything
   * @returns a function that ends it
   */
  async follow(listener: FeedListener, since: number | undefined): Promise<() => void> {
    if (this.#listeners.size === 0 || this.#start === undefined) this.#start = this.#begin();
    this.#listeners.add(listener);
    const leave = (): void => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#timer);
      this.#start = undefined;
    };
    try {
      await this.#start;
      await this.#catchUp(listener, since);
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  }

  async #begin(): Promise<void> {
    const lastId = await this.events().lastEventId();
    const overlap = await this.events().eventsSince(Math.max(0, lastId - OVERLAP), OVERLAP * 2);
    this.#lastId = Math.max(lastId, ...overlap.map(({ id }) => id));
    this.#seen = new Set(overlap.map(({ id }) => id));
    clearInterval(this.#timer);
    this.#timer = detached(() => setInterval(() => void this.#read(), READ_MS)).unref();
  }

  /** What a viewer may have missed. A few events that it knows come again. */
  async #catchUp(listener: FeedListener, since: number | undefined): Promise<void> {
    const lastId = this.#lastId;
    if (since === undefined || since === lastId) {
      listener.changes([], lastId);
      return;
    }
    // After the restore of a backup, ids begin lower than those that a viewer has seen.
    const missed =
      since > lastId ? undefined : await this.events().eventsSince(Math.max(0, since - OVERLAP), MAX_EVENTS);
    if (missed === undefined || missed.length >= MAX_EVENTS) listener.reset(lastId);
    else listener.changes(missed, Math.max(lastId, ...missed.map(({ id }) => id)));
  }

  async #read(): Promise<void> {
    if (this.#isReading || this.#listeners.size === 0) return;
    this.#isReading = true;
    try {
      const from = Math.max(0, this.#lastId - OVERLAP);
      const read = await this.events().eventsSince(from, MAX_EVENTS);
      if (read.length >= MAX_EVENTS) await this.#skip();
      else this.#tell(read);
    } catch {
      // The database does not answer, which the host's log says. The next reading has what is missed.
    } finally {
      this.#isReading = false;
    }
  }

  #tell(read: readonly InspectedEvent[]): void {
    const fresh = read.filter(({ id }) => !this.#seen.has(id));
    if (fresh.length === 0) return;
    this.#lastId = Math.max(this.#lastId, ...fresh.map(({ id }) => id));
    this.#seen = new Set(read.map(({ id }) => id).filter((id) => id > this.#lastId - OVERLAP));
    for (const listener of [...this.#listeners]) listener.changes(fresh, this.#lastId);
  }

  /** Too much has happened to list it. */
  async #skip(): Promise<void> {
    this.#lastId = await this.events().lastEventId();
    const overlap = await this.events().eventsSince(Math.max(0, this.#lastId - OVERLAP), OVERLAP);
    this.#seen = new Set(overlap.map(({ id }) => id));
    for (const listener of [...this.#listeners]) listener.reset(this.#lastId);
  }
}
