import type { OutboxStorage, PendingEvent } from '../storage/outbox-storage.js';
import type { HandlerSlots } from './handler-slots.js';

/** A handler that has had no free slot for this time, in ms, is blocked: the events that wait for it are marked. */
export const BLOCKED_AFTER_MS = 100;

/** The number of marks that one statement removes. */
const MARK_BATCH = 1000;

/** The handlers without a free slot. The rows of the events that wait for them are marked. */
export class BlockedHandlers {
  readonly #names = new Set<string>();
  #areMarksOld = true;

  constructor(
    private readonly outbox: OutboxStorage,
    private readonly places: HandlerSlots,
  ) {}

  /** Removes the marks of an earlier process, because its handlers may have had other names. */
  async removeOldMarks(mustStop: () => boolean): Promise<void> {
    while (this.#areMarksOld && !mustStop()) this.#areMarksOld = await this.outbox.unblock(MARK_BATCH);
  }

  isBlocked(name: string): boolean {
    return this.#names.has(name) || this.places.fullForMs(name) >= BLOCKED_AFTER_MS;
  }

  /** Whether a handler has a slot for an event now. If events are marked for the handler, they get its slots first. */
  hasPlace(name: string, { blockedOn }: PendingEvent): boolean {
    return this.places.free(name) > 0 && (!this.#names.has(name) || blockedOn === name);
  }

  /** The blocked handlers that have free slots again. */
  *withFreePlaces(): Iterable<{ readonly name: string; readonly free: number }> {
    for (const name of this.#names) {
      const free = this.places.free(name);
      if (free > 0) yield { name, free };
    }
  }

  /** Marks the events that wait for a handler. */
  async mark(name: string, eventIds: readonly number[]): Promise<void> {
    this.#names.add(name);
    await this.outbox.block(eventIds, name);
  }

  /** Records that a marked event waits for a handler. */
  add(name: string): void {
    this.#names.add(name);
  }

  /** Records that no marked event waits for a handler. */
  delete(name: string): void {
    this.#names.delete(name);
  }
}
