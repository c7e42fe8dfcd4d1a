/** An event that waits for its handlers. */
export interface PendingEvent {
  readonly id: number;
  readonly source: 'delivery' | 'webhook';
  /** As JSON. */
  readonly payload: string;
  /** Unix ms. */
  readonly occurredAt: number;
  /** The handlers that have had it. */
  readonly handledBy: readonly string[];
  readonly tries: number;
  /** The handler for a free place of which it waits. */
  readonly blockedOn: string | undefined;
  /** Of its delivery, if that is known. */
  readonly reference: string | undefined;
  /** Empty for the default one. */
  readonly account: string;
}

/** What has become of an event. */
export interface DispatchResult {
  readonly status: 'pending' | 'done' | 'set_aside';
  readonly handledBy: readonly string[];
  readonly tries: number;
  /** Unix ms; `undefined` once it is over. */
  readonly nextTryAt: number | undefined;
  readonly blockedOn: string | undefined;
  /** What the handlers that failed have thrown; it is not stored for a delivery that is erased. */
  readonly error: string | undefined;
}

/** Committed events on their way to handlers. */
export interface OutboxStorage {
  /**
   * Events whose time has come: of each delivery the first of its own events alone, and its webhooks.
   *
   * @param blockedOn those that wait for this handler; `undefined`: those that wait for none
   */
  pending(blockedOn: string | undefined, now: number, limit: number): Promise<readonly PendingEvent[]>;
  /** When the next event that waits for no handler is tried, if that is later than now: Unix ms. */
  nextTryAfter(now: number): Promise<number | undefined>;
  /** Marks events that wait for a free place of a handler. */
  block(eventIds: readonly number[], handler: string): Promise<void>;
  /** @returns whether any mark was removed: there may be more then */
  unblock(limit: number): Promise<boolean>;
  /** Writes what has become of an event. */
  settle(eventId: number, result: DispatchResult): Promise<void>;
}
