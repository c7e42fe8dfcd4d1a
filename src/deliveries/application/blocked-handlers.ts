import type { OutboxStorage, PendingEvent } from '../storage/outbox-storage.js';
import type { HandlerSlots } from './handler-slots.js';

/** A handler without a free place for so long, in ms, is not waited for: its events are put out of the others' way. */
export const BLOCKED_AFTER_MS = 100;

/** So many marks are removed at a time. */
const MARK_BATCH = 1000;

/** Handlers without a free place, for which events wait that are marked so in their rows. */
export class BlockedHandlers {
  readonly #names = new Set<string>();
  #areMarksOld = true;

  constructor(
    private readonly outbox: OutboxStorage,
    private readonly places: HandlerSlots,
  ) {}

  /** The marks of another process are of its handlers, which may have other names by now. */
  async removeOldMarks(mustStop: () => boolean): Promise<void> {
    while (this.#areMarksOld && !mustStop()) this.#areMarksOld = await this.outbox.unblock(MARK_BATCH);
  }

  isBlocked(name: string): boolean {
    return this.#names.has(name) || this.places.fullForMs(name) >= BLOCKED_AFTER_MS;
  }

  /** Whether an event can be given to a handler now. An event that waits for it already has its next free place. */
  hasPlace(name: string, { blockedOn }: PendingEvent): boolean {
    return this.places.free(name) > 0 && (!this.#names.has(name) || blockedOn === name);
  }

  /** Those that have free places again. */
  *withFreePlaces(): Iterable<{ readonly name: string; readonly free: number }> {
    for (const name of this.#names) {
      const free = this.places.free(name);
      if (free > 0) yield { name, free };
    }
  }

  /** Marks events that wait for a handler. */
  async mark(name: string, eventIds: readonly number[]): Promise<void> {
    this.#names.add(name);
    await this.outbox.block(eventIds, name);
  }

  /** An event waits for a handler that is marked so already. */
  add(name: string): void {
    this.#names.add(name);
  }

  /** No marked event waits for it any more. */
  delete(name: string): void {
    this.#names.delete(name);
  }
}
