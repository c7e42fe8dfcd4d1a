import type { HandledTypes } from './handled-types.js';

/** An event that waits for its handlers. */
export interface PendingEvent {
  readonly id: number;
  readonly source: 'delivery' | 'webhook';
  /** As JSON. */
  readonly payload: string;
  /** Unix ms. */
  readonly occurredAt: number;
  /** The handlers that have completed the event. */
  readonly handledBy: readonly string[];
  readonly tries: number;
  /** The event waits for a free slot of this handler. */
  readonly blockedOn: string | undefined;
  /** The reference of its delivery, if it is known. */
  readonly reference: string | undefined;
  /** Empty for the default account. */
  readonly account: string;
}

/** The result of one dispatch of an event. */
export interface DispatchResult {
  readonly status: 'pending' | 'done' | 'set_aside';
  readonly handledBy: readonly string[];
  readonly tries: number;
  /** Unix ms; `undefined` if there is no further try. */
  readonly nextTryAt: number | undefined;
  readonly blockedOn: string | undefined;
  /** The errors of the failed handlers. It is not stored if the delivery is erased. */
  readonly error: string | undefined;
}

/** The outbox: committed events that wait for dispatch to handlers. */
export interface OutboxStorage {
  /**
   * Announces the event types that this process handles. It is called at start and with each sweep.
   *
   * @returns the types that this process or another process on the database handles
   */
  announce(handled: HandledTypes): Promise<HandledTypes>;
  /**
   * Events that are due. For each delivery: only the first of its own events, and all its webhooks. If several
   * processes use the database, no other process gets these events until their result is written or a lease ends, and
   * this process gets only types that it handles.
   *
   * @param blockedOn selects events that wait for a slot of this handler; `undefined`: events that wait for no slot
   */
  pending(blockedOn: string | undefined, now: number, limit: number): Promise<readonly PendingEvent[]>;
  /** The time of the next try of an event that waits for no slot, if it is later than now: Unix ms. */
  nextTryAfter(now: number): Promise<number | undefined>;
  /** Marks events that wait for a free slot of a handler. */
  block(eventIds: readonly number[], handler: string): Promise<void>;
  /** @returns whether any mark was removed; in that case there may be more */
  unblock(limit: number): Promise<boolean>;
  /** Writes the result of a dispatch. */
  settle(eventId: number, result: DispatchResult): Promise<void>;
  /** Gives back the events that this process has not dispatched, so that another process gets them. */
  release(): Promise<void>;
}
