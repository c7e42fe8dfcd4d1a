import type { LalamoveEvent } from '../events/lalamove-event.js';
import type { LalamoveEventFacts } from '../events/lalamove-event-facts.js';

/** A verified event, on its way into an inbox. */
export interface LalamoveInboxEntry {
  /**
   * What tells a repetition: an event of which the inbox knows one of these is a repeated one, and the others are known from then on. The first is a hash of
   * the signature with the type, the second one, where Lalamove gave the event an id, of that id with `data`, in case a retry is signed anew.
   */
  readonly keys: readonly [string, ...string[]];
  /** What to store; `readLalamoveEvent` makes the event of it again. */
  readonly facts: LalamoveEventFacts;
  readonly event: LalamoveEvent;
}

/** A method with `@OnLalamoveEvent`. */
export interface LalamoveEventHandler {
  /** `Class.method`: unique in the app, and the same after a restart. */
  readonly name: string;
  /** Runs it, with its own pipes, interceptors and filters. Rejects where it failed; that has been logged then. */
  handle(event: LalamoveEvent): Promise<void>;
}

/**
 * Takes events in and hands them to their handlers, at most once each while they succeed. How durable that is, is the inbox's affair: the default one lives
 * in memory, that of `DeliveriesModule` in its database.
 */
export interface LalamoveInbox {
  /**
   * Takes an event in, before its webhook is answered. No handler may be called before this has returned, or resolved.
   *
   * @throws where the event cannot be taken: the webhook is answered with 503 then, and Lalamove sends it again
   */
  accept(entry: LalamoveInboxEntry): 'new' | 'repeated' | Promise<'new' | 'repeated'>;
  /**
   * The app has started: events may be handed over from now on.
   *
   * @param handlersOf the handlers that an event is for
   */
  start(handlersOf: (event: LalamoveEvent) => readonly LalamoveEventHandler[]): void | Promise<void>;
  /** The app ends: no new hand-over, and an end to those under way. */
  stop(): void | Promise<void>;
}
