import type { LalamoveEvent } from '../events/lalamove-event.js';
import type { LalamoveEventFacts } from '../events/lalamove-event-facts.js';

/** A verified event for an inbox. */
export interface LalamoveInboxEntry {
  /**
   * The keys that identify a duplicate. If the inbox knows one of them, the event is a duplicate, and the inbox must
   * store the other keys too. The first key is a hash of the signature and the type. The second key exists if the event
   * has an id; it is a hash of the id and `data`, because Lalamove may sign a retry again.
   */
  readonly keys: readonly [string, ...string[]];
  /** The data to store. `readLalamoveEvent` recreates the event from them. */
  readonly facts: LalamoveEventFacts;
  readonly event: LalamoveEvent;
}

/** A method with `@OnLalamoveEvent`. */
export interface LalamoveEventHandler {
  /** `Class.method`: unique in the app, and unchanged after a restart. */
  readonly name: string;
  /** Calls the method, with its guards, pipes, interceptors and filters. Rejects if it fails; the error is logged. */
  handle(event: LalamoveEvent): Promise<void>;
}

/**
 * Accepts events and dispatches them to their handlers. A handler that succeeds gets an event once. The inbox
 * determines how durable events are: the default inbox stores them in memory, the inbox of `DeliveriesModule` in its
 * database.
 */
export interface LalamoveInbox {
  /** Whether other processes put their webhooks in this inbox too. */
  readonly isShared?: boolean;
  /**
   * Accepts an event before its webhook is answered. It must return or resolve before it calls a handler.
   *
   * @throws if the event cannot be accepted: the webhook is answered with 503, and Lalamove sends it again
   */
  accept(entry: LalamoveInboxEntry): 'new' | 'repeated' | Promise<'new' | 'repeated'>;
  /**
   * Called when the app has started. From then on events may be dispatched.
   *
   * @param handlersOf returns the handlers of an event
   */
  start(handlersOf: (event: LalamoveEvent) => readonly LalamoveEventHandler[]): void | Promise<void>;
  /** Called when the app shuts down. It must dispatch no further events, and wait for the running handlers. */
  stop(): void | Promise<void>;
}
